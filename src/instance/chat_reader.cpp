#include "instance/chat_reader.h"

#include <algorithm>
#include <map>
#include <utility>

#include "instance/recipient.h"
#include "protocol/messages/content.h"
#include "store/chat_records.h"
#include "store/keys.h"
#include "store/message_counts.h"

namespace ponte::instance {
namespace {

using protocol::messages::Chat;
using protocol::messages::Party;

constexpr std::size_t kContactsAtOnce = 500;

std::optional<Jid> jid_of(const std::string& text) {
  return text.empty() ? std::nullopt : Jid::parse(text);
}

/// Both addresses of somebody, whichever comes first.
Party party_of(const std::string& one, const std::string& other) {
  Party out;
  for (const std::string* text : {&one, &other}) {
    const auto jid = jid_of(*text);
    if (jid && jid->server == protocol::wire::kUserServer) out.pn = jid;
    if (jid && jid->server == protocol::wire::kLidServer) out.lid = jid;
  }
  return out;
}

Chat chat_of(const store::MessageRecord& record, std::string name) {
  Chat out;
  out.jid = Jid::parse(record.chat).value_or(Jid{});
  if (is_person(out.jid)) out.other = party_of(record.chat, record.chat_alt);
  out.name = std::move(name);
  return out;
}

ChatMessage message_of(store::MessageRecord record, std::string chat_name) {
  ChatMessage out;
  out.chat = chat_of(record, std::move(chat_name));
  out.sender = party_of(record.sender_pn, record.sender_lid);
  // In a chat with one the sender is known by the chat, where the record says nothing.
  if (!record.from_me && !out.sender.pn && !out.sender.lid) out.sender = out.chat.other;
  out.id = std::move(record.id);
  out.from_me = record.from_me;
  out.at = record.at;
  out.push_name = std::move(record.push_name);
  out.content = std::move(record.content);
  out.from_offline = record.from_offline;
  out.source = std::move(record.source);
  out.state = static_cast<protocol::messages::MessageState>(record.state);
  return out;
}

/// What either record knows.
void take_missing(ContactInfo& into, const store::ContactRecord& from) {
  const auto take = [](std::string& mine, const std::string& theirs) {
    if (mine.empty()) mine = theirs;
  };
  take(into.full_name, from.full_name);
  take(into.first_name, from.first_name);
  take(into.push_name, from.push_name);
  take(into.business_name, from.business_name);
  take(into.username, from.username);
  Party party = party_of(from.jid, from.lid);
  if (!party.pn) party.pn = jid_of(from.pn);
  if (!into.party.pn) into.party.pn = party.pn;
  if (!into.party.lid) into.party.lid = party.lid;
}

}  // namespace

ChatReader::ChatReader(const store::StoreReader& store, store::Owner device)
    : store_(store), device_(std::move(device)), chats_(store::keys::chats_owner(device_)) {}

/// Those that somebody's records may be under, the likeliest first.
Result<std::vector<Jid>> ChatReader::addresses(const Jid& who) const {
  std::vector<Jid> out;
  if (who.server == protocol::wire::kUserServer) {
    for (const std::string& user : number_variants(who.user)) {
      PONTE_ASSIGN(const auto lid, store::get_lid_of({store_, device_}, user));
      if (lid) out.push_back({.user = *lid, .server = std::string(protocol::wire::kLidServer)});
      out.push_back({.user = user, .server = who.server});
    }
    return out;
  }
  out.push_back(who);
  if (who.server != protocol::wire::kLidServer) return out;
  PONTE_ASSIGN(const auto pn, store::get_pn_of({store_, device_}, who.user));
  if (pn) out.push_back({.user = *pn, .server = std::string(protocol::wire::kUserServer)});
  return out;
}

Result<std::string> ChatReader::name_of(const std::string& chat) const {
  PONTE_ASSIGN(const auto record, store::get_chat({store_, chats_}, chat));
  return record ? record->name : std::string();
}

Result<HistoryPage> ChatReader::history(const HistoryQuery& query) const {
  PONTE_ASSIGN(const auto candidates, addresses(query.chat));
  HistoryPage out;
  out.chat = candidates.front();
  std::string name;
  for (const Jid& candidate : candidates) {
    PONTE_ASSIGN(const auto record, store::get_chat({store_, chats_}, candidate.to_string()));
    if (!record) continue;
    out.chat = candidate;
    name = record->name;
    break;
  }
  const store::MessageQuery wanted{out.chat.to_string(), query.from, query.to, query.cursor, query.limit};
  PONTE_ASSIGN(auto page, store::messages_before(store_, chats_, wanted));
  for (store::MessageRecord& record : page.messages) out.messages.push_back(message_of(std::move(record), name));
  out.next = std::move(page.next);
  return out;
}

Result<std::vector<ContactInfo>> ChatReader::contacts() const {
  std::map<std::string, ContactInfo> by_address;
  std::string after;
  for (;;) {
    PONTE_ASSIGN(const auto records, store::get_contacts(store_, chats_, after, kContactsAtOnce));
    for (const store::ContactRecord& record : records) {
      take_missing(by_address[record.lid.empty() ? record.jid : record.lid], record);
    }
    if (records.size() < kContactsAtOnce) break;
    after = records.back().jid;
  }
  std::vector<ContactInfo> out;
  out.reserve(by_address.size());
  for (auto& [address, contact] : by_address) out.push_back(std::move(contact));
  return out;
}

Result<std::optional<ContactInfo>> ChatReader::contact(const Jid& who) const {
  PONTE_ASSIGN(const auto candidates, addresses(who));
  std::optional<ContactInfo> out;
  for (const Jid& candidate : candidates) {
    PONTE_ASSIGN(const auto record, store::get_contact({store_, chats_}, candidate.to_string()));
    if (!record) continue;
    if (!out) out.emplace();
    take_missing(*out, *record);
  }
  if (!out || out->party.lid || !out->party.pn) return out;
  PONTE_ASSIGN(const auto lid, store::get_lid_of({store_, device_}, out->party.pn->user));
  if (lid) out->party.lid = Jid{.user = *lid, .server = std::string(protocol::wire::kLidServer)};
  return out;
}

Result<store::MessageRecord> ChatReader::newest(std::string_view id) const {
  PONTE_ASSIGN(auto found, store::find_message({store_, chats_}, id));
  const auto newest = std::max_element(found.begin(), found.end(),
                                       [](const auto& one, const auto& other) { return one.at < other.at; });
  if (newest == found.end()) return message_not_found();
  return std::move(*newest);
}

Result<ChatMessage> ChatReader::message(std::string_view id) const {
  PONTE_ASSIGN(auto record, newest(id));
  PONTE_ASSIGN(auto name, name_of(record.chat));
  return message_of(std::move(record), std::move(name));
}

Result<ChatReader::File> ChatReader::media(std::string_view id) const {
  const Error none{Errc::kNotFound, Cause::kMediaNotAvailable,
                   "no message with that id has a file that can be fetched"};
  const auto record = newest(id);
  if (!record.ok()) return record.error().code == Errc::kNotFound ? none : record.error();
  const auto content = protocol::messages::read_content(record->content);
  if (!content.ok() || !content->media || !content->media->retrievable) return none;
  return File{record->name(),
              {content->media->mimetype, std::string(kind_name(content->kind)), content->media->file_name, {}}};
}

Result<MessageFigures> ChatReader::figures(Wall now) const {
  constexpr std::chrono::hours kDay(24);
  MessageFigures out;
  PONTE_ASSIGN(out.totals, store::get_message_totals({store_, chats_}));
  // Today is one of them.
  PONTE_ASSIGN(out.last_7_days, store::get_message_counts_since({store_, chats_}, now - 6 * kDay));
  PONTE_ASSIGN(out.last_30_days, store::get_message_counts_since({store_, chats_}, now - 29 * kDay));
  return out;
}

Result<std::optional<HistoryProgress>> ChatReader::history_progress() const {
  return store::get_history_progress({store_, chats_});
}

Error not_connected() {
  return {Errc::kNotConnected, Cause::kNotConnected, "the instance is not connected to WhatsApp"};
}

Error message_not_found() {
  return {Errc::kNotFound, Cause::kMessageNotFound, "no message with that id is kept"};
}

}  // namespace ponte::instance
