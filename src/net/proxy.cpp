#include "net/proxy.h"

#include <algorithm>

#include "crypto/compare.h"
#include "net/authority.h"
#include "net/text.h"

namespace ponte::net {
namespace {

// RFC 1929 2: lengths are one byte.
constexpr std::size_t kMaxSocksText = 255;
// What proxies take is shorter by far; the whole request stays below a usual header limit.
constexpr std::size_t kMaxHttpText = 1024;

struct ProtocolName {
  std::string_view name;
  ProxyProtocol protocol;
};
// The first name of each is the one that is written.
constexpr ProtocolName kNames[] = {
    {"http", ProxyProtocol::kHttp},
    {"https", ProxyProtocol::kHttps},
    {"socks5", ProxyProtocol::kSocks5},
    {"socks5h", ProxyProtocol::kSocks5},
};

Error invalid(const std::string& what) {
  return {Errc::kInvalidArgument, Cause::kInvalidProxy, "the proxy cannot be used: " + what};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// RFC 3986 2.1. What is not allowed to stand there as it is (3.2.1) is refused, so that nothing is misread.
Result<SecretBytes> percent_decode(std::string_view text) {
  static constexpr std::string_view kPlain = "-._~!$&'()*+,;=:";
  SecretBytes out(Bytes(text.size()));
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool is_alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    std::uint8_t byte = c;
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return invalid("expected two hexadecimal digits after % in user or password");
      byte = static_cast<std::uint8_t>(high << 4 | low);
      i += 2;
    } else if (!is_alphanumeric && kPlain.find(text[i]) == std::string_view::npos) {
      return invalid("expected user and password with all special characters percent-encoded");
    }
    out.mutable_view()[size++] = byte;
  }
  return SecretBytes(to_bytes(out.view().first(size)));
}

Status parse_credentials(std::string_view text, Proxy& proxy) {
  const auto colon = std::min(text.find(':'), text.size());
  PONTE_ASSIGN(const SecretBytes username, percent_decode(text.substr(0, colon)));
  proxy.username = to_text(username.view());
  if (colon == text.size()) return Status::Ok();
  PONTE_ASSIGN(const SecretBytes password, percent_decode(text.substr(colon + 1)));
  proxy.password = ProxyPassword(as_text(password.view()));
  return Status::Ok();
}

// RFC 7617 2: neither may have control characters, and a colon ends the user.
Status check_basic(std::string_view username, std::string_view password) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::any_of(username.begin(), username.end(), is_control) ||
      std::any_of(password.begin(), password.end(), is_control))
    return invalid("expected user and password without control characters");
  if (username.find(':') != std::string_view::npos) return invalid("HTTP allows no colon in the user");
  if (username.size() > kMaxHttpText || password.size() > kMaxHttpText)
    return invalid("expected at most " + std::to_string(kMaxHttpText) + " bytes each for user and password");
  return Status::Ok();
}

Status check_socks(std::string_view username, std::string_view password) {
  if (username.empty() && !password.empty()) return invalid("SOCKS5 has no password without a user");
  const std::string_view nul("\0", 1);
  if (username.find(nul) != std::string_view::npos || password.find(nul) != std::string_view::npos)
    return invalid("expected user and password without NUL");
  if (username.size() > kMaxSocksText || password.size() > kMaxSocksText)
    return invalid("SOCKS5 has room for " + std::to_string(kMaxSocksText) + " bytes each of user and password, got " +
                   std::to_string(username.size()) + " and " + std::to_string(password.size()));
  return Status::Ok();
}

}  // namespace

Result<ProxyProtocol> proxy_protocol_from_name(std::string_view name) {
  for (const ProtocolName& row : kNames) {
    if (row.name == name) return row.protocol;
  }
  return invalid("expected the protocol http, https, socks5 or socks5h");
}

std::string_view proxy_protocol_name(ProxyProtocol protocol) {
  return std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& row) { return row.protocol == protocol; })
      ->name;
}

