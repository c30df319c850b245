// The route table: what each endpoint declares, and how a target finds it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/auth.h"
#include "api/http.h"
#include "api/rate_limit.h"
#include "api/target.h"

namespace ponte::api {

/// One row. The schemas are JSON Schema as text, for the API description.
struct Route {
  Method method = Method::kGet;
  std::string_view path;  ///< `/api/instance/connect/:instance`: literals, and a parameter as the last segment
  Auth auth = Auth::kEither;
  Limit limit = Limit::kGlobal;
  Handler handler;
  std::string_view summary;
  std::string_view request_schema = {};
  std::string_view response_schema = {};
};

/// What a method and a target lead to.
struct Match {
  enum class Kind { kFound, kNoRoute, kWrongMethod };
  Kind kind = Kind::kNoRoute;
  Route* route = nullptr;
  std::map<std::string, std::string, std::less<>> params;
  std::string allow;  ///< methods of the path, for `Allow`; empty where nothing is there
};

/// Immutable once made; `match` may be called from several threads.
class Router {
 public:
  explicit Router(std::vector<Route> routes);

  /// HEAD finds GET's row. A missing last segment matches the parameter as empty, so that the endpoint can say so.
  Match match(Method method, const Target& target);
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  std::vector<std::vector<std::string>> patterns_;  ///< of the row with the same index
};

}  // namespace ponte::api
