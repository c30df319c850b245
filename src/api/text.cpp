#include "api/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

#include "base/utc.h"

namespace ponte::api {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::tm utc(Wall wall) {
  const std::time_t seconds = unix_seconds(wall);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

}  // namespace

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (const auto element = trim(text.substr(0, comma)); !element.empty()) out.push_back(element);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return out;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool list_contains(std::string_view list, std::string_view element) {
  const auto elements = split_list(list);
  return std::any_of(elements.begin(), elements.end(),
                     [&](std::string_view each) { return equals_ignoring_case(each, element); });
}

std::string rfc3339(Wall wall) {
  return utc_text(unix_seconds(wall)).value_or("1970-01-01T00:00:00Z");
}

namespace {

/// Reads digits and signs from the front.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}

  bool ends() const { return rest_.empty(); }
  bool skip(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly so many digits, from `least` to `most`.
  bool number(std::size_t digits, int least, int most, int& out) {
    const auto value = whole_number(rest_.substr(0, digits));
    if (rest_.size() < digits || !value || *value < static_cast<std::uint64_t>(least) ||
        *value > static_cast<std::uint64_t>(most)) {
      return false;
    }
    out = static_cast<int>(*value);
    rest_.remove_prefix(digits);
    return true;
  }
  /// One digit or more, of which three count.
  bool fraction(int& milliseconds) {
    const auto end = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (end == 0) return false;
    std::string digits(rest_.substr(0, std::min<std::size_t>(end, 3)));
    digits.resize(3, '0');
    milliseconds = static_cast<int>(*whole_number(digits));
    rest_.remove_prefix(end);
    return true;
  }
  /// `Z`, `+01:00`, `-0330`; nothing is UTC.
  bool zone(int& minutes) {
    if (rest_.empty() || skip('Z') || skip('z')) return true;
    const bool west = rest_.front() == '-';
    if (!skip('+') && !skip('-')) return false;
    int hour = 0;
    int minute = 0;
    if (!number(2, 0, 23, hour)) return false;
    skip(':');
    if (!number(2, 0, 59, minute)) return false;
    minutes = (west ? -1 : 1) * (60 * hour + minute);
    return true;
  }

 private:
  std::string_view rest_;
};

}  // namespace

std::optional<Wall> parse_iso8601(std::string_view text) {
  TimeReader reader(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milliseconds = 0, zone = 0;
  if (!reader.number(4, 1970, 9999, year) || !reader.skip('-') || !reader.number(2, 1, 12, month) ||
      !reader.skip('-') || !reader.number(2, 1, 31, day)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  if (!reader.ends()) {
    if (!reader.skip('T') && !reader.skip('t') && !reader.skip(' ')) return std::nullopt;
    if (!reader.number(2, 0, 23, hour) || !reader.skip(':') || !reader.number(2, 0, 59, minute)) return std::nullopt;
    // 60: a leap second.
    if (reader.skip(':') && !reader.number(2, 0, 60, second)) return std::nullopt;
    if (reader.skip('.') && !reader.fraction(milliseconds)) return std::nullopt;
    if (!reader.zone(zone) || !reader.ends()) return std::nullopt;
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  const Milliseconds time =
      std::chrono::hours(hour) + std::chrono::minutes(minute - zone) + Seconds(second) + Milliseconds(milliseconds);
  const Wall out(std::chrono::duration_cast<Milliseconds>(days) + time);
  return out < Wall{} ? std::nullopt : std::optional(out);
}

std::string http_date(Wall wall) {
  // Not strftime's %a and %b: those follow the locale.
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm parts = utc(wall);
  std::array<char, 64> out{};
  const int size =
      std::snprintf(out.data(), out.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[parts.tm_wday], parts.tm_mday,
                    kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return {out.data(), static_cast<std::size_t>(size)};
}

std::string uptime_text(Milliseconds uptime) {
  const auto total = std::chrono::duration_cast<Seconds>(uptime).count();
  std::string out;
  if (total >= 3600) out += std::to_string(total / 3600) + "h";
  if (total >= 60) out += std::to_string(total / 60 % 60) + "m";
  return out + std::to_string(total % 60) + "s";
}

}  // namespace ponte::api
