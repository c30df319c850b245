// GET /v1/instances/:instance/qr.svg, .png, .txt: the code on display as a picture (contract 1.1). Never begins an
// attempt.
#include "api/endpoints/endpoints.h"
#include "api/qr_image.h"

namespace ponte::api {
namespace {

Result<std::string> png(std::string_view text) {
  PONTE_ASSIGN(const Bytes bytes, qr_png(text));
  return std::string(as_text(bytes));
}

using Draw = Result<std::string> (*)(std::string_view text);

Result<Response> picture(const EndpointContext& context, const std::string& name, Draw draw, std::string_view type) {
  PONTE_ASSIGN(const std::string text, context.instances.shown_qr(name));
  Response response;
  PONTE_ASSIGN(response.body, draw(text));
  response.content_type = type;
  // Whoever scans it links the account.
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Route qr_route(EndpointContext context, std::string_view path, Draw draw, std::string_view type) {
  Route route;
  route.method = Method::kGet;
  route.path = path;
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.ticket = true;
  route.tag = "QR codes";
  route.description =
      "The code of the attempt under way, without beginning one: connect does. It changes every 20 s. An `<img>` takes "
      "a ticket.";
  route.response_type = type.substr(0, type.find(';'));
  route.answers = {{404, "`Instance not found`, `QR code not available` (`QR_NOT_AVAILABLE`)"}};
  route.handler =
      on_instance([context, draw, type](const std::string& name, const Request& request, Reply<Response> reply) {
        reply.answer(answer_or_failure(context, request, picture(context, name, draw, type)));
      });
  return route;
}

}  // namespace

Route qr_svg_route(EndpointContext context) {
  Route route = qr_route(context, "/v1/instances/:instance/qr.svg", qr_svg, "image/svg+xml");
  route.summary = "The current QR code as SVG";
  return route;
}

Route qr_png_route(EndpointContext context) {
  Route route = qr_route(context, "/v1/instances/:instance/qr.png", png, "image/png");
  route.summary = "The current QR code as PNG";
  return route;
}

Route qr_text_route(EndpointContext context) {
  Route route = qr_route(context, "/v1/instances/:instance/qr.txt", qr_blocks, "text/plain; charset=utf-8");
  route.summary = "The current QR code in block characters, for a terminal with light letters on dark";
  return route;
}

}  // namespace ponte::api
