// What the REST layer counts.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string_view>
#include <vector>

#include "api/routes.h"
#include "base/metrics.h"

namespace ponte::api {

/// Requests of one route, or of none.
struct RouteMetrics {
  static constexpr std::array<double, 10> kBounds{0.0005, 0.001, 0.005, 0.01, 0.05, 0.25, 1, 5, 15, 60};

  RouteMetrics(std::string_view the_route, std::string_view the_method) : route(the_route), method(the_method) {}
  void count(int status, std::chrono::nanoseconds took) {
    const int status_class = status / 100;
    if (status_class >= 1 && status_class <= 5) by_class[static_cast<std::size_t>(status_class) - 1].add();
    duration.observe(took);
  }

  const std::string_view route;     ///< the pattern, never the path
  const std::string_view method;    ///< the route's own: HEAD is counted with GET
  std::array<Counter, 5> by_class;  ///< 1xx to 5xx
  Histogram duration{kBounds};
};

/// As many figures as there are routes, whatever clients ask for. Counted and read on any thread.
class HttpMetrics {
 public:
  explicit HttpMetrics(const std::vector<Route>& routes);

  RouteMetrics& of(std::size_t route) { return *routes_[route]; }
  RouteMetrics& unmatched() { return *routes_[routes_.size() - 3]; }  ///< no such route or method
  RouteMetrics& preflight() { return *routes_[routes_.size() - 2]; }
  RouteMetrics& malformed() { return *routes_.back(); }  ///< what never became a request
  const std::vector<std::unique_ptr<RouteMetrics>>& routes() const { return routes_; }

  Counter rate_limited_tokens;
  Counter rate_limited_addresses;
  Counter invalid_tokens;

 private:
  std::vector<std::unique_ptr<RouteMetrics>> routes_;
};

}  // namespace ponte::api
