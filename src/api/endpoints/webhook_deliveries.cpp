// /v1/instances/:instance/webhooks: what has become of a webhook's events, and what can be done about it.
#include "api/endpoints/endpoints.h"
#include "api/text.h"
#include "api/webhook_json.h"
#include "instance/webhook_rules.h"

namespace ponte::api {
namespace {

constexpr char kListed[] = R"({"type":"object","required":["success","message","webhooks"],"properties":{
"success":{"const":true},"message":{"const":"Webhooks retrieved successfully"},
"webhooks":{"type":"array","items":{"$ref":"#/components/schemas/WebhookStatus"}}}})";
constexpr char kRemoved[] = R"({"type":"object","required":["success","message"],"properties":{
"success":{"const":true},"message":{"const":"Webhook removed"}}})";
constexpr char kDeadLetters[] = R"({"type":"object","required":["success","message","deadLetters","meta"],"properties":{
"success":{"const":true},"message":{"const":"Dead letters retrieved successfully"},
"deadLetters":{"type":"array","items":{"$ref":"#/components/schemas/DeadLetter"}},
"meta":{"type":"object","required":["total","next"],"properties":{
"total":{"type":"integer","minimum":0},"next":{"type":["integer","null"]}}}}})";
constexpr char kRedriven[] = R"({"type":"object","required":["success","message","redriven"],"properties":{
"success":{"const":true},"message":{"const":"Dead letters are tried again"},
"redriven":{"type":"integer","minimum":0}}})";
constexpr char kAttempts[] = R"({"type":"object","required":["success","message","attempts"],"properties":{
"success":{"const":true},"message":{"const":"Attempts retrieved successfully"},
"attempts":{"type":"array","items":{"$ref":"#/components/schemas/DeliveryAttempt"}}}})";
constexpr char kTested[] = R"({"type":"object","required":["success","message","delivered","attempt"],"properties":{
"success":{"const":true},"message":{"enum":["Test event delivered","Test event was not delivered"]},
"delivered":{"type":"boolean"},"attempt":{"$ref":"#/components/schemas/DeliveryAttempt"}}})";
constexpr char kTarget[] = R"({"type":"object","additionalProperties":true,"properties":{
"label":{"type":["string","null"],"maxLength":4096}}})";
constexpr char kLetter[] = R"({"type":"object","additionalProperties":true,"properties":{
"label":{"type":["string","null"],"maxLength":4096},"id":{"type":["integer","null"],"minimum":1}}})";
constexpr QueryParameter kLabel{"label", "Of which webhook; missing or empty: `default`"};
constexpr std::uint64_t kMostOnAPage = 100;

Json answer_of(const char* message) {
  return {{"success", true}, {"message", message}};
}

/// Names the parameter and the rule where it is no such number.
Result<std::uint64_t> number_of(const Request& request, std::string_view name, std::uint64_t otherwise,
                                std::uint64_t most) {
  const auto text = request.query_value(name);
  if (!text) return otherwise;
  const auto number = whole_number(*text);
  if (number && *number <= most) return *number;
  return invalid_request(std::string(name) + ": expected a whole number up to " + std::to_string(most));
}

struct Target {
  std::string label;
  std::optional<std::uint64_t> id;
};

/// `label` and `id`, both optional; so is the body.
Result<Target> parse_target_body(std::string_view text) {
  PONTE_ASSIGN(const Json body, parse_object(text.empty() ? "{}" : text));
  FieldReader fields(body);
  Target target{label_or_default(fields.string("label")), std::nullopt};
  if (const auto id = fields.integer("id")) target.id = static_cast<std::uint64_t>(*id);
  PONTE_TRY(fields.status());
  return target;
}

using Act =
    std::function<void(const EndpointContext& context, const std::string& id, Request request, Reply<Response> reply)>;

Route deliveries_route(const EndpointContext& context, Method method, std::string_view path, std::string_view summary,
                       Act act) {
  Route route;
  route.method = method;
  route.path = path;
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = summary;
  route.tag = "Webhooks";
  route.answers = {{404, "`Instance not found`, `Webhook not found`"}, {500, "`Failed to …`, with the cause"}};
  route.handler = on_instance_id(
      context, [context, act = std::move(act)](const std::string& id, Request request, Reply<Response> reply) {
        act(context, id, std::move(request), std::move(reply));
      });
  return route;
}

void list(const EndpointContext& context, const std::string& id, Request request, Reply<Response> reply) {
  context.webhooks.list(id, answering<std::vector<instance::WebhookStatus>>(
                                context, std::move(request), std::move(reply), "Failed to get webhooks",
                                [](const std::vector<instance::WebhookStatus>& webhooks) {
                                  Json body = answer_of("Webhooks retrieved successfully");
                                  body["webhooks"] = Json::array();
                                  for (const auto& each : webhooks)
                                    body["webhooks"].push_back(webhook_status_json(each));
                                  return json_response(body);
                                }));
}

void remove(const EndpointContext& context, const std::string& id, Request request, Reply<Response> reply) {
  const auto label = request.query_value("label");
  if (!label)
    return reply.answer(failure(context, request, invalid_request("label: expected the one that is to be removed")));
  context.webhooks.remove(
      id, label_or_default(label),
      answering<std::monostate>(context, std::move(request), std::move(reply), "Failed to remove webhook",
                                [](std::monostate) { return json_response(answer_of("Webhook removed")); }));
}

