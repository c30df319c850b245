#include <algorithm>

#include "protocol/appstate/actions.h"
#include "protocol/appstate/index.h"

namespace ponte::protocol::appstate {
namespace {

constexpr std::int64_t kEndOfDates = 253'402'300'799;  // 9999-12-31T23:59:59Z

Error malformed(std::string what) {
  return {Errc::kMalformed, Cause::kProtobufMalformed, "record of app state: " + std::move(what)};
}

/// Absent for 0, -1 and whatever is no date.
std::optional<Wall> at_seconds(std::int64_t seconds) {
  if (seconds <= 0 || seconds > kEndOfDates) return std::nullopt;
  return Wall(Seconds(seconds));
}
std::optional<Wall> at_milliseconds(std::int64_t milliseconds) {
  if (milliseconds <= 0 || milliseconds / 1000 > kEndOfDates) return std::nullopt;
  return Wall(Milliseconds(milliseconds));
}

Result<wire::Jid> jid_of(const std::string& text) {
  auto jid = wire::Jid::parse(text);
  if (!jid || jid->user.empty()) return malformed("expected a JID, got " + std::to_string(text.size()) + " bytes");
  // The name that WhatsApp's users had before, and have in old records.
  if (jid->server == "c.us") jid->server = wire::kUserServer;
  return jid->without_device();
}

std::optional<wire::Jid> jid_if_any(const std::string& text) {
  auto jid = jid_of(text);
  return jid.ok() ? std::optional(std::move(*jid)) : std::nullopt;
}

Range range_of(const proto::SyncActionMessageRange& range) {
  Range out{at_seconds(range.last_message_timestamp()), at_seconds(range.last_system_message_timestamp()), {}};
  for (const proto::SyncActionMessage& message : range.messages()) {
    const auto chat = jid_if_any(message.key().remote_jid());
    if (!chat) continue;
    out.messages.push_back(
        {{*chat, message.key().id(), message.key().from_me(), jid_if_any(message.key().participant())},
         at_seconds(message.timestamp())});
  }
  return out;
}

/// One record while it is read.
struct Reading {
  const std::vector<std::string>& index;
  const proto::SyncActionValue& value;
  bool set;

