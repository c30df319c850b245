// Goes the way of a WebSocket up to where its upgrade would begin, and tells what it met.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "net/proxy.h"
#include "net/tls_peer.h"
#include "net/web_socket.h"

namespace ponte::net {

struct TlsProbeOptions {
  std::string host;  ///< without brackets
  std::uint16_t port = 443;
  bool secure = true;  ///< else TCP, and the proxy, are all
  Milliseconds timeout{15'000};
  std::optional<Proxy> proxy = std::nullopt;
};

struct TlsProbeAnswer {
  Status status;                                         ///< the errors of a WebSocket, up to TLS
  std::string address = {};                              ///< numeric, with the port: of the proxy where there is one
  std::optional<Milliseconds> connected = std::nullopt;  ///< until TCP stood; absent where it did not
  Milliseconds took{};                                   ///< all of it
  TlsPeer peer = {};
};

/// A probe in progress. Destroying it cancels: the answer is then never called. Loop thread only.
class TlsProbe {
 public:
  virtual ~TlsProbe() = default;
};

/// Dials, shakes hands, closes. Loop thread; `answer` is called once on it, never from within this call, and may
/// destroy the probe. `clock` and what `network` has outlive it.
std::unique_ptr<TlsProbe> probe_tls(EventLoop& loop, NetworkContext network, const Clock& clock,
                                    TlsProbeOptions options, UniqueFunction<void(TlsProbeAnswer)> answer);

}  // namespace ponte::net
