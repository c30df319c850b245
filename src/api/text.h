// Small texts of HTTP: blanks, case, lists, dates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace ponte::api {

/// Without blanks and tabs at both ends.
std::string_view trim(std::string_view text);
/// ASCII only.
std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view left, std::string_view right);
/// The trimmed elements between commas; empty ones are dropped.
std::vector<std::string_view> split_list(std::string_view text);
/// Decimal digits and nothing else; nullopt also beyond 64 bits.
std::optional<std::uint64_t> whole_number(std::string_view text);
/// Whether a comma list holds `element`, case ignored.
bool list_contains(std::string_view list, std::string_view element);

/// `2026-11-22T19:04:05Z`.
std::string rfc3339(Wall wall);
/// ISO 8601 as RFC 3339 has it, or the date alone, which is its midnight in UTC: `2026-11-22T19:04:05Z`,
/// `2026-11-22T20:04:05.25+01:00`, `2026-11-22`. The seconds may be missing, and so may the zone: UTC. nullopt for what
/// is none, and beyond the years 1970 to 9999.
std::optional<Wall> parse_iso8601(std::string_view text);
/// `Sun, 22 Nov 2026 19:04:05 GMT` (RFC 9110 5.6.7).
std::string http_date(Wall wall);
/// `12h34m56s`, `34m56s`, `56s`.
std::string uptime_text(Milliseconds uptime);

}  // namespace ponte::api
