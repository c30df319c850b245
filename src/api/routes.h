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

/// A parameter of the query, for the API description.
struct QueryParameter {
  std::string_view name;
  std::string_view description;
  std::string_view schema = R"({"type":"string","pattern":"^[^\u0000]*$"})";  ///< no target holds a NUL
  bool required = false;
};

/// An answer besides the success, for the API description. What every route of its kind answers needs no entry
/// (openapi.h), but one may say more about it.
struct RouteAnswer {
  int status = 500;
  std::string_view description;  ///< its messages and codes
  std::string_view schema = {};  ///< of a body that is not the error envelope
  std::string_view type = {};    ///< of a body that is no JSON
};

/// Whether pages of PONTE_CORS_ORIGINS may read the answers.
enum class Cors { kAllowed, kNone };

enum class RequestBody { kRequired, kOptional };

/// One row. The schemas are JSON Schema (2020-12) as text, for the API description; `#/components/schemas/...` are
/// those of instance_json.h and problem.h.
struct Route {
  Method method = Method::kGet;
  std::string_view path;  ///< `/api/instance/connect/:instance`: literals, and a parameter as the last segment
  Auth auth = Auth::kEither;
  Limit limit = Limit::kGlobal;
  bool query_token = false;  ///< `?token=` will do in place of a header (contract 0.1: /ws alone)
  bool ticket = false;       ///< `?ticket=` will do in place of a token
  Handler handler;
  std::string_view summary;
  std::string_view request_schema = {};  ///< empty: no body is read
  RequestBody request = RequestBody::kRequired;
  std::string_view response_schema = {};
  std::string_view account_query = {};  ///< with this key in the query it shows more, to the account token only
  std::string_view audit = {};          ///< what it does, where it changes something: `instance.create`
  std::string_view tag = "Instances";
  std::string_view description = {};  ///< CommonMark
  std::vector<QueryParameter> query = {};
  int success = 200;
  std::string_view response_type = "application/json";  ///< or several with commas
  std::vector<RouteAnswer> answers = {};
  Cors cors = Cors::kAllowed;
};

/// The parts of a row's path between its slashes; they live as long as the path.
std::vector<std::string_view> segments_of(std::string_view path);

/// Whom a route lets in with this request's query.
Auth auth_of(const Route& route, const Request& request);

/// What a method and a target lead to.
struct Match {
  enum class Kind { kFound, kNoRoute, kWrongMethod };
  Kind kind = Kind::kNoRoute;
  Route* route = nullptr;
  std::size_t index = 0;  ///< of the row
  std::map<std::string, std::string, std::less<>> params;
  std::string allow;  ///< methods of the path, for `Allow`; empty where nothing is there
};

/// Of a row that ends in a parameter.
enum class LastSegment { kThere, kMissing };

/// Immutable once made; `match` may be called from several threads.
class Router {
 public:
  explicit Router(std::vector<Route> routes);

  /// HEAD finds GET's row. A missing last segment matches the parameter as empty, so that the endpoint can say so.
  Match match(Method method, const Target& target);
  const std::vector<Route>& routes() const { return routes_; }

 private:
  Match match(Method method, const Target& target, LastSegment last);

  std::vector<Route> routes_;
  std::vector<std::vector<std::string_view>> patterns_;  ///< of the row with the same index
};

}  // namespace ponte::api