bool ProxyPassword::operator==(const ProxyPassword& other) const {
  return crypto::equal_constant_time(bytes_.view(), other.bytes_.view());
}

Result<Proxy> Proxy::parse(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return invalid("expected a URL such as socks5://user:password@host:port");
  Proxy proxy;
  PONTE_ASSIGN(proxy.protocol, proxy_protocol_from_name(lower_case(url.substr(0, scheme_end))));
  std::string_view rest = url.substr(scheme_end + 3);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    PONTE_TRY(parse_credentials(rest.substr(0, at), proxy));
    rest.remove_prefix(at + 1);
  }
  if (rest.find_first_of("/?#") != std::string_view::npos) return invalid("expected nothing after the port");
  auto authority = parse_authority(rest);
  if (!authority.ok()) return invalid(authority.error().message);
  if (!authority->port) return invalid("expected a port after the host");
  proxy.host = std::move(authority->host);
  proxy.port = *authority->port;
  PONTE_TRY(proxy.check());
  return proxy;
}

Status Proxy::check() const {
  const auto authority = parse_authority(format_authority(host, port));
  if (!authority.ok()) return invalid(authority.error().message);
  return protocol == ProxyProtocol::kSocks5 ? check_socks(username, password.view())
                                            : check_basic(username, password.view());
}

std::string Proxy::to_string() const {
  return std::string(proxy_protocol_name(protocol)) + "://" + format_authority(host, port);
}

Error proxy_unreachable(const Proxy& proxy, Error inner) {
  switch (inner.cause) {
    case Cause::kProxyUnreachable:
    case Cause::kProxyRefused:
    case Cause::kProxyAuthFailed:
    case Cause::kProxyNotAllowed:
    case Cause::kOverloaded:
    case Cause::kShuttingDown: return inner;
    default: break;
  }
  inner.cause = Cause::kProxyUnreachable;
  inner.message = "proxy " + proxy.to_string() + " cannot be used: " + inner.message;
  return inner;
}

Error proxy_auth_failed(const Proxy& proxy, const std::string& why) {
  const bool has_credentials = !proxy.username.empty() || !proxy.password.view().empty();
  return {
      Errc::kRejected, Cause::kProxyAuthFailed,
      "proxy " + proxy.to_string() + (has_credentials ? " refused our credentials: " : " wants credentials: ") + why};
}

Error proxy_refused(const Proxy& proxy, const std::string& target, const ProxyRefusal& refusal) {
  return {refusal.code, Cause::kProxyRefused,
          "proxy " + proxy.to_string() + " refused to connect to " + target + ": " + refusal.why};
}

// What RFC 9110 says of the gateway's troubles (15.6), and what proxies answer in their place.
ProxyRefusal http_refusal(int status) {
  const std::string why = "HTTP status " + std::to_string(status);
  switch (status) {
    case 408:
    case 500:
    case 502:
    case 503:
    case 504: return {Errc::kUnavailable, why};
    case 429: return {Errc::kRateLimited, why};
    default: return {Errc::kRejected, why};
  }
}

// RFC 1928 6.
ProxyRefusal socks5_refusal(std::uint8_t reply) {
  switch (reply) {
    case 1: return {Errc::kUnavailable, "general failure"};
    case 2: return {Errc::kRejected, "its rules do not allow it"};
    case 3: return {Errc::kUnavailable, "network unreachable"};
    case 4: return {Errc::kUnavailable, "host unreachable"};
    case 5: return {Errc::kUnavailable, "connection refused"};
    case 6: return {Errc::kUnavailable, "TTL expired"};
    case 7: return {Errc::kRejected, "it does not know CONNECT"};
    case 8: return {Errc::kRejected, "it does not know this kind of address"};
    default: return {Errc::kRejected, "unassigned reply " + std::to_string(reply)};
  }
}

}  // namespace ponte::net
