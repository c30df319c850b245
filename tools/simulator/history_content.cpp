#include <array>
#include <cctype>
#include <cstdio>

#include "crypto/digest.h"
#include "simulator/phone_history.h"
#include "simulator/world.h"

namespace ponte::simulator {

using protocol::wire::Jid;

namespace {

constexpr std::uint64_t kFirstContact = 5512000000001;
constexpr std::string_view kIdPrefix = "3EB0C0DE";
constexpr std::size_t kIdSize = 8 + 6 + 8;  // prefix, chat, index
constexpr Seconds kBetweenMessages{60};

std::string contact_number(unsigned chat) {
  return std::to_string(kFirstContact + chat);
}

/// A text that differs from message to message; words, so that it compresses as texts do.
std::string text_of_place(const HistoryPlace& place, std::size_t least) {
  std::string out = "message " + std::to_string(place.index) + " of chat " + std::to_string(place.chat);
  if (out.size() >= least) return out;
  const std::string seed = out;
  for (unsigned block = 0; out.size() < least; ++block) {
    const auto words = crypto::sha256(as_bytes(seed), as_bytes(std::to_string(block)));
    for (const std::uint8_t word : words) out += " w" + std::to_string(word);
  }
  out.resize(least);
  return out;
}

}  // namespace

std::optional<HistoryDefect> history_defect_from_name(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, HistoryDefect>, 17> kNames = {
      {{"none", HistoryDefect::kNone},
       {"long-length", HistoryDefect::kLongLength},
       {"short-length", HistoryDefect::kShortLength},
       {"bad-mac", HistoryDefect::kBadMac},
       {"bad-plain-hash", HistoryDefect::kBadPlainHash},
       {"bad-sealed-hash", HistoryDefect::kBadSealedHash},
       {"truncated", HistoryDefect::kTruncated},
       {"bomb", HistoryDefect::kBomb},
       {"no-zlib", HistoryDefect::kNoZlib},
       {"no-protobuf", HistoryDefect::kNoProtobuf},
       {"empty", HistoryDefect::kEmpty},
       {"forbidden", HistoryDefect::kForbidden},
       {"not-found", HistoryDefect::kNotFound},
       {"gone", HistoryDefect::kGone},
       {"unavailable", HistoryDefect::kUnavailable},
       {"wrong-key", HistoryDefect::kWrongKey},
       {"never-told", HistoryDefect::kNeverTold}}};
  for (const auto& [known, defect] : kNames) {
    if (known == name) return defect;
  }
  return std::nullopt;
}

History::History(World& world, Account& account, const HistoryPlan& plan)
    : world_(world), account_(account), plan_(plan) {
  for (unsigned chat = 0; chat < plan.chats; ++chat) {
    Account& contact = world.accounts.get(contact_number(chat));
    contact.push_name = "Contact " + std::to_string(chat);
    chats_.push_back(contact.lid(0));
  }
  std::vector<const Group*> groups = world.groups.of(account.number);
  for (unsigned i = 0; i < plan.groups; ++i) {
    if (i >= groups.size()) {
      Group& group = world.groups.create("Group " + std::to_string(i), account.number, Addressing::kLid, plan.until);
      world.accounts.get(contact_number(i));
      group.members.emplace(contact_number(i), Group::Rank::kMember);
      groups.push_back(&group);
    }
    chats_.push_back(groups[i]->jid);
  }
}

const Account& History::other(unsigned chat) const {
  if (!is_group(chat)) return world_.accounts.get(contact_number(chat));
  for (const auto& [number, rank] : world_.groups.find(chat_jid(chat))->members) {
    if (number != account_.number) return world_.accounts.get(number);
  }
  return account_;
}

std::string History::id_of(const HistoryPlace& place) const {
  std::array<char, kIdSize + 1> out{};
  std::snprintf(out.data(), out.size(), "%.8s%06X%08X", kIdPrefix.data(), place.chat, place.index);
  return std::string(out.data(), kIdSize);
}

std::optional<HistoryPlace> History::place_of(std::string_view id) const {
  if (id.size() != kIdSize || !id.starts_with(kIdPrefix)) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : id.substr(kIdPrefix.size())) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return std::nullopt;
    value = value << 4 | static_cast<std::uint64_t>(c <= '9' ? c - '0' : (c & 0x5F) - 'A' + 10);
  }
  const HistoryPlace out{static_cast<unsigned>(value >> 32), static_cast<unsigned>(value & 0xFFFFFFFF)};
  if (out.chat >= chats() || out.index >= plan_.messages) return std::nullopt;
  return out;
}

