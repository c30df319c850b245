// /v1/link: what the page of a link asks for, with the link's own token (contract 1.9).
#include <memory>
#include <mutex>

#include "api/endpoints/endpoints.h"
#include "api/endpoints/event_push.h"
#include "api/instance_json.h"
#include "api/json.h"
#include "api/link_json.h"
#include "instance/links.h"

namespace ponte::api {
namespace {

using ViewPointer = std::shared_ptr<const instance::LinkView>;  // one for all pages that show it

constexpr char kAnswer[] = R"({"type":"object","required":["success","message","link","view"],"properties":{
"success":{"const":true},"message":{"const":"Link"},"link":{"$ref":"#/components/schemas/LinkPage"},
"view":{"$ref":"#/components/schemas/LinkView"}}})";
constexpr char kStart[] = R"({"type":"object","additionalProperties":true,"required":["method"],"properties":{
"method":{"enum":["qr","code"]},
"number":{"description":"Of method code: as of connect","type":["string","null"],"maxLength":4096}}})";
constexpr char kFailed[] = "Failed to start linking";
constexpr char kOver[] = "`Link expired`, `Link already used`, `Instance deleted`";

Result<Response> view_response(const EndpointContext& context, const instance::LinkInfo& link,
                               const instance::LinkView& view) {
  PONTE_ASSIGN(Json shown, link_view_json(view, context.clock.now()));
  return json_response(
      {{"success", true}, {"message", "Link"}, {"link", link_page_json(link)}, {"view", std::move(shown)}});
}

Result<Response> read(const EndpointContext& context, const Request& request) {
  PONTE_ASSIGN(const instance::LinkInfo link, context.links->open(*request.link));
  PONTE_ASSIGN(const ViewPointer view, context.links->view(*request.link));
  return view_response(context, link, *view);
}

/// Of an action on an open link: its page, and what it shows then.
Reply<ViewPointer> showing(const EndpointContext& context, Request request, Reply<Response> reply,
                           instance::LinkInfo link, const char* failed) {
  return answering<ViewPointer>(
      context, std::move(request), std::move(reply), failed,
      [context, link = std::move(link)](const ViewPointer& view) { return view_response(context, link, *view); });
}

/// nullopt: by QR.
Result<std::optional<std::string>> parse_start(const Request& request) {
  PONTE_ASSIGN(const Json body, parse_object(request.body));
  FieldReader fields(body);
  const auto method = fields.string("method");
  const auto number = fields.string("number");
  PONTE_TRY(fields.status());
  if (method == "qr") return std::optional<std::string>();
  if (method != "code") return invalid_request("method: expected qr or code");
  PONTE_ASSIGN(std::string digits, phone_number(number.value_or("")));
  return std::optional(std::move(digits));
}

using Act = void (*)(const EndpointContext& context, Request request, Reply<Response> reply,
                     const instance::LinkInfo& link);

void start(const EndpointContext& context, Request request, Reply<Response> reply, const instance::LinkInfo& link) {
  auto number = parse_start(request);
  if (!number) return reply.answer(failure(context, request, number.error()));
  const instance::LinkHolder holder = *request.link;
  context.links->start(holder, std::move(*number),
                       showing(context, std::move(request), std::move(reply), link, kFailed));
}

void submit_passkey(const EndpointContext& context, Request request, Reply<Response> reply,
                    const instance::LinkInfo& link) {
  const instance::LinkHolder holder = *request.link;
  std::string assertion = std::move(request.body);
  // Whose turn it is not is told that first.
  const auto view = context.links->view(holder);
  if (const Status well_formed = check_assertion(assertion); view && (*view)->passkey && !well_formed.ok()) {
    return reply.answer(failure(context, request, well_formed.error()));
  }
  context.links->submit_passkey(
      holder, std::move(assertion),
      showing(context, std::move(request), std::move(reply), link, "Failed to hand in the assertion"));
}

void confirm_passkey(const EndpointContext& context, Request request, Reply<Response> reply,
                     const instance::LinkInfo& link) {
  const instance::LinkHolder holder = *request.link;
  context.links->confirm_passkey(
      holder, showing(context, std::move(request), std::move(reply), link, "Failed to confirm the passkey"));
}

Route link_route(Method method, std::string_view path, std::string_view summary) {
  Route route;
  route.method = method;
  route.path = path;
  route.auth = Auth::kLink;
  route.limit = Limit::kGlobal;
  route.tag = "Links";
  route.summary = summary;
  route.response_schema = kAnswer;
  route.cors = Cors::kNone;
  route.answers = {{410, kOver}};
  return route;
}

/// Whether the link is good comes first, and the audit record names its instance.
Handler on_link(EndpointContext context, Act act) {
  return [context, act](Request request, Reply<Response> reply) {
    const auto link = context.links->open(*request.link);
    if (!link) return reply.answer(failure(context, request, link.error()));
    if (request.audit) request.audit->instance = link->instance_name;
    act(context, std::move(request), std::move(reply), *link);
  };
}

