// Civil time as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ponte {

/// RFC 3339 in UTC: `2025-03-24T21:00:00Z`. nullopt for what has no such text: before 1970, or past the year 9999.
std::optional<std::string> utc_text(std::int64_t unix_seconds);

}  // namespace ponte
