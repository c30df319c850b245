// A WebSocket server that somebody else wrote: websocketpp on asio, plain or with TLS, on loopback.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "support/net/certificates.h"

namespace ponte::test {

/// Runs on a thread of its own. Binary messages are echoed. The wait_ functions give up after 20 s and
/// throw, which fails the test.
class TestWsServer {
 public:
  struct Request {
    std::string resource;
    std::map<std::string, std::string> headers;
  };

  /// Sessions last a week with tickets, two hours without.
  enum class Tls {
    kAny,
    k12Tickets,
    k12SessionIds,  // no tickets: sessions in the server's memory
  };

  explicit TestWsServer(std::optional<IssuedCertificate> certificate = std::nullopt, Tls tls = Tls::kAny);
  ~TestWsServer();
  std::uint16_t port() const;

  /// From now on upgrades are refused with this status and header.
  void refuse_upgrades(int status, const std::string& header = "", const std::string& value = "");

  void wait_for_connections(std::size_t count);
  std::size_t connection_count() const;
  Request last_request() const;
  /// To every open connection.
  void send_binary(ByteView message);
  void send_text(const std::string& message);
  void ping(const std::string& payload);
  void close(int code, const std::string& reason);
  /// The payload of the next pong.
  std::string wait_for_pong();
  /// The close code that the next closing client gave.
  int wait_for_close();

  /// Of a server with TLS: whoever comes with a session from before must shake hands anew.
  void forget_sessions();
  /// Connections so far that resumed a TLS session.
  std::size_t resumed() const;

  class Engine;

 private:
  std::unique_ptr<Engine> engine_;
};

}  // namespace ponte::test
