#include "protocol/appstate/keys.h"

#include "crypto/kdf.h"

namespace ponte::protocol::appstate {

MutationKeys MutationKeys::derive(ByteView key_data) {
  Secret<160> expanded;
  crypto::hkdf_sha256(key_data, {}, as_bytes("WhatsApp Mutation Keys"), expanded.mutable_view());
  const auto part = [&expanded](std::size_t at) { return Secret<32>::from(expanded.view().subspan(32 * at, 32)); };
  return {part(0), part(1), part(2), part(3), part(4)};
}

const MutationKeys* KeyRing::find(ByteView id) const {
  const auto found = keys_.find(to_bytes(id));
  return found != keys_.end() ? &found->second : nullptr;
}

}  // namespace ponte::protocol::appstate
