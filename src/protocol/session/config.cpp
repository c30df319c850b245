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

std::optional<ClientVersion> ClientVersion::in_page(std::string_view page) {
  constexpr std::string_view kName = "client_revision";
  for (auto at = page.find(kName); at != std::string_view::npos; at = page.find(kName, at + 1)) {
    std::string_view rest = page.substr(at + kName.size());
    // Between name and number: a quote, perhaps escaped, a colon, blanks.
    const auto digits = rest.find_first_not_of("\\\"' :");
    if (digits == std::string_view::npos || rest.substr(0, digits).find(':') == std::string_view::npos) continue;
    ClientVersion version;
    const auto [end, problem] = std::from_chars(rest.data() + digits, rest.data() + rest.size(), version.tertiary);
    if (problem == std::errc() && version.tertiary != 0) return version;
  }
  return std::nullopt;
}

std::string ClientVersion::to_string() const {
  return std::to_string(primary) + "." + std::to_string(secondary) + "." + std::to_string(tertiary);
}

}  // namespace ponte::protocol
