#include "protocol/session/config.h"

#include <charconv>

namespace ponte::protocol {

Result<ClientVersion> ClientVersion::parse(std::string_view text) {
  ClientVersion version;
  std::uint32_t* const parts[] = {&version.primary, &version.secondary, &version.tertiary};
  const char* position = text.data();
  const char* const end = text.data() + text.size();
  for (std::size_t i = 0; i < 3; ++i) {
    const auto [next, problem] = std::from_chars(position, end, *parts[i]);
    const bool last = i == 2;
    if (problem != std::errc() || (last ? next != end : next == end || *next != '.')) {
      return Error{Errc::kInvalidArgument, Cause::kConfigInvalid,
                   "client version: expected three numbers as in 2.3000.N, got '" + std::string(text) + "'"};
    }
    position = next + 1;
  }
  return version;
}

std::string ClientVersion::to_string() const {
  return std::to_string(primary) + "." + std::to_string(secondary) + "." + std::to_string(tertiary);
}

}  // namespace ponte::protocol
