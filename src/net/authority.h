// The part of a URL that says where to connect.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ponte::net {

/// "host", "host:port", "[v6]" or "[v6]:port", without user information.
struct Authority {
  std::string host;                   ///< in lower case, without brackets
  std::optional<std::uint16_t> port;  ///< where it is given
};

/// The host is a name of letters, digits, `-`, `.` and `_`, an IPv4 or an IPv6 address; the port is 1 to 65535.
/// kInvalidArgument/kInvalidRequest; the message says what was expected and repeats nothing of the text.
Result<Authority> parse_authority(std::string_view text);

/// host:port as URLs and HTTP have it: an IPv6 address in brackets.
std::string format_authority(const std::string& host, std::uint16_t port);

}  // namespace ponte::net
