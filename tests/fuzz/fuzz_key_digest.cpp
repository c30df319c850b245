// What the server says it has of a device: its digest and its count of prekeys.
#include <cstdlib>

#include "protocol/devices/key_digest.h"
#include "protocol/devices/prekey_iqs.h"
#include "protocol/wire/node_codec.h"

namespace {

using namespace ponte;
using namespace ponte::protocol;

void require(bool condition) {
  if (!condition) std::abort();
}

void require_refusal(const Error& error) {
  require(error.code == Errc::kMalformed && error.cause == Cause::kStanzaUnexpected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto node = wire::decode_node({data, size});
  if (!node.ok()) return 0;
  if (const auto count = devices::read_prekey_count(*node); !count.ok()) require_refusal(count.error());
  const auto digest = devices::parse_key_digest(*node);
  if (!digest.ok()) {
    require_refusal(digest.error());
    return 0;
  }
  for (const std::uint32_t id : digest->prekey_ids) require(id >= 1 && id <= 0xFFFFFF);
  require(digest->signed_prekey_id >= 1 && digest->signed_prekey_id <= 0xFFFFFF);
  // Whatever is listed has a hash, and another key has another.
  std::vector<ByteView> keys(digest->prekey_ids.size(), ByteView(digest->identity));
  const auto hash = devices::key_digest_hash(*digest, keys);
  keys.push_back(digest->signed_prekey);
  require(devices::key_digest_hash(*digest, keys) != hash);
  return 0;
}