Response page_response(const instance::DeadLetterPage& page, std::size_t limit) {
  Json body = answer_of("Dead letters retrieved successfully");
  body["deadLetters"] = Json::array();
  for (const auto& letter : page.letters) body["deadLetters"].push_back(dead_letter_json(letter));
  const bool more = page.letters.size() == limit;
  body["meta"] = {{"total", page.total}, {"next", more ? Json(page.letters.back().sequence) : Json(nullptr)}};
  return json_response(body);
}

void dead_letters(const EndpointContext& context, const std::string& id, Request request, Reply<Response> reply) {
  instance::DeadLetterQuery query;
  query.label = label_or_default(request.query_value("label"));
  const auto after = number_of(request, "after", 0, kMostExact);
  const auto limit = number_of(request, "limit", query.limit, kMostOnAPage);
  if (!after) return reply.answer(failure(context, request, after.error()));
  if (!limit) return reply.answer(failure(context, request, limit.error()));
  if (*limit == 0) return reply.answer(failure(context, request, invalid_request("limit: expected at least 1")));
  query.after = *after;
  query.limit = *limit;
  context.webhooks.dead_letters(
      id, query,
      answering<instance::DeadLetterPage>(
          context, std::move(request), std::move(reply), "Failed to get dead letters",
          [limit = *limit](const instance::DeadLetterPage& page) { return page_response(page, limit); }));
}

void redrive(const EndpointContext& context, const std::string& id, Request request, Reply<Response> reply) {
  const auto target = parse_target_body(request.body);
  if (!target) return reply.answer(failure(context, request, target.error()));
  context.webhooks.redrive(id, target->label, target->id,
                           answering<std::size_t>(context, std::move(request), std::move(reply),
                                                  "Failed to redrive dead letters", [](std::size_t count) {
                                                    Json body = answer_of("Dead letters are tried again");
                                                    body["redriven"] = count;
                                                    return json_response(body);
                                                  }));
}

void attempts(const EndpointContext& context, const std::string& id, Request request, Reply<Response> reply) {
  const std::string label = label_or_default(request.query_value("label"));
  context.webhooks.attempts(id, label,
                            answering<std::vector<instance::DeliveryAttempt>>(
                                context, std::move(request), std::move(reply), "Failed to get attempts",
                                [](const std::vector<instance::DeliveryAttempt>& attempts) {
                                  Json body = answer_of("Attempts retrieved successfully");
                                  body["attempts"] = Json::array();
                                  for (const auto& each : attempts)
                                    body["attempts"].push_back(delivery_attempt_json(each));
                                  return json_response(body);
                                }));
}

void test(const EndpointContext& context, const std::string& id, Request request, Reply<Response> reply) {
  const auto target = parse_target_body(request.body);
  if (!target) return reply.answer(failure(context, request, target.error()));
  context.webhooks.test(id, target->label,
                        answering<instance::DeliveryAttempt>(
                            context, std::move(request), std::move(reply), "Failed to test webhook",
                            [](const instance::DeliveryAttempt& attempt) {
                              const bool delivered = attempt.outcome == "delivered";
                              Json body =
                                  answer_of(delivered ? "Test event delivered" : "Test event was not delivered");
                              body["delivered"] = delivered;
                              body["attempt"] = delivery_attempt_json(attempt);
                              return json_response(body);
                            }));
}

}  // namespace

Route webhook_list_route(EndpointContext context) {
  Route route = deliveries_route(context, Method::kGet, "/v1/instances/:instance/webhooks",
                                 "Webhooks with what waits, was delivered and was not", list);
  route.response_schema = kListed;
  return route;
}

Route webhook_remove_route(EndpointContext context) {
  Route route = deliveries_route(context, Method::kDelete, "/v1/instances/:instance/webhooks",
                                 "Remove the webhook of a label with everything that belongs to it", remove);
  route.audit = "webhook.remove";
  route.query = {{"label", "The one that is to be removed; empty: `default`", QueryParameter{}.schema, true}};
  route.response_schema = kRemoved;
  return route;
}

Route dead_letters_route(EndpointContext context) {
  Route route = deliveries_route(context, Method::kGet, "/v1/instances/:instance/webhooks/dead-letters",
                                 "Events that could not be delivered", dead_letters);
  route.query = {kLabel,
                 {"after", "Those behind this id", R"({"type":"integer","minimum":0,"maximum":9007199254740991})"},
                 {"limit", "At most so many", R"({"type":"integer","minimum":1,"maximum":100})"}};
  route.response_schema = kDeadLetters;
  return route;
}

Route redrive_route(EndpointContext context) {
  Route route = deliveries_route(context, Method::kPost, "/v1/instances/:instance/webhooks/redrive",
                                 "Try dead letters once more: one, or all", redrive);
  route.audit = "webhook.redrive";
  route.request_schema = kLetter;
  route.request = RequestBody::kOptional;
  route.response_schema = kRedriven;
  route.answers.push_back({409, "`Webhook is disabled`"});
  return route;
}

Route delivery_attempts_route(EndpointContext context) {
  Route route = deliveries_route(context, Method::kGet, "/v1/instances/:instance/webhooks/attempts",
                                 "The last tries, newest first", attempts);
  route.query = {kLabel};
  route.response_schema = kAttempts;
  return route;
}

Route webhook_test_route(EndpointContext context) {
  Route route = deliveries_route(context, Method::kPost, "/v1/instances/:instance/webhooks/test",
                                 "Send a test event now, and say what came of it", test);
  route.audit = "webhook.test";
  route.request_schema = kTarget;
  route.request = RequestBody::kOptional;
  route.response_schema = kTested;
  route.answers.push_back({409, "`Webhook is disabled`"});
  return route;
}

}  // namespace ponte::api
