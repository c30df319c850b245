// GET /openapi.json: the API description (contract 1.8).
#include "api/openapi.h"

#include <memory>

#include "api/endpoints/endpoints.h"
#include "api/static_content.h"

namespace ponte::api {

void add_openapi_route(std::vector<Route>& routes, std::string_view public_url) {
  Route row;
  row.method = Method::kGet;
  row.path = "/openapi.json";
  row.auth = Auth::kNone;
  row.limit = Limit::kNone;
  row.summary = "This document: the API in OpenAPI 3.1";
  row.tag = "Service";
  row.response_schema = R"({"type":"object","required":["openapi","info","paths"]})";
  row.answers = {{304, "The copy that If-None-Match names is current"}};
  routes.push_back(std::move(row));

  // On the heap, since the content is a view of the text beside it.
  struct Document {
    explicit Document(std::string made) : text(std::move(made)), content("application/json", text) {}
    std::string text;
    StaticContent content;
  };
  routes.back().handler =
      [document = std::make_unique<Document>(openapi_document(routes, {PONTE_VERSION, public_url}))](
          const Request& request, Reply<Response> reply) { reply.answer(document->content.answer(request)); };
}

}  // namespace ponte::api
