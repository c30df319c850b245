// Whatever a client sends: framing in any split, then target and body.
#include <cstdlib>

#include "api/json.h"
#include "api/request_gate.h"
#include "api/target.h"

using namespace ponte::api;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 64;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  RequestLimits limits;
  limits.body = 4096;
  RequestGate gate(limits);
  std::string canonical;
  while (!bytes.empty()) {
    const std::size_t used = gate.take(bytes.substr(0, piece));
    bytes.remove_prefix(used);
    canonical += gate.take_canonical();
    if (canonical.size() > limits.target + limits.body + 200) std::abort();
    if (gate.state() == RequestGate::State::kRefused) return 0;
    if (gate.state() != RequestGate::State::kComplete) continue;
    (void)parse_target(gate.head().target);
    const auto body = canonical.substr(canonical.find("\r\n\r\n") + 4);
    if (const auto json = parse_object(body); json.ok()) (void)dump(*json);
    canonical.clear();
    gate.reset();
  }
  return 0;
}
