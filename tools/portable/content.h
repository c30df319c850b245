// What an export file says once it is opened: the records of one instance, in an order of their own (docs/portable.md).
//
//   item = part (1) || length of key (2) || length of value (4) || key || value, numbers big-endian
//
// The first item is the schema's version, under an empty key; the second the instance's own record, under its id. Then
// the records come by part and key, each greater than the one before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/store.h"

namespace ponte::portable {

enum class Part : std::uint8_t {
  kSchema = 0,    ///< the value is store::kSchemaVersion, 4 bytes
  kInstance = 1,  ///< the value is its InstanceRecord, without its token
  kDevice = 2,
  kWebhooks = 3,
  kEvents = 4,
  kChats = 5,
};

/// Whose records a part holds. Precondition: not kSchema or kInstance.
store::Owner owner_of(Part part, std::string_view instance_id);
/// Whether the key is one that the owner of that part may have: declared, and not another part's.
bool belongs(Part part, std::string_view key);

/// Parts whose records are many. They need not be held in memory: nothing of an instance but its own record names them.
bool is_bulk(Part part);

struct Item {
  Part part = Part::kSchema;
  std::string key;
  Bytes value;
};

inline constexpr std::size_t kLongestKey = 4096;
inline constexpr std::size_t kLongestValue = 16 << 20;

/// Precondition: key and value are not longer than that.
Bytes write_item(Part part, std::string_view key, ByteView value);

/// Reads items out of chunks as they come. After an error it is spent.
class ContentReader {
 public:
  ContentReader() = default;
  ContentReader(const ContentReader&) = delete;
  ContentReader& operator=(const ContentReader&) = delete;
  ~ContentReader();

  void feed(ByteView chunk);
  /// The next item; nullopt where more bytes are needed. kMalformed/kInvalidField: an unknown part, a length beyond the
  /// above, items out of order, a key that is not the part's. The schema's version and the instance's record are
  /// looked at by who reads on.
  Result<std::optional<Item>> next();
  /// After the last chunk: kMalformed/kInvalidField where it ends within an item, or before the instance's record.
  Status finish() const;

 private:
  Status check_order(const Item& item);

  Bytes pending_;
  std::size_t read_ = 0;  ///< of pending_
  std::optional<Part> last_part_;
  std::string last_key_;
};

/// kMalformed/kInvalidField: what the file says is not what an export says.
Error malformed(std::string what);

}  // namespace ponte::portable