/// The event of a view, made once for all pages that show it.
class ViewRenderer {
 public:
  explicit ViewRenderer(const Clock& clock) : clock_(clock) {}

  std::shared_ptr<const std::string> event(const ViewPointer& view) {
    const Now now = clock_.now();
    const std::lock_guard lock(mutex_);
    // Seconds that are left are in it.
    if (text_ && of_ == view && now.mono < good_until_) return text_;
    const auto json = link_view_json(*view, now);
    if (!json) return std::make_shared<const std::string>();
    of_ = view;
    good_until_ = now.mono + Milliseconds(500);
    text_ = std::make_shared<const std::string>("event: view\ndata: " + dump(*json) + "\n\n");
    return text_;
  }

 private:
  const Clock& clock_;
  std::mutex mutex_;
  // Guarded by mutex_.
  ViewPointer of_;
  Mono good_until_{};
  std::shared_ptr<const std::string> text_;  ///< shared with the connections that still write it
};

/// One page.
class LinkSink final : public instance::LinkWatcher {
 public:
  LinkSink(std::shared_ptr<ResponseStream> stream, std::shared_ptr<ViewRenderer> renderer)
      : stream_(std::move(stream)), renderer_(std::move(renderer)) {}
  bool show(const ViewPointer& view) override { return stream_->write_shared(renderer_->event(view)); }
  bool beat() override { return stream_->write(": still here\n\n"); }
  void end(const std::optional<Error>& why) override {
    if (why) {
      const Json data = {{"code", cause_name(why->cause)}};
      stream_->write("event: gone\ndata: " + dump(data) + "\n\n");
    }
    stream_->close();
  }

 private:
  const std::shared_ptr<ResponseStream> stream_;  // shared with the connection
  const std::shared_ptr<ViewRenderer> renderer_;  // shared by all pages
};

Result<Response> follow(const EndpointContext& context, const std::shared_ptr<ViewRenderer>& renderer,
                        const Request& request) {
  PONTE_TRY(context.links->open(*request.link));
  Response response = event_stream();
  response.stream = [links = context.links, holder = *request.link,
                     renderer](std::shared_ptr<ResponseStream> stream) -> StreamCallbacks {
    auto sink = std::make_shared<LinkSink>(std::move(stream), renderer);
    const auto id = links->watch(holder, sink);
    if (!id) {
      sink->end(id.error());
      return {[] {}, [] {}};
    }
    return {[] {}, [links, id = *id] { links->unwatch(id); }};
  };
  return response;
}

}  // namespace

Route link_read_route(EndpointContext context) {
  Route route = link_route(Method::kGet, "/v1/link", "What the link is for, and what its page shows");
  route.handler = [context](const Request& request, Reply<Response> reply) {
    reply.answer(answer_or_failure(context, request, read(context, request)));
  };
  return route;
}

Route link_start_route(EndpointContext context) {
  Route route = link_route(Method::kPost, "/v1/link/start", "Start linking, or join it; waits as connect does");
  route.request_schema = kStart;
  route.answers.push_back({400, "`Invalid request body`, `Invalid phone number`"});
  route.answers.push_back({500, "`Failed to start linking`, with the cause in `error.code` as of connect"});
  route.audit = "link.start";
  route.handler = on_link(context, start);
  return route;
}

Route link_events_route(EndpointContext context) {
  Route route = link_route(Method::kGet, "/v1/link/events", "What the page shows, whenever it changes");
  route.description =
      "Server-Sent Events: `view`, with the view as its data, at once and at each change; `gone`, with `code`, where "
      "the link is over. It ends once the link has done its work.";
  route.response_schema = {};
  route.response_type = "text/event-stream";
  route.handler = [context, renderer = std::make_shared<ViewRenderer>(context.clock)](const Request& request,
                                                                                      Reply<Response> reply) {
    reply.answer(answer_or_failure(context, request, follow(context, renderer, request)));
  };
  return route;
}

Route link_passkey_route(EndpointContext context) {
  Route route = link_route(Method::kPost, "/v1/link/passkey", "Hand in the assertion of the account's passkey");
  route.request_schema = passkey_assertion_schema();
  route.answers.push_back({400, "`Invalid passkey assertion`"});
  route.answers.push_back({404, "`No passkey is asked for`"});
  route.answers.push_back({409, "`No passkey is asked for`: out of turn"});
  route.answers.push_back({500, "`Failed to hand in the assertion`"});
  route.audit = "link.passkey";
  route.handler = on_link(context, submit_passkey);
  return route;
}

Route link_passkey_confirm_route(EndpointContext context) {
  Route route = link_route(Method::kPost, "/v1/link/passkey/confirm", "The code on the phone is the same: link");
  route.answers.push_back({404, "`No passkey is asked for`"});
  route.answers.push_back({409, "`No passkey is asked for`: out of turn"});
  route.answers.push_back({500, "`Failed to confirm the passkey`"});
  route.audit = "link.confirm";
  route.handler = on_link(context, confirm_passkey);
  return route;
}

}  // namespace ponte::api
