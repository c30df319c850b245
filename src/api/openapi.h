// The API description: an OpenAPI 3.1 document made of the route table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/routes.h"

namespace ponte::api {

/// Unique as long as method and path are: `getInstanceConnectByInstance`, `postInstancesPasskeyConfirm`.
std::string operation_id(const Route& route);

/// What the table does not say.
struct ApiFacts {
  std::string_view version;
  std::string_view public_url = {};  ///< where clients reach it, where that is known
};

/// Each row is an operation. Besides what the row lists it says what follows from its kind: 401 and 429 where a token
/// is asked for or requests are counted, 404 with `:instance`, and what any request may meet (400, 413, 414, 431, 500,
/// 503). A schema that is no JSON is our own bug.
std::string openapi_document(const std::vector<Route>& routes, const ApiFacts& facts);

}  // namespace ponte::api
