#include <algorithm>
#include <utility>

#include "crypto/curve25519.h"
#include "crypto/system_random.h"
#include "protocol/pairing/link_code.h"
#include "protocol/session/requests.h"

namespace ponte::protocol {
namespace {

struct Worker {
  Result<Bytes> operator()(const GeneratePrekeys& work) const {
    Bytes out(std::size_t{64} * work.count);
    Bytes scalars(std::size_t{32} * work.count);
    crypto::expand_seed(work.seed, scalars);
    for (std::size_t i = 0; i < work.count; ++i) {
      const auto pair = crypto::key_pair_from_private(Secret<32>::from(ByteView(scalars).subspan(32 * i, 32)));
      std::ranges::copy(pair.private_key.view(), out.begin() + static_cast<std::ptrdiff_t>(64 * i));
      std::ranges::copy(pair.public_key, out.begin() + static_cast<std::ptrdiff_t>(64 * i + 32));
    }
    wipe(scalars);
    return out;
  }
  Result<Bytes> operator()(const DeriveCodeKey& work) const {
    return to_bytes(pairing::code_key(work.code, work.salt).view());
  }
  Result<Bytes> operator()(OpenMedia&& work) const {
    const Secret<32> key(std::exchange(work.media_key, {}));
    return media::open_file(std::move(work.file), key, work.type, work.digests);
  }
};

}  // namespace

Result<Bytes> run_work(WorkRequest request) {
  return std::visit(Worker{}, std::move(request));
}

}  // namespace ponte::protocol
