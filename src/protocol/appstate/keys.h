// The keys that app state is sealed with (wire: messages.md 5.1).
#pragma once

#include <map>

#include "base/bytes.h"
#include "base/secret.h"

namespace ponte::protocol::appstate {

/// Of the id of a key. It has 6 bytes mostly.
inline constexpr std::size_t kLongestKeyId = 64;

/// What one shared key stands for.
struct MutationKeys {
  Secret<32> index;
  Secret<32> value_encryption;
  Secret<32> value_mac;
  Secret<32> snapshot_mac;
  Secret<32> patch_mac;

  static MutationKeys derive(ByteView key_data);
};

/// Keys by the id under which the phone shared them.
class KeyRing {
 public:
  using Keys = std::map<Bytes, MutationKeys>;

  void add(ByteView id, ByteView key_data) { keys_.insert_or_assign(to_bytes(id), MutationKeys::derive(key_data)); }
  /// Null where there is none. Valid until the next add.
  const MutationKeys* find(ByteView id) const;
  const Keys& all() const { return keys_; }

 private:
  Keys keys_;
};

}  // namespace ponte::protocol::appstate
