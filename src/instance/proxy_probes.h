// Whether a proxy leads to WhatsApp: tried on request, beside the instances.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "base/reply.h"
#include "base/time.h"
#include "instance/environment.h"
#include "net/proxy.h"
#include "net/web_socket.h"

namespace ponte::instance {

/// Opens a WebSocket as a session would, says nothing on it, and closes it. Lives on the lane's loop.
class ProxyProbes {
 public:
  /// At once: each holds a socket for up to 20 s.
  static constexpr std::size_t kMost = 16;

  /// Both outlive it.
  ProxyProbes(const Environment& environment, const Lane& lane) : environment_(environment), lane_(lane) {}
  /// Those under way are answered kCancelled/kShuttingDown.
  ~ProxyProbes();

  /// How long it took; the dial's error; kUnavailable/kOverloaded.
  void run(net::Proxy proxy, Reply<Milliseconds> reply);

 private:
  struct Probe {
    std::unique_ptr<net::WebSocket> socket;
    Reply<Milliseconds> reply;
    Mono since{};
  };

  const Environment& environment_;
  const Lane& lane_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Probe> probes_;
};

}  // namespace ponte::instance
