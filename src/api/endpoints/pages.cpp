// GET /, GET /link/:token, GET /pages/:file: the pages for people, and what they load (contract 1.10). Nothing comes
// from elsewhere, and showing one changes nothing.
#include <vector>

#include "api/endpoints/endpoints.h"
#include "api/page_content.h"
#include "instance/links.h"

namespace ponte::api {
namespace {

bool is_page(std::string_view name) {
  return name.ends_with(".html");
}

/// Of the files those that are pages, or those that pages load.
PageContent files_where(bool pages, Keeping keeping) {
  std::vector<EmbeddedFile> files = page_files();
  std::erase_if(files, [pages](const EmbeddedFile& file) { return is_page(file.name) != pages; });
  return PageContent(files, keeping);
}

Response answer(const EndpointContext& context, const PageContent& files, std::string_view name,
                const Request& request) {
  if (auto response = files.answer(name, request)) return std::move(*response);
  return failure(context, request, Error{Errc::kNotFound, Cause::kRouteNotFound, "no such file of the pages"});
}

Route page_row(std::string_view path) {
  Route route;
  route.method = Method::kGet;
  route.path = path;
  route.auth = Auth::kNone;
  route.limit = Limit::kGlobal;
  route.tag = "Pages";
  route.cors = Cors::kNone;
  return route;
}

std::string_view parameter(const Request& request, std::string_view name) {
  const auto found = request.params.find(name);
  return found == request.params.end() ? std::string_view() : found->second;
}

/// 404: nobody's token; 410: the link is over.
int status_of(const EndpointContext& context, std::string_view token) {
  const auto holder = context.links == nullptr ? std::nullopt : context.links->authenticate(token);
  if (!holder) return 404;
  return context.links->open(*holder) ? 200 : 410;
}

}  // namespace

Route dashboard_page_route(EndpointContext context) {
  Route route = page_row("/");
  route.summary = "The dashboard";
  route.description = "A page for who has the account token, which it asks for.";
  route.response_type = "text/html";
  route.answers = {{304, "The copy that If-None-Match names is current"}};
  route.handler = [context, files = files_where(true, Keeping::kRevalidated)](const Request& request,
                                                                              Reply<Response> reply) {
    reply.answer(answer(context, files, "dashboard.html", request));
  };
  return route;
}

Route link_page_route(EndpointContext context) {
  Route route = page_row("/link/:token");
  route.summary = "The page that a link leads to";
  route.description = "Opening it changes nothing. It is the same page whatever became of the link, and says so.";
  route.response_type = "text/html";
  route.answers = {{404, "The page of a token that is unknown or revoked", {}, "text/html"},
                   {410, "The page of a link that is over", {}, "text/html"}};
  route.handler = [context, files = files_where(true, Keeping::kNone)](const Request& request, Reply<Response> reply) {
    Response response = answer(context, files, "link.html", request);
    response.status = status_of(context, parameter(request, "token"));
    reply.answer(std::move(response));
  };
  return route;
}

Route page_file_route(EndpointContext context) {
  Route route = page_row("/pages/:file");
  route.summary = "What the pages load";
  route.response_type = "text/css, text/javascript, text/plain";
  route.answers = {{304, "The copy that If-None-Match names is current"}, {404, "`Not found`"}};
  route.handler = [context, files = files_where(false, Keeping::kRevalidated)](const Request& request,
                                                                               Reply<Response> reply) {
    reply.answer(answer(context, files, parameter(request, "file"), request));
  };
  return route;
}

}  // namespace ponte::api
