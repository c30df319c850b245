// The HTTP server: Pistache accepts connections and parses requests on its worker threads; answers are ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "api/connection_watcher.h"
#include "api/dispatcher.h"
#include "api/request_gate.h"
#include "base/result.h"
#include "base/time.h"

namespace ponte::api {

struct ServerOptions {
  std::string listen = "127.0.0.1:8080";  ///< `address:port`, `[::1]:port`; port 0 takes a free one
  unsigned workers = 2;
  std::size_t max_connections = 4096;
  std::size_t max_requests_per_connection = 1000;
  RequestLimits request;
  Milliseconds request_time{10'000};     ///< from a request's first byte to its last
  Milliseconds keep_alive_time{15'000};  ///< of a connection that sends nothing
  ConnectionWatcher::Limits watcher;
};

/// Start it once, after what the dispatcher's handlers need; end with begin_shutdown() and stop(), from one thread.
///
/// No answer goes through Pistache's ResponseWriter, whose queue is keyed by descriptor number and delivers to whoever
/// has that number by then. A synchronous answer is written on the worker, which alone closes Pistache's descriptor; a
/// deferred one on a duplicate of it. Requests are framed by RequestGate before Pistache's parser sees them.
class PistacheServer {
 public:
  PistacheServer(ServerOptions options, Dispatcher& dispatcher, const Clock& clock);
  ~PistacheServer();

  /// kUnavailable where the address cannot be listened on.
  Status start();
  /// The port that it listens on.
  std::uint16_t port() const;

  /// From now on requests are answered 503; those that wait go on.
  void begin_shutdown();
  /// Waits until the waiting ones are answered, at most `drain`; then closes everything. Idempotent.
  void stop(Milliseconds drain);

  /// Connections that hold a slot now.
  std::size_t connections() const;
  /// Requests whose answer is due or being written.
  std::size_t waiting() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ponte::api
