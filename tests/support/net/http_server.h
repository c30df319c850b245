// An HTTP server whose answers are scripted, plain or with TLS, and a client that waits.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/http_client.h"
#include "support/net/certificates.h"
#include "support/net/channel.h"
#include "support/net/raw_server.h"

namespace ponte::test {

/// Reads requests and leaves the answers to a script, until it returns false or the client is gone.
class HttpServer {
 public:
  struct Request {
    std::string header;  ///< with the request line and the empty line
    Bytes body;
  };
  /// Writes the answer; false to close.
  using Script = std::function<bool(Channel&, const Request&)>;

  explicit HttpServer(Script script, std::optional<IssuedCertificate> certificate = std::nullopt)
      : script_(std::move(script)), tls_(certificate ? std::make_unique<ServerTls>(*certificate) : nullptr) {}
  /// Answers everything with this text.
  explicit HttpServer(const std::string& answer, std::optional<IssuedCertificate> certificate = std::nullopt)
      : HttpServer([answer](Channel& client, const Request&) { return client.write(answer); }, std::move(certificate)) {
  }

  std::uint16_t port() const { return server_.port(); }
  std::string url(const std::string& path = "/", const std::string& host = "127.0.0.1") const {
    return (tls_ ? "https://" : "http://") + host + ":" + std::to_string(port()) + path;
  }
  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return connections_;
  }

 private:
  void serve(RawConnection& connection) {
    {
      const std::lock_guard lock(mutex_);
      ++connections_;
    }
    Channel client(connection.descriptor(), tls_.get());
    for (bool goes_on = client.is_open(); goes_on;) {
      Request request;
      request.header = client.read_until("\r\n\r\n");
      if (!request.header.ends_with("\r\n\r\n")) return;
      static const std::string kLength = "\r\nContent-Length: ";
      if (const auto at = request.header.find(kLength); at != std::string::npos)
        request.body = client.read_exact(std::stoul(request.header.substr(at + kLength.size())));
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      goes_on = script_(client, request);
    }
  }

  const Script script_;
  const std::unique_ptr<ServerTls> tls_;
  mutable std::mutex mutex_;  // guards the two below
  std::vector<Request> requests_;
  std::size_t connections_ = 0;
  RawServer server_{[this](RawConnection& connection) { serve(connection); }};
};

inline constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

inline net::HttpRequest request_for(const std::string& url) {
  net::HttpRequest request;
  request.url = url;
  return request;
}

inline std::string url_of(const RawServer& server) {
  return "http://127.0.0.1:" + std::to_string(server.port()) + "/secret";
}

/// Fetches and waits.
inline Result<net::HttpReply> fetch(net::HttpClient& client, net::HttpRequest request) {
  std::promise<Result<net::HttpReply>> answered;
  client.fetch(std::move(request), Reply<net::HttpReply>([&](auto result) { answered.set_value(std::move(result)); }));
  return answered.get_future().get();
}

inline void expect_error(const Result<net::HttpReply>& reply, Errc code, Cause cause, const std::string& text) {
  ASSERT_FALSE(reply.ok()) << "status " << reply->status;
  EXPECT_EQ(reply.error().code, code) << reply.error().message;
  EXPECT_EQ(reply.error().cause, cause) << reply.error().message;
  EXPECT_NE(reply.error().message.find(text), std::string::npos) << reply.error().message;
  // What the tests write into paths, headers and passwords.
  EXPECT_EQ(reply.error().message.find("secret"), std::string::npos) << reply.error().message;
}

}  // namespace ponte::test