  Result<wire::Jid> jid(std::size_t at) const { return jid_of(index[at]); }
  /// False where the index is too short to say.
  Result<bool> flag(std::size_t at) const {
    if (at >= index.size() || index[at] == "0") return false;
    if (index[at] == "1") return true;
    return malformed("expected 0 or 1 in its index");
  }
  /// `["star", chat, id, from me, participant]` and its like.
  Result<MessageRef> message() const {
    PONTE_ASSIGN(wire::Jid chat, jid(1));
    if (index[2].empty()) return malformed("expected the id of a message in its index");
    PONTE_ASSIGN(const bool from_me, flag(3));
    MessageRef out{std::move(chat), index[2], from_me, std::nullopt};
    if (index[4] != "0") {
      PONTE_ASSIGN(out.participant, jid(4));
    }
    return out;
  }
};

using Read = Result<std::optional<Action>>;

Read contact(const Reading& record) {
  PONTE_ASSIGN(wire::Jid jid, record.jid(1));
  if (!record.set) return std::optional<Action>(action::ContactRemoved{std::move(jid)});
  if (!record.value.has_contact_action()) return malformed("expected a contact");
  const proto::ContactAction& value = record.value.contact_action();
  return std::optional<Action>(action::Contact{std::move(jid), value.full_name(), value.first_name(), value.username(),
                                               jid_if_any(value.pn_jid()), jid_if_any(value.lid_jid())});
}

Read lid_contact(const Reading& record) {
  PONTE_ASSIGN(wire::Jid jid, record.jid(1));
  if (!record.set) return std::optional<Action>(action::ContactRemoved{std::move(jid)});
  if (!record.value.has_lid_contact_action()) return malformed("expected a contact");
  const proto::LidContactAction& value = record.value.lid_contact_action();
  return std::optional<Action>(action::Contact{std::move(jid), value.full_name(), value.first_name(), value.username(),
                                               std::nullopt, std::nullopt});
}

Read push_name(const Reading& record) {
  if (!record.set) return std::optional<Action>();
  if (record.value.push_name_setting().name().empty()) return malformed("expected a push name");
  return std::optional<Action>(action::PushName{record.value.push_name_setting().name()});
}

Read mute(const Reading& record) {
  PONTE_ASSIGN(wire::Jid chat, record.jid(1));
  if (!record.set) return std::optional<Action>(action::Mute{std::move(chat), false, std::nullopt});
  if (!record.value.has_mute_action()) return malformed("expected a mute");
  const proto::MuteAction& value = record.value.mute_action();
  const auto until = value.muted() ? at_milliseconds(value.mute_end_timestamp()) : std::nullopt;
  return std::optional<Action>(action::Mute{std::move(chat), value.muted(), until});
}

Read pin(const Reading& record) {
  PONTE_ASSIGN(wire::Jid chat, record.jid(1));
  if (record.set && !record.value.has_pin_action()) return malformed("expected a pin");
  return std::optional<Action>(action::Pin{std::move(chat), record.set && record.value.pin_action().pinned()});
}

Read archive(const Reading& record) {
  PONTE_ASSIGN(wire::Jid chat, record.jid(1));
  if (!record.set) return std::optional<Action>(action::Archive{std::move(chat), false, {}});
  if (!record.value.has_archive_chat_action()) return malformed("expected an archived chat");
  const proto::ArchiveChatAction& value = record.value.archive_chat_action();
  return std::optional<Action>(action::Archive{std::move(chat), value.archived(), range_of(value.message_range())});
}

Read mark_read(const Reading& record) {
  PONTE_ASSIGN(wire::Jid chat, record.jid(1));
  if (!record.set) return std::optional<Action>();
  if (!record.value.has_mark_chat_as_read_action()) return malformed("expected a chat that was read");
  const proto::MarkChatAsReadAction& value = record.value.mark_chat_as_read_action();
  return std::optional<Action>(action::MarkRead{std::move(chat), value.read(), range_of(value.message_range())});
}

Read label(const Reading& record) {
  action::Label out;
  out.id = record.index[1];
  if (out.id.empty()) return malformed("expected the id of a label in its index");
  out.deleted = true;
  if (!record.set) return std::optional<Action>(std::move(out));
  if (!record.value.has_label_edit_action()) return malformed("expected a label");
  const proto::LabelEditAction& value = record.value.label_edit_action();
  out.name = value.name();
  out.color = value.color();
  if (value.has_predefined_id()) out.predefined_id = value.predefined_id();
  out.order = value.order_index();
  out.deleted = value.deleted();
  return std::optional<Action>(std::move(out));
}

/// Whether the label is on, as a record of either kind says.
Result<bool> labeled(const Reading& record) {
  if (record.index[1].empty()) return malformed("expected the id of a label in its index");
  if (record.set && !record.value.has_label_association_action()) return malformed("expected a labeled chat");
  return record.set && record.value.label_association_action().labeled();
}

Read label_chat(const Reading& record) {
  PONTE_ASSIGN(const bool on, labeled(record));
  PONTE_ASSIGN(wire::Jid chat, record.jid(2));
  return std::optional<Action>(action::LabelChat{record.index[1], std::move(chat), on});
}

Read label_message(const Reading& record) {
  PONTE_ASSIGN(const bool on, labeled(record));
  PONTE_ASSIGN(wire::Jid chat, record.jid(2));
  if (record.index[3].empty()) return malformed("expected the id of a message in its index");
  return std::optional<Action>(action::LabelMessage{record.index[1], std::move(chat), record.index[3], on});
}

Read star(const Reading& record) {
  PONTE_ASSIGN(MessageRef message, record.message());
  if (record.set && !record.value.has_star_action()) return malformed("expected a star");
  return std::optional<Action>(action::Star{std::move(message), record.set && record.value.star_action().starred()});
}

Read delete_for_me(const Reading& record) {
  PONTE_ASSIGN(MessageRef message, record.message());
  if (!record.set) return std::optional<Action>();
  if (!record.value.has_delete_message_for_me_action()) return malformed("expected a deleted message");
  const proto::DeleteMessageForMeAction& value = record.value.delete_message_for_me_action();
  return std::optional<Action>(
      action::DeleteForMe{std::move(message), value.delete_media(), at_seconds(value.message_timestamp())});
}

Read clear_chat(const Reading& record) {
  PONTE_ASSIGN(wire::Jid chat, record.jid(1));
  PONTE_ASSIGN(const bool starred, record.flag(2));
  PONTE_ASSIGN(const bool media, record.flag(3));
  if (!record.set) return std::optional<Action>();
  if (!record.value.has_clear_chat_action()) return malformed("expected a cleared chat");
  return std::optional<Action>(
      action::ClearChat{std::move(chat), starred, media, range_of(record.value.clear_chat_action().message_range())});
}

Read delete_chat(const Reading& record) {
  PONTE_ASSIGN(wire::Jid chat, record.jid(1));
  PONTE_ASSIGN(const bool media, record.flag(2));
  if (!record.set) return std::optional<Action>();
  if (!record.value.has_delete_chat_action()) return malformed("expected a deleted chat");
  return std::optional<Action>(
      action::DeleteChat{std::move(chat), media, range_of(record.value.delete_chat_action().message_range())});
}

Read unarchive_chats(const Reading& record) {
  if (!record.set) return std::optional<Action>();
  if (!record.value.has_unarchive_chats_setting()) return malformed("expected a setting");
  return std::optional<Action>(action::UnarchiveChats{record.value.unarchive_chats_setting().unarchive_chats()});
}

Read nct_salt(const Reading& record) {
  if (!record.set) return std::optional<Action>();
  const std::string& salt = record.value.nct_salt_sync_action().salt();
  if (salt.empty()) return malformed("expected a salt");
  return std::optional<Action>(action::NctSalt{to_bytes(salt)});
}

Read pn_of_lid(const Reading& record) {
  PONTE_ASSIGN(wire::Jid lid, record.jid(1));
  if (!record.set) return std::optional<Action>();
  PONTE_ASSIGN(wire::Jid pn, jid_of(record.value.pn_for_lid_chat_action().pn_jid()));
  return std::optional<Action>(action::PnOfLid{std::move(lid), std::move(pn)});
}

struct Row {
  std::string_view name;
  std::size_t least;  ///< parts of the index, the name among them
  std::size_t most;
  Read (*read)(const Reading&);
};

// Older clients leave out what stands last.
constexpr Row kRows[] = {
    {"contact", 2, 2, contact},
    {"lid_contact", 2, 2, lid_contact},
    {"setting_pushName", 1, 1, push_name},
    {"mute", 2, 2, mute},
    {"pin_v1", 2, 2, pin},
    {"archive", 2, 2, archive},
    {"markChatAsRead", 2, 2, mark_read},
    {"label_edit", 2, 2, label},
    {"label_jid", 3, 3, label_chat},
    {"label_message", 4, 6, label_message},
    {"star", 5, 5, star},
    {"deleteMessageForMe", 5, 5, delete_for_me},
    {"clearChat", 2, 4, clear_chat},
    {"deleteChat", 2, 3, delete_chat},
    {"setting_unarchiveChats", 1, 1, unarchive_chats},
    {"nct_salt_sync", 1, 1, nct_salt},
    {"pnForLidChat", 2, 2, pn_of_lid},
};

}  // namespace

Result<std::optional<TimedAction>> read_action(const Mutation& mutation) {
  PONTE_ASSIGN(const std::vector<std::string> index, parse_index(mutation.data.index()));
  const Row* row =
      std::find_if(std::begin(kRows), std::end(kRows), [&index](const Row& one) { return one.name == index[0]; });
  if (row == std::end(kRows)) return std::optional<TimedAction>();
  if (index.size() < row->least || index.size() > row->most) {
    return malformed("an index of " + std::string(row->name) + " with " + std::to_string(index.size()) + " parts");
  }
  const bool set = mutation.operation == Operation::kSet;
  PONTE_ASSIGN(std::optional<Action> action, row->read({index, mutation.data.value(), set}));
  if (!action) return std::optional<TimedAction>();
  return std::optional(
      TimedAction{std::move(*action), at_milliseconds(mutation.data.value().timestamp()).value_or(Wall{})});
}

}  // namespace ponte::protocol::appstate
