// GET /docs, GET /docs/:file: the documentation page and what it loads (contract 1.8). Nothing comes from elsewhere.
#include "api/endpoints/endpoints.h"
#include "api/page_content.h"

namespace ponte::api {
namespace {

constexpr char kIndex[] = "index.html";

Response answer(const EndpointContext& context, const PageContent& files, std::string_view name,
                const Request& request) {
  if (auto response = files.answer(name, request)) return std::move(*response);
  return failure(context, request, Error{Errc::kNotFound, Cause::kRouteNotFound, "no such file of the page"});
}

/// `name_of`: which file a request is for.
Route docs_row(EndpointContext context, std::string_view path, std::string_view (*name_of)(const Request&)) {
  Route route;
  route.method = Method::kGet;
  route.path = path;
  route.auth = Auth::kNone;
  route.limit = Limit::kGlobal;
  route.tag = "Service";
  route.answers = {{304, "The copy that If-None-Match names is current"}};
  route.cors = Cors::kNone;
  route.handler = [context, name_of, files = PageContent(docs_files())](const Request& request, Reply<Response> reply) {
    reply.answer(answer(context, files, name_of(request), request));
  };
  return route;
}

std::string_view file_of(const Request& request) {
  const auto found = request.params.find("file");
  return found == request.params.end() || found->second.empty() ? std::string_view(kIndex) : found->second;
}

}  // namespace

Route docs_route(EndpointContext context) {
  Route route = docs_row(context, "/docs", [](const Request&) { return std::string_view(kIndex); });
  route.summary = "This API as a page";
  route.response_type = "text/html";
  return route;
}

Route docs_file_route(EndpointContext context) {
  Route route = docs_row(context, "/docs/:file", file_of);
  route.summary = "What the page loads";
  route.response_type = "text/html, text/css, text/javascript, text/plain";
  route.answers.push_back({404, "`Not found`"});
  return route;
}

}  // namespace ponte::api
