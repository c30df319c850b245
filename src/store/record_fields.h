// What the typed records share: reading a value field by field, and keeping no copy of a key.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"
#include "base/time.h"
#include "store/records.h"
#include "store/store.h"

namespace ponte::store {

/// A value with its key material wiped afterwards, whichever way its reader returns.
class Wiped {
 public:
  explicit Wiped(Bytes& bytes) : bytes_(bytes) {}
  ~Wiped() { wipe(bytes_); }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;

 private:
  Bytes& bytes_;
};

inline void wipe_text(std::string& text) {
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
}

/// kStorage/kStoreCorrupt: names the record, what is wrong with it, and what to do.
Error corrupt(const RecordSource& source, std::string_view key, const std::string& what);

/// Reads fields of one record and remembers the first that is not as it should be.
class Fields {
 public:
  void present(bool has, std::string_view name);
  void sized(const std::string& field, std::size_t size, std::string_view name);
  void fault(std::string what);
  Status finish(const RecordSource& source, std::string_view key) const;

 private:
  std::string fault_;
};

template <typename Message>
Bytes serialize(const Message& message) {
  Bytes bytes(message.ByteSizeLong());
  message.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

template <typename Message>
Status parse_value(const RecordSource& source, std::string_view key, ByteView value, Message& message) {
  if (message.ParseFromArray(value.data(), static_cast<int>(value.size()))) return Status::Ok();
  return corrupt(source, key, "its value of " + std::to_string(value.size()) + " bytes does not parse");
}

/// False where there is no record.
template <typename Message>
Result<bool> parse_record(const RecordSource& source, std::string_view key, Message& message) {
  PONTE_ASSIGN(std::optional<Bytes> value, source.get(key));
  if (!value) return false;
  Wiped wiped(*value);
  PONTE_TRY(parse_value(source, key, *value, message));
  return true;
}

/// A record whose value is N raw bytes.
template <std::size_t N>
Result<std::optional<ByteArray<N>>> get_array(const RecordSource& source, std::string_view key) {
  PONTE_ASSIGN(std::optional<Bytes> value, source.get(key));
  if (!value) return std::optional<ByteArray<N>>();
  Wiped wiped(*value);
  if (value->size() != N)
    return corrupt(source, key, "expected " + std::to_string(N) + " bytes, got " + std::to_string(value->size()));
  return std::optional(to_array<N>(*value));
}

void put_durably(Transaction& transaction, std::string_view key, Bytes value);

inline Wall wall_of(std::int64_t unix_milliseconds) {
  return Wall(Milliseconds(unix_milliseconds));
}

}  // namespace ponte::store
