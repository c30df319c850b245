// WebSockets of clients: a listener of its own that pushes text to whoever was let in.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"

namespace ponte::net {

/// A message that goes to many, kept once for all of them.
using SharedText = std::shared_ptr<const std::string>;

/// One connection to a client. Thread-safe; outlives it.
class PushSocket {
 public:
  virtual ~PushSocket() = default;
  /// Queues one text message. False: the client has gone, or more than most_waiting bytes would wait for it; it is
  /// closed with 1013 then.
  virtual bool send(SharedText text) = 0;
  /// Bytes that the socket has not taken yet, as of a moment ago.
  virtual std::size_t waiting() const = 0;
  /// Closes with 1001 once all is written.
  virtual void close() = 0;
};

struct PushCallbacks {
  Task on_drained;  ///< what waited has become little; the server's thread
  Task on_gone;     ///< once, however it ended; the server's thread
};

/// What a client asks for before its WebSocket is one.
struct UpgradeRequest {
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string peer_address;
};

/// Either `opened`, which is called once the WebSocket is open, or an HTTP answer that refuses it; `headers` are of
/// both.
struct UpgradeAnswer {
  std::function<PushCallbacks(std::shared_ptr<PushSocket>)> opened;
  int status = 403;
  std::vector<std::pair<std::string, std::string>> headers;  ///< in the spelling that goes out
  std::string body;
};

/// websocketpp on a thread of its own. A client need not say anything; what it says is read and forgotten.
class WebSocketServer {
 public:
  struct Options {
    std::string listen;  ///< `address:port`, `[::1]:port`; port 0 takes a free one
    std::size_t max_connections = 4096;
    std::size_t most_waiting = 1u << 20;
    Milliseconds ping{25'000};
    Milliseconds silence{60'000};  ///< from a client that sends nothing, no pong either, until it is closed
  };
  /// Called on the server's thread for each request, upgrades or not; must not block.
  using OnUpgrade = std::function<UpgradeAnswer(UpgradeRequest request)>;

  WebSocketServer(Options options, OnUpgrade on_upgrade);
  ~WebSocketServer();
  WebSocketServer(const WebSocketServer&) = delete;
  WebSocketServer& operator=(const WebSocketServer&) = delete;

  /// kUnavailable where the address cannot be listened on.
  Status start();
  std::uint16_t port() const;
  std::size_t connections() const;
  /// Closes all with 1001, waits for them a little, and ends the thread. Idempotent.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ponte::net
