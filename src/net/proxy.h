// The proxy through which an owner's connections go.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace ponte::net {

enum class ProxyProtocol {
  kHttp,    ///< CONNECT (RFC 9110 9.3.6)
  kHttps,   ///< the same within TLS; the certificate must name the proxy
  kSocks5,  ///< RFC 1928, RFC 1929; names are always resolved by the proxy
};

/// `http`, `https`, `socks5`, and `socks5h` for the same. kInvalidArgument/kInvalidProxy.
Result<ProxyProtocol> proxy_protocol_from_name(std::string_view name);
std::string_view proxy_protocol_name(ProxyProtocol protocol);

/// A proxy's password. Copies are wiped as well. Never in a message.
class ProxyPassword {
 public:
  ProxyPassword() = default;
  explicit ProxyPassword(std::string_view text) : bytes_(to_bytes(text)) {}
  ProxyPassword(const ProxyPassword& other) : bytes_(to_bytes(other.bytes_.view())) {}
  ProxyPassword(ProxyPassword&&) noexcept = default;
  ProxyPassword& operator=(const ProxyPassword& other) { return *this = ProxyPassword(other); }
  ProxyPassword& operator=(ProxyPassword&&) noexcept = default;
  ~ProxyPassword() = default;

  std::string_view view() const { return as_text(bytes_.view()); }
  bool operator==(const ProxyPassword& other) const;

 private:
  SecretBytes bytes_;
};

/// With a proxy nothing ever goes to a target directly, and no target's name is resolved here.
struct Proxy {
  ProxyProtocol protocol = ProxyProtocol::kHttp;
  std::string host;  ///< a name or a numeric address, without brackets
  std::uint16_t port = 0;
  std::string username = {};  ///< both empty: the proxy is asked without
  ProxyPassword password = {};
  /// Without it an address of the proxy that is not public is refused with kForbidden/kProxyNotAllowed.
  bool allow_private = true;

  /// `http://[user[:password]@]host:port`, `https://` and `socks5://` alike, `socks5h://` for the same. User and
  /// password are percent-decoded. kInvalidArgument/kInvalidProxy; the message repeats nothing of the text, in which
  /// a password may stand anywhere.
  static Result<Proxy> parse(std::string_view url);

  /// Whether host, port, user and password can be used with the protocol. kInvalidArgument/kInvalidProxy.
  Status check() const;
  /// `socks5://host:port`, without user and password: for messages.
  std::string to_string() const;

  bool operator==(const Proxy&) const = default;
};

/// An error on the way to the proxy or during its handshake, as the proxy's: kProxyUnreachable with its code and
/// words. kProxyUnreachable, -Refused, -AuthFailed, -NotAllowed, kOverloaded and kShuttingDown stay what they are.
Error proxy_unreachable(const Proxy& proxy, Error inner);
/// kRejected/kProxyAuthFailed: it wants credentials, or others.
Error proxy_auth_failed(const Proxy& proxy, const std::string& why);

/// Why a proxy does not connect to a target, and whether the same question may be answered otherwise next time
/// (kUnavailable), later (kRateLimited) or not (kRejected).
struct ProxyRefusal {
  Errc code;
  std::string why;
};
/// Of an answer to CONNECT that is neither 2xx nor 407.
ProxyRefusal http_refusal(int status);
/// Of a reply of SOCKS5 that is not 0.
ProxyRefusal socks5_refusal(std::uint8_t reply);
/// kProxyRefused. `target` is host:port.
Error proxy_refused(const Proxy& proxy, const std::string& target, const ProxyRefusal& refusal);

}  // namespace ponte::net
