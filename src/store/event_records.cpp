#include "store/event_records.h"

#include "records.pb.h"
#include "store/keys.h"
#include "store/record_fields.h"

namespace ponte::store {
namespace {

Result<JournalEvent> parse(const StoreReader& reader, const Owner& owner, const Record& record) {
  const auto& [key, value] = record;
  const RecordSource source(reader, owner);
  proto::EventRecord message;
  PONTE_TRY(parse_value(source, key, value, message));
  const auto sequence = keys::event_sequence(key);
  Fields fields;
  fields.present(sequence.has_value(), "sequence");
  fields.present(message.has_at(), "at");
  fields.present(message.has_name(), "name");
  fields.present(message.has_data(), "data");
  PONTE_TRY(fields.finish(source, key));
  return JournalEvent{*sequence, wall_of(message.at()), message.name(), message.data()};
}

}  // namespace

void put_event(Transaction& transaction, const JournalEvent& event) {
  proto::EventRecord message;
  message.set_at(unix_milliseconds(event.at));
  message.set_name(event.name);
  message.set_data(event.data);
  transaction.put(keys::event(event.sequence), serialize(message));
}

void put_told_link(Transaction& transaction, std::string_view state) {
  transaction.put(keys::kToldLink, to_bytes(state));
}

void erase_event(Transaction& transaction, std::uint64_t sequence) {
  transaction.erase(keys::event(sequence));
}

Result<std::vector<JournalEvent>> get_events_after(const StoreReader& reader, const Owner& owner, std::uint64_t after,
                                                   std::size_t limit) {
  PONTE_ASSIGN(const std::vector<Record> records,
               reader.scan_after(owner, keys::kEventPrefix, keys::event(after), limit));
  std::vector<JournalEvent> events;
  events.reserve(records.size());
  for (const Record& record : records) {
    PONTE_ASSIGN(JournalEvent event, parse(reader, owner, record));
    events.push_back(std::move(event));
  }
  return events;
}

Result<std::optional<std::string>> get_told_link(const StoreReader& reader, const Owner& owner) {
  PONTE_ASSIGN(const auto value, reader.get(owner, keys::kToldLink));
  return value ? std::optional(std::string(as_text(*value))) : std::nullopt;
}

Result<std::optional<JournalEvent>> get_last_event(const StoreReader& reader, const Owner& owner) {
  PONTE_ASSIGN(const auto record, reader.last(owner, keys::kEventPrefix));
  if (!record) return std::optional<JournalEvent>();
  PONTE_ASSIGN(JournalEvent event, parse(reader, owner, *record));
  return std::optional(std::move(event));
}

}  // namespace ponte::store
