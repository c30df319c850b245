#include "store/message_counts.h"

#include <algorithm>
#include <chrono>
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
void add(std::uint64_t& count, std::int64_t change) {
  const auto fewer = change < 0 ? static_cast<std::uint64_t>(-change) : 0;
  count = change < 0 ? count - std::min(count, fewer) : count + static_cast<std::uint64_t>(change);
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

void MessageTally::count(Changes& changes, const MessageRecord& message, std::int64_t step) {
  (message.from_me ? changes.outgoing : changes.incoming) += step;
  changes.by_type[message.type] += step;
}

void MessageTally::apply(const Changes& changes, MessageCounts& counts) {
  add(counts.incoming, changes.incoming);
  add(counts.outgoing, changes.outgoing);
  for (const auto& [type, change] : changes.by_type) {
    std::uint64_t& of_type = counts.by_type[type];
    add(of_type, change);
    if (of_type == 0) counts.by_type.erase(type);
  }
}

void MessageTally::count(const MessageRecord& message, Counting counting) {
  const std::int64_t step = counting == Counting::kAdded ? 1 : -1;
  count(all_, message, step);
  count(days_[std::chrono::floor<std::chrono::days>(keys::key_time(message.at).time_since_epoch()).count()], message,
        step);
  if (message.from_me && message.state < kMessageStates) outgoing_by_state_[message.state] += step;
  if (counting == Counting::kRemoved) return;
  first_at_ = std::min(first_at_.value_or(message.at), message.at);
  last_at_ = std::max(last_at_.value_or(message.at), message.at);
}

void MessageTally::count_in_chat(std::string_view chat, std::int64_t more, std::optional<Wall> newest) {
  auto found = chats_.find(chat);
  if (found == chats_.end()) found = chats_.emplace(chat, InChat{}).first;
  found->second.more += more;
  if (newest) found->second.newest = std::max(found->second.newest.value_or(*newest), *newest);
}

Status MessageTally::write(Transaction& chats) {
  std::int64_t contacts = 0;
  for (const auto& [jid, change] : chats_) {
    PONTE_ASSIGN(const auto known, get_chat(chats, jid));
    ChatRecord record = known.value_or(ChatRecord());
    const std::uint64_t before = record.messages;
    record.jid = jid;
    add(record.messages, change.more);
    if (change.newest)
      record.last_message_at = std::max(record.last_message_at.value_or(*change.newest), *change.newest);
    put_chat(chats, record);
    if (is_person(jid) && (before == 0) != (record.messages == 0)) contacts += before == 0 ? 1 : -1;
  }
  for (const auto& [day, changes] : days_) {
    const std::string key = keys::message_day(Wall(std::chrono::days(day)));
    MessageCounts counts;
    proto::MessageDayRecord record;
    PONTE_TRY(parse_record(chats, key, record));
    add_counts(record, counts);
    apply(changes, counts);
    record.Clear();
    set_counts(counts, record);
    if (counts.total() == 0)
      chats.erase(key);
    else
      chats.put(key, serialize(record));
  }
  PONTE_TRY(write_totals(chats, contacts));
  *this = MessageTally();
  return Status::Ok();
}

Status MessageTally::write_totals(Transaction& chats, std::int64_t contacts) {
  if (days_.empty() && contacts == 0) return Status::Ok();
  PONTE_ASSIGN(MessageTotals totals, get_message_totals(chats));
  apply(all_, totals.counts);
  for (std::size_t i = 0; i < kMessageStates; ++i) add(totals.outgoing_by_state[i], outgoing_by_state_[i]);
  add(totals.contacts, contacts);
  if (first_at_) totals.first_at = std::min(totals.first_at.value_or(*first_at_), *first_at_);
  if (last_at_) totals.last_at = std::max(totals.last_at.value_or(*last_at_), *last_at_);
  put_message_totals(chats, totals);
  return Status::Ok();
}

}  // namespace ponte::store
