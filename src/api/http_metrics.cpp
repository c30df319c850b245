#include "api/http_metrics.h"

namespace ponte::api {

HttpMetrics::HttpMetrics(const std::vector<Route>& routes) {
  for (const Route& route : routes) {
    routes_.push_back(std::make_unique<RouteMetrics>(route.path, method_name(route.method)));
  }
  routes_.push_back(std::make_unique<RouteMetrics>("unmatched", "any"));
  routes_.push_back(std::make_unique<RouteMetrics>("preflight", "OPTIONS"));
  routes_.push_back(std::make_unique<RouteMetrics>("malformed", "any"));
}

}  // namespace ponte::api
