// What the server asks an authenticator for, and what a caller hands in: JSON of two strangers.
#include <cstdlib>

#include "protocol/pairing/webauthn.h"

namespace {

using namespace ponte;
using namespace ponte::protocol::pairing;

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto options = parse_request_options(text);
  if (options.ok()) require(!options->challenge.empty());
  // "Y2hhbGxlbmdl": what the seeds answer.
  const auto assertion = read_assertion(text, {"Y2hhbGxlbmdl", "whatsapp.com"});
  if (!assertion.ok()) {
    require(assertion.error().cause == Cause::kInvalidAssertion);
    return 0;
  }
  require(!assertion->credential_id.empty() && !assertion->assertion.empty());
  // What goes out is itself an assertion for the same options, and nothing that reading it again would drop.
  const auto again = read_assertion(assertion->assertion, {"Y2hhbGxlbmdl", "whatsapp.com"});
  require(again.ok() && again->assertion == assertion->assertion && again->credential_id == assertion->credential_id);
  return 0;
}
