#include "protocol/appstate/actions.h"
#include "protocol/appstate/index.h"

namespace ponte::protocol::appstate {
namespace {

constexpr const char* kNobody = "0";
constexpr std::int64_t kForever = -1;

std::string flag(bool set) {
  return set ? "1" : "0";
}

std::string participant_of(const MessageRef& message) {
  return message.participant ? message.participant->to_string() : kNobody;
}

void write_range(const Range& range, proto::SyncActionMessageRange& out) {
  if (range.last_message) out.set_last_message_timestamp(unix_seconds(*range.last_message));
  if (range.last_system_message) out.set_last_system_message_timestamp(unix_seconds(*range.last_system_message));
  for (const Range::Message& one : range.messages) {
    proto::SyncActionMessage& message = *out.add_messages();
    message.mutable_key()->set_remote_jid(one.message.chat.to_string());
    message.mutable_key()->set_from_me(one.message.from_me);
    message.mutable_key()->set_id(one.message.id);
    if (one.message.participant) message.mutable_key()->set_participant(one.message.participant->to_string());
    if (one.at) message.set_timestamp(unix_seconds(*one.at));
  }
}

/// What kind of record an action becomes (wire: messages.md 5.7).
struct Kind {
  Collection collection;
  std::int32_t version;
  std::vector<std::string> index;
  Operation operation = Operation::kSet;
};

/// Fills the value, and says the rest.
struct Writer {
  proto::SyncActionValue& value;

  Kind operator()(const action::Contact& it) const {
    if (it.jid.server == wire::kLidServer) {
      proto::LidContactAction& out = *value.mutable_lid_contact_action();
      out.set_full_name(it.full_name);
      out.set_first_name(it.first_name);
      if (!it.username.empty()) out.set_username(it.username);
      return {Collection::kCriticalUnblockLow, 1, {"lid_contact", it.jid.to_string()}};
    }
    proto::ContactAction& out = *value.mutable_contact_action();
    out.set_full_name(it.full_name);
    out.set_first_name(it.first_name);
    if (!it.username.empty()) out.set_username(it.username);
    if (it.lid) out.set_lid_jid(it.lid->to_string());
    if (it.pn) out.set_pn_jid(it.pn->to_string());
    return {Collection::kCriticalUnblockLow, 2, {"contact", it.jid.to_string()}};
  }
  Kind operator()(const action::ContactRemoved& it) const {
    const bool lid = it.jid.server == wire::kLidServer;
    return {Collection::kCriticalUnblockLow,
            lid ? 1 : 2,
            {lid ? "lid_contact" : "contact", it.jid.to_string()},
            Operation::kRemove};
  }
  Kind operator()(const action::PushName& it) const {
    value.mutable_push_name_setting()->set_name(it.name);
    return {Collection::kCriticalBlock, 1, {"setting_pushName"}};
  }
  Kind operator()(const action::Mute& it) const {
    proto::MuteAction& out = *value.mutable_mute_action();
    out.set_muted(it.muted);
    if (it.muted) out.set_mute_end_timestamp(it.until ? unix_milliseconds(*it.until) : kForever);
    return {Collection::kRegularHigh, 2, {"mute", it.chat.to_string()}};
  }
  Kind operator()(const action::Pin& it) const {
    value.mutable_pin_action()->set_pinned(it.pinned);
    return {Collection::kRegularLow, 5, {"pin_v1", it.chat.to_string()}};
  }
  Kind operator()(const action::Archive& it) const {
    proto::ArchiveChatAction& out = *value.mutable_archive_chat_action();
    out.set_archived(it.archived);
    write_range(it.range, *out.mutable_message_range());
    return {Collection::kRegularLow, 3, {"archive", it.chat.to_string()}};
  }
  Kind operator()(const action::MarkRead& it) const {
    proto::MarkChatAsReadAction& out = *value.mutable_mark_chat_as_read_action();
    out.set_read(it.read);
    write_range(it.range, *out.mutable_message_range());
    return {Collection::kRegularLow, 3, {"markChatAsRead", it.chat.to_string()}};
  }
  Kind operator()(const action::Label& it) const {
    proto::LabelEditAction& out = *value.mutable_label_edit_action();
    out.set_name(it.name);
    out.set_color(it.color);
    if (it.predefined_id) out.set_predefined_id(*it.predefined_id);
    out.set_order_index(it.order);
    out.set_deleted(it.deleted);
    return {Collection::kRegular, 3, {"label_edit", it.id}};
  }
  Kind operator()(const action::LabelChat& it) const {
    value.mutable_label_association_action()->set_labeled(it.labeled);
    return {Collection::kRegular, 3, {"label_jid", it.label_id, it.chat.to_string()}};
  }
  Kind operator()(const action::LabelMessage& it) const {
    value.mutable_label_association_action()->set_labeled(it.labeled);
    return {
        Collection::kRegular, 3, {"label_message", it.label_id, it.chat.to_string(), it.message_id, kNobody, kNobody}};
  }
  Kind operator()(const action::Star& it) const {
    value.mutable_star_action()->set_starred(it.starred);
    return of_message("star", 2, it.message);
  }
  Kind operator()(const action::DeleteForMe& it) const {
    proto::DeleteMessageForMeAction& out = *value.mutable_delete_message_for_me_action();
    out.set_delete_media(it.delete_media);
    if (it.message_at) out.set_message_timestamp(unix_seconds(*it.message_at));
    return of_message("deleteMessageForMe", 3, it.message);
  }
  Kind operator()(const action::ClearChat& it) const {
    write_range(it.range, *value.mutable_clear_chat_action()->mutable_message_range());
    return {Collection::kRegularHigh,
            6,
            {"clearChat", it.chat.to_string(), flag(it.delete_starred), flag(it.delete_media)}};
  }
  Kind operator()(const action::DeleteChat& it) const {
    write_range(it.range, *value.mutable_delete_chat_action()->mutable_message_range());
    return {Collection::kRegularHigh, 6, {"deleteChat", it.chat.to_string(), flag(it.delete_media)}};
  }
  Kind operator()(const action::UnarchiveChats& it) const {
    value.mutable_unarchive_chats_setting()->set_unarchive_chats(it.unarchive);
    return {Collection::kRegularLow, 4, {"setting_unarchiveChats"}};
  }
  Kind operator()(const action::NctSalt& it) const {
    value.mutable_nct_salt_sync_action()->set_salt(to_text(it.salt));
    return {Collection::kRegularHigh, 1, {"nct_salt_sync"}};
  }
  Kind operator()(const action::PnOfLid& it) const {
    value.mutable_pn_for_lid_chat_action()->set_pn_jid(it.pn.to_string());
    return {Collection::kRegular, 8, {"pnForLidChat", it.lid.to_string()}};
  }

  static Kind of_message(const char* name, std::int32_t version, const MessageRef& message) {
    return {Collection::kRegularHigh,
            version,
            {name, message.chat.to_string(), message.id, flag(message.from_me), participant_of(message)}};
  }
};

}  // namespace

WrittenAction write_action(const TimedAction& action) {
  WrittenAction out;
  proto::SyncActionValue& value = *out.mutation.data.mutable_value();
  value.set_timestamp(unix_milliseconds(action.at));
  const Kind kind = std::visit(Writer{value}, action.action);
  out.collection = kind.collection;
  out.mutation.operation = kind.operation;
  out.mutation.data.set_index(write_index(kind.index));
  out.mutation.data.set_padding("");
  out.mutation.data.set_version(kind.version);
  return out;
}

}  // namespace ponte::protocol::appstate
