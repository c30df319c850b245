// GET /v1/instances/:instance/events: what happens to an instance, as Server-Sent Events (contract, decision 19).
// GET /v1/events: how all instances are.
#include "api/endpoints/event_push.h"
#include "api/json.h"
#include "api/text.h"
#include "instance/event_names.h"
#include "instance/state_feed.h"

namespace ponte::api {
namespace {

/// One event to one client; those of the journal have a sequence.
class SseSink final : public instance::EventSink {
 public:
  explicit SseSink(std::shared_ptr<ResponseStream> stream) : stream_(std::move(stream)) {
    stream_->write("retry: 3000\n\n");
  }
  bool take(const std::shared_ptr<const instance::PushedEvent>& event) override {
    const std::string id = event->sequence == 0 ? "" : "id: " + std::to_string(event->sequence) + "\n";
    return stream_->write(id + "event: " + event->name + "\ndata: " + event->envelope + "\n\n");
  }
  bool beat() override { return stream_->write(": still here\n\n"); }
  void end() override { stream_->close(); }
  std::size_t waiting() const override { return stream_->waiting(); }

 private:
  const std::shared_ptr<ResponseStream> stream_;  // shared with the connection
};

/// Where the client has got to: the header that EventSource sends when it comes back, or the query. nullopt: it wants
/// what happens from now on.
Result<std::optional<std::uint64_t>> last_event_id(const Request& request) {
  std::optional<std::string_view> text = request.header("last-event-id");
  const char* name = "Last-Event-ID";
  if (!text) {
    text = request.query_value("lastEventId");
    name = "lastEventId";
  }
  if (!text || text->empty()) return std::optional<std::uint64_t>();
  if (const auto sequence = whole_number(*text)) return sequence;
  return invalid_request(std::string(name) + ": expected the id of an event, a whole number");
}

Result<std::set<std::string, std::less<>>> wanted_events(const Request& request) {
  std::set<std::string, std::less<>> out;
  for (const std::string_view name : split_list(request.query_value("events").value_or(""))) {
    if (name.empty()) continue;
    if (!instance::is_event_name(name))
      return invalid_request("events: no event is called " + std::string(name.substr(0, 64)));
    out.emplace(name);
  }
  return out;
}

Result<Response> open_stream(const EndpointContext& context, const std::string& name, const Request& request) {
  const auto info = context.instances.find(name);
  if (!info) return instance::instance_not_found();
  instance::PushHub::Subscription subscription = subscription_of(*context.events, *info);
  PONTE_ASSIGN(const auto after, last_event_id(request));
  PONTE_ASSIGN(subscription.events, wanted_events(request));
  subscription.after = after.value_or(subscription.after);
  Response response = event_stream();
  push(response, *context.events, std::move(subscription),
       [](std::shared_ptr<ResponseStream> stream) { return std::make_shared<SseSink>(std::move(stream)); });
  return response;
}

Response open_account_stream(const EndpointContext& context) {
  Response response = event_stream();
  response.stream = [&states = context.events->states](std::shared_ptr<ResponseStream> stream) {
    const auto id = states.subscribe(std::make_shared<SseSink>(std::move(stream)));
    return StreamCallbacks{[] {}, [&states, id] { states.unsubscribe(id); }};
  };
  return response;
}

}  // namespace

Route instance_events_route(EndpointContext context) {
  Route route;
  route.method = Method::kGet;
  route.path = "/v1/instances/:instance/events";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.ticket = true;
  route.summary = "What happens to the instance, as Server-Sent Events; Last-Event-ID goes on where it was";
  route.tag = "Events";
  route.query = {{"events", "Only these, with commas between", R"({"type":"string","examples":["instance.state"]})"},
                 {"lastEventId", "As the header Last-Event-ID", R"({"type":"string","pattern":"^[0-9]*$"})"}};
  route.response_type = "text/event-stream";
  route.answers = {{400, "`Instance name is required`, `Invalid request body` with the parameter and its rule"}};
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    reply.answer(answer_or_failure(context, request, open_stream(context, name, request)));
  });
  return route;
}

Route account_events_route(EndpointContext context) {
  Route route;
  route.method = Method::kGet;
  route.path = "/v1/events";
  route.auth = Auth::kAccount;
  route.limit = Limit::kGlobal;
  route.ticket = true;
  route.summary = "instance.state of all instances from now on, as Server-Sent Events";
  route.description = "Without codes and tokens. What is missed is not told again: list says how things are.";
  route.tag = "Events";
  route.response_type = "text/event-stream";
  route.handler = [context](const Request&, Reply<Response> reply) { reply.answer(open_account_stream(context)); };
  return route;
}

}  // namespace ponte::api
