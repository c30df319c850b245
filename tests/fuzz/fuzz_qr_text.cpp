// QR texts, as a phone reads them, and whatever else `ponte decode` is given.
#include <cstdlib>

#include "ponte/decode.h"
#include "protocol/pairing/qr.h"
#include "simulator/adv.h"

namespace {

using namespace ponte;

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto code = simulator::parse_qr(text);
  if (code.ok()) {
    store::Credentials credentials;
    credentials.noise.public_key = code->noise;
    credentials.identity.public_key = code->identity;
    credentials.adv_secret = std::move(code->adv_secret);
    const std::string written = protocol::pairing::qr_text(code->ref, credentials, protocol::QrFormat::kUrl);
    const auto again = simulator::parse_qr(written);
    require(again.ok() && again->ref == code->ref && again->noise == code->noise && again->identity == code->identity);
    require(equal(again->adv_secret.view(), credentials.adv_secret.view()));
  }
  (void)tool::decode_any({data, size});
  return 0;
}
