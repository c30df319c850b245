// verify_chain: any bytes, and chains whose signatures are made good so that the later checks are reached.
#include <cstdlib>

#include "support/chain_builder.h"

namespace {

using namespace ponte;
using namespace ponte::protocol::noise;
using ponte::test::ChainBuilder;

void require(bool condition) {
  if (!condition) std::abort();
}

/// Both signatures made anew over the details that came.
Bytes signed_again(ByteView bytes, const ChainBuilder& keys) {
  proto::CertChain chain;
  if (!chain.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return to_bytes(bytes);
  auto& intermediate = *chain.mutable_intermediate();
  auto& leaf = *chain.mutable_leaf();
  intermediate.set_signature(ChainBuilder::sign(keys.root, intermediate.details()));
  leaf.set_signature(ChainBuilder::sign(keys.intermediate_key, leaf.details()));
  return to_bytes(chain.SerializeAsString());
}

void verify(ByteView bytes, const ChainBuilder& keys, Wall wall) {
  const auto chain = verify_chain(bytes, keys.root.public_key, keys.server_static.public_key, wall);
  if (!chain.ok()) {
    require(chain.error().code == Errc::kMalformed || chain.error().code == Errc::kUntrusted);
    return;
  }
  const auto now = static_cast<std::uint64_t>(unix_seconds(wall));
  require(chain->leaf.key == keys.server_static.public_key);
  require(chain->intermediate.key == keys.intermediate_key.public_key);
  require(chain->intermediate.issuer_serial == 0 && chain->leaf.issuer_serial == chain->intermediate.serial);
  for (const Certificate& certificate : {chain->leaf, chain->intermediate}) {
    require(certificate.not_before <= now && now <= certificate.not_after);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The first byte: whether to sign again, and when it is.
  if (size == 0) return 0;
  static const ChainBuilder keys;
  const ByteView rest(data + 1, size - 1);
  const Wall wall = ChainBuilder::wall(ChainBuilder::kNotBefore + (data[0] >> 1) * ChainBuilder::kDay * 4);
  verify(data[0] % 2 == 0 ? to_bytes(rest) : signed_again(rest, keys), keys, wall);
  return 0;
}
