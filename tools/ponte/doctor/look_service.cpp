#include <chrono>
#include <cstdio>

#include "ponte/doctor/look.h"

namespace ponte::tool {
namespace {

/// `2026-01-02T03:04:05Z` as seconds; nullopt where it is nothing of the kind.
std::optional<std::int64_t> seconds_of(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (std::sscanf(text.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d", &year, &month, &day, &hour, &minute, &second) != 6) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  const auto time = std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute);
  return std::chrono::duration_cast<Seconds>(time.time_since_epoch()).count() + second;
}

std::string version_of(const PontedClient& client, const nlohmann::json& health) {
  std::string version = text_at(health, "version");
  if (!version.empty()) return version;
  const auto description = client.call({.path = "/openapi.json"});
  return description.ok() ? text_at(member(description->body, "info"), "version") : std::string();
}

}  // namespace

std::string service_url(const app::Config& config, const std::string& url) {
  if (!url.empty()) return url;
  std::string listen = config.listen;
  const auto colon = listen.rfind(':');
  const std::string host = listen.substr(0, colon);
  if (host == "0.0.0.0") listen.replace(0, colon, "127.0.0.1");
  if (host == "[::]") listen.replace(0, colon, "[::1]");
  return "http://" + listen;
}

ServiceFacts look_at_service(const PontedClient& client) {
  ServiceFacts out;
  out.url = client.url();
  out.has_token = client.has_token();
  const SystemClock clock;
  Wall before = clock.now().wall;
  auto health = client.call({.path = client.has_token() ? "/health?verbose" : "/health"});
  if (health.ok() && health->status == 401) {
    out.token_refused = true;
    before = clock.now().wall;
    health = client.call({.path = "/health"});
  }
  const Wall after = clock.now().wall;
  if (!health.ok()) {
    out.problem = health.error().message;
    return out;
  }
  if (health->body.is_object()) out.health = health->body;
  if (text_at(out.health, "service") != "Ponte") return out;
  out.version = version_of(client, out.health);
  if (const auto there = seconds_of(text_at(out.health, "timestamp"))) {
    out.ahead = seconds_ahead(before, after, *there);
  }
  return out;
}

}  // namespace ponte::tool