proto::WebMessageInfo History::message(const HistoryPlace& place) const {
  const Account& contact = other(place.chat);
  const bool mine = place.index % 3 == 1;
  proto::WebMessageInfo out;
  out.mutable_key()->set_remote_jid(chat_jid(place.chat).to_string());
  out.mutable_key()->set_from_me(mine);
  out.mutable_key()->set_id(id_of(place));
  if (is_group(place.chat) && !mine) out.mutable_key()->set_participant(contact.lid(0).to_string());
  const Wall at = plan_.until - kBetweenMessages * place.index;
  out.set_message_timestamp(static_cast<std::uint64_t>(unix_seconds(at)));
  if (mine) out.set_status(proto::WebMessageInfo::READ);
  if (!mine) out.set_push_name(contact.push_name);
  const std::string text = text_of_place(place, plan_.text_bytes);
  if (place.index % 10 == 9 && place.index > 0) {
    // An answer to the message before it.
    auto& extended = *out.mutable_message()->mutable_extended_text_message();
    extended.set_text(text);
    extended.mutable_context_info()->set_stanza_id(id_of({place.chat, place.index - 1}));
    extended.mutable_context_info()->set_participant(contact.lid(0).to_string());
  } else {
    out.mutable_message()->set_conversation(text);
  }
  const auto secret = crypto::sha256(as_bytes(out.key().id()));
  out.mutable_message()->mutable_message_context_info()->set_message_secret(to_text(secret));
  return out;
}

proto::Conversation History::conversation(unsigned chat) const {
  proto::Conversation out;
  out.set_id(chat_jid(chat).to_string());
  out.set_conversation_timestamp(static_cast<std::uint64_t>(unix_seconds(plan_.until)));
  out.set_last_msg_timestamp(static_cast<std::uint64_t>(unix_seconds(plan_.until)));
  out.set_unread_count(chat % 4);
  if (is_group(chat)) {
    const Group* group = world_.groups.find(chat_jid(chat));
    out.set_name(group->subject);
    for (const auto& [number, rank] : group->members) {
      auto& member = *out.add_participant();
      member.set_user_jid(world_.accounts.get(number).lid(0).to_string());
      member.set_rank(rank == Group::Rank::kMember ? proto::GroupParticipant::REGULAR
                                                   : proto::GroupParticipant::SUPERADMIN);
    }
  } else {
    out.set_name(other(chat).push_name);
    out.set_pn_jid(other(chat).jid(0).to_string());
    out.set_lid_jid(other(chat).lid(0).to_string());
  }
  if (chat == 1) out.set_archived(true);
  if (chat == 2) out.set_pinned(static_cast<std::uint32_t>(unix_seconds(plan_.until)));
  return out;
}

proto::HistorySync History::bootstrap() const {
  proto::HistorySync out;
  out.set_sync_type(proto::INITIAL_BOOTSTRAP);
  out.set_chunk_order(1);
  out.set_progress(5);
  const auto map = [&](const Account& account) {
    auto& mapping = *out.add_phone_number_to_lid_mappings();
    mapping.set_pn_jid(account.jid(0).to_string());
    mapping.set_lid_jid(account.lid(0).to_string());
  };
  map(account_);
  for (unsigned chat = 0; chat < chats(); ++chat) {
    if (!is_group(chat)) map(other(chat));
    proto::Conversation& conversation = *out.add_conversations() = this->conversation(chat);
    if (plan_.messages > 0) {
      *conversation.add_messages()->mutable_message() = message({chat, 0});
      conversation.mutable_messages(0)->set_msg_order_id(plan_.messages);
    }
  }
  return out;
}

proto::HistorySync History::push_names() const {
  proto::HistorySync out;
  out.set_sync_type(proto::PUSH_NAME);
  out.set_chunk_order(1);
  out.set_progress(100);
  for (unsigned chat = 0; chat < plan_.chats; ++chat) {
    auto& name = *out.add_pushnames();
    name.set_id(chat_jid(chat).to_string());
    name.set_pushname(other(chat).push_name);
  }
  return out;
}

proto::HistorySync History::chunk(unsigned number, bool full) const {
  proto::HistorySync out;
  out.set_sync_type(full ? proto::FULL : proto::RECENT);
  out.set_chunk_order(number);
  out.set_progress(number * 100 / plan_.chunks);
  const std::uint64_t older = plan_.messages > 0 ? plan_.messages - 1 : 0;
  const auto first = static_cast<unsigned>(1 + older * (number - 1) / plan_.chunks);
  const auto last = static_cast<unsigned>(1 + older * number / plan_.chunks);
  for (unsigned chat = 0; chat < chats(); ++chat) {
    proto::Conversation& conversation = *out.add_conversations() = this->conversation(chat);
    for (unsigned index = first; index < last; ++index) {
      auto& entry = *conversation.add_messages();
      *entry.mutable_message() = message({chat, index});
      entry.set_msg_order_id(plan_.messages - index);
    }
    if (number == plan_.chunks) conversation.set_end_of_history_transfer(true);
  }
  return out;
}

proto::HistorySync History::older(const HistoryPlace& than, unsigned count) const {
  proto::HistorySync out;
  out.set_sync_type(proto::ON_DEMAND);
  out.set_chunk_order(1);
  out.set_progress(100);
  proto::Conversation& conversation = *out.add_conversations() = this->conversation(than.chat);
  for (unsigned index = than.index + 1; index < plan_.messages && index <= than.index + count; ++index) {
    auto& entry = *conversation.add_messages();
    *entry.mutable_message() = message({than.chat, index});
    entry.set_msg_order_id(plan_.messages - index);
  }
  conversation.set_end_of_history_transfer(than.index + count + 1 >= plan_.messages);
  return out;
}

}  // namespace ponte::simulator
