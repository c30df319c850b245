#include "store/message_counts.h"

#include <algorithm>
#include <limits>

#include "records.pb.h"
#include "store/chat_keys.h"
#include "store/chat_records.h"
#include "store/record_fields.h"

namespace ponte::store {
namespace {

/// Both records of counts have these fields.
template <typename Message>
void add_counts(const Message& message, MessageCounts& to) {
  to.incoming += message.incoming();
  to.outgoing += message.outgoing();
  for (const auto& type : message.types()) to.by_type[type.type()] += type.count();
}

template <typename Message>
void set_counts(const MessageCounts& counts, Message& message) {
  message.set_incoming(counts.incoming);
  message.set_outgoing(counts.outgoing);
  for (const auto& [type, count] : counts.by_type) {
    auto* added = message.add_types();
    added->set_type(type);
    added->set_count(count);
  }
}

/// A count that was lost with the power must not wrap around below zero.
void step(std::uint64_t& count, Counting counting) {
  if (counting == Counting::kAdded)
    ++count;
  else if (count > 0)
    --count;
}

void count(MessageCounts& counts, const MessageRecord& message, Counting counting) {
  step(message.from_me ? counts.outgoing : counts.incoming, counting);
  std::uint64_t& of_type = counts.by_type[message.type];
  step(of_type, counting);
  if (of_type == 0) counts.by_type.erase(message.type);
}

void put_message_totals(Transaction& chats, const MessageTotals& totals) {
  proto::MessageTotalsRecord message;
  set_counts(totals.counts, message);
  for (const std::uint64_t count : totals.outgoing_by_state) message.add_outgoing_states(count);
  message.set_contacts(totals.contacts);
  if (totals.first_at) message.set_first_at(unix_milliseconds(*totals.first_at));
  if (totals.last_at) message.set_last_at(unix_milliseconds(*totals.last_at));
  chats.put(keys::kMessageTotals, serialize(message));
}

Status count_in_day(Transaction& chats, const MessageRecord& message, Counting counting) {
  const std::string key = keys::message_day(message.at);
  MessageCounts counts;
  proto::MessageDayRecord day;
  PONTE_TRY(parse_record(chats, key, day));
  add_counts(day, counts);
  count(counts, message, counting);
  day.Clear();
  set_counts(counts, day);
  if (counts.total() == 0)
    chats.erase(key);
  else
    chats.put(key, serialize(day));
  return Status::Ok();
}

}  // namespace

Result<MessageTotals> get_message_totals(RecordSource source) {
  proto::MessageTotalsRecord message;
  PONTE_TRY(parse_record(source, keys::kMessageTotals, message));
  MessageTotals totals;
  add_counts(message, totals.counts);
  const auto states = static_cast<std::size_t>(message.outgoing_states_size());
  for (std::size_t i = 0; i < std::min(states, kMessageStates); ++i)
    totals.outgoing_by_state[i] = message.outgoing_states(static_cast<int>(i));
  totals.contacts = message.contacts();
  if (message.has_first_at()) totals.first_at = wall_of(message.first_at());
  if (message.has_last_at()) totals.last_at = wall_of(message.last_at());
  return totals;
}

Result<MessageCounts> get_message_counts_since(RecordSource source, Wall at) {
  // The last key that is before the day.
  std::string before = keys::message_day(at);
  before.back() = static_cast<char>(before.back() - 1);
  before += '\x7f';
  PONTE_ASSIGN(const auto days, source.scan_after(keys::kMessageDayPrefix, before, std::numeric_limits<int>::max()));
  MessageCounts counts;
  for (const auto& [key, value] : days) {
    proto::MessageDayRecord message;
    PONTE_TRY(parse_value(source, key, value, message));
    add_counts(message, counts);
  }
  return counts;
}

Status count_message(Transaction& chats, const MessageRecord& message, Counting counting) {
  PONTE_ASSIGN(MessageTotals totals, get_message_totals(chats));
  count(totals.counts, message, counting);
  if (message.from_me && message.state < kMessageStates) step(totals.outgoing_by_state[message.state], counting);
  if (counting == Counting::kAdded) {
    totals.first_at = std::min(totals.first_at.value_or(message.at), message.at);
    totals.last_at = std::max(totals.last_at.value_or(message.at), message.at);
  }
  put_message_totals(chats, totals);
  return count_in_day(chats, message, counting);
}

Status count_in_chat(Transaction& chats, std::string_view chat, std::int64_t more, std::optional<Wall> newest) {
  PONTE_ASSIGN(const auto known, get_chat(chats, chat));
  const std::uint64_t before = known ? known->messages : 0;
  const bool wraps = more < 0 && before < static_cast<std::uint64_t>(-more);
  const std::uint64_t after = wraps ? 0 : before + static_cast<std::uint64_t>(more);
  ChatRecord record = known.value_or(ChatRecord());
  record.jid = chat;
  record.messages = after;
  if (newest) record.last_message_at = std::max(record.last_message_at.value_or(*newest), *newest);
  put_chat(chats, record);
  if (!is_person(chat) || (before == 0) == (after == 0)) return Status::Ok();
  PONTE_ASSIGN(MessageTotals totals, get_message_totals(chats));
  step(totals.contacts, after > 0 ? Counting::kAdded : Counting::kRemoved);
  put_message_totals(chats, totals);
  return Status::Ok();
}

}  // namespace ponte::store
