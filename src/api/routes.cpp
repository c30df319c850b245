#include "api/routes.h"

#include <algorithm>
#include <optional>

namespace ponte::api {
namespace {

using Params = std::map<std::string, std::string, std::less<>>;

std::optional<Params> match_segments(const std::vector<std::string_view>& pattern,
                                     const std::vector<std::string>& segments, LastSegment last) {
  const bool parameter_last = !pattern.empty() && pattern.back().substr(0, 1) == ":";
  if (last == LastSegment::kMissing && !parameter_last) return std::nullopt;
  if (segments.size() + (last == LastSegment::kMissing ? 1 : 0) != pattern.size()) return std::nullopt;
  Params params;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i].substr(0, 1) == ":") {
      params.emplace(pattern[i].substr(1), i < segments.size() ? segments[i] : std::string());
    } else if (pattern[i] != segments[i]) {
      return std::nullopt;
    }
  }
  return params;
}

}  // namespace

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

Auth auth_of(const Route& route, const Request& request) {
  const bool shows_more = !route.account_query.empty() && request.query.contains(route.account_query);
  return shows_more ? Auth::kAccount : route.auth;
}

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
  for (const Route& route : routes_) patterns_.push_back(segments_of(route.path));
}

Match Router::match(Method method, const Target& target) {
  // A path that is a row's own is never taken for that of a longer one whose last segment is missing.
  Match out = match(method, target, LastSegment::kThere);
  return out.kind == Match::Kind::kNoRoute ? match(method, target, LastSegment::kMissing) : out;
}

Match Router::match(Method method, const Target& target, LastSegment last) {
  Match out;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    auto params = match_segments(patterns_[i], target.segments, last);
    if (!params) continue;
    Route& route = routes_[i];
    const bool head_of_get = method == Method::kHead && route.method == Method::kGet;
    if (route.method == method || head_of_get) {
      out.kind = Match::Kind::kFound;
      out.route = &route;
      out.index = i;
      out.params = std::move(*params);
    }
    if (!out.allow.empty()) out.allow += ", ";
    out.allow += method_name(route.method);
    if (route.method == Method::kGet) out.allow += ", HEAD";
  }
  if (out.route == nullptr && !out.allow.empty()) out.kind = Match::Kind::kWrongMethod;
  if (!out.allow.empty()) out.allow += ", OPTIONS";
  return out;
}

}  // namespace ponte::api
