#include "net/authority.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "net/text.h"

namespace ponte::net {
namespace {

// RFC 1035 2.3.4, without the root's dot.
constexpr std::size_t kMaxName = 253;

Error expected(const char* what) {
  return {Errc::kInvalidArgument, Cause::kInvalidRequest, std::string("expected ") + what};
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

}  // namespace

Result<Authority> parse_authority(std::string_view text) {
  Authority authority;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return expected("] after the address");
    authority.host = text.substr(1, end - 1);
    in6_addr parsed;
    if (inet_pton(AF_INET6, authority.host.c_str(), &parsed) != 1) return expected("an IPv6 address in []");
    port = text.substr(end + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    authority.host = lower_case(text.substr(0, colon));
    const std::string& host = authority.host;
    if (host.empty() || host.size() > kMaxName || !std::all_of(host.begin(), host.end(), is_host_character))
      return expected("a host name or address");
    port = text.substr(colon);
  }
  if (port.empty()) return authority;
  unsigned number = 0;
  const char* const last = port.data() + port.size();
  const auto [end, error] = std::from_chars(port.data() + 1, last, number);
  if (port.front() != ':' || error != std::errc() || end != last || number == 0 || number > 65535)
    return expected("a port from 1 to 65535");
  authority.port = static_cast<std::uint16_t>(number);
  return authority;
}

std::string format_authority(const std::string& host, std::uint16_t port) {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace ponte::net
