// A proxy on loopback that says what it was asked: HTTP CONNECT or SOCKS5, with and without credentials, also in TLS.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/proxy.h"
#include "support/net/certificates.h"

namespace ponte::test {

/// Runs on threads of its own. It knows the names that it is given and no others.
class TestProxy {
 public:
  struct Options {
    net::ProxyProtocol protocol = net::ProxyProtocol::kHttp;
    std::string username = {};  ///< empty: anybody may
    std::string password = {};
    std::optional<IssuedCertificate> certificate = std::nullopt;  ///< for kHttps
    std::map<std::string, std::string> hosts = {};                ///< name -> numeric IPv4 address
  };
  struct Request {
    std::string host;
    std::uint16_t port = 0;
    bool by_name = false;
    std::string username;
    std::string password;
    std::string header;  ///< of HTTP, whole
  };

  explicit TestProxy(Options options);
  ~TestProxy();
  /// How a client names it: 127.0.0.1, with its credentials.
  net::Proxy proxy() const;
  /// All that it was asked so far.
  std::vector<Request> requests() const;
  /// Connections it accepted so far.
  std::size_t connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ponte::test
