// GET /v1/instances/:instance: one instance with its state, now or when it changes.
#include "api/endpoints/endpoints.h"
#include "api/message_json.h"
#include "api/text.h"
#include "instance/event_waits.h"

namespace ponte::api {
namespace {

constexpr char kAnswer[] = R"({"type":"object","required":["success","message","instance","state"],"properties":{
"success":{"const":true},"message":{"const":"Instance retrieved"},
"instance":{"$ref":"#/components/schemas/Instance"},
"state":{"type":"object",
"required":["state","since","sequence","reason","restriction","attempt","lastStanzaAt"],"properties":{
"state":{"$ref":"#/components/schemas/State"},"since":{"type":"string","format":"date-time"},
"sequence":{"type":"integer","minimum":0,"description":"Of the newest event"},
"reason":{"anyOf":[{"$ref":"#/components/schemas/Reason"},{"type":"null"}]},
"restriction":{"description":"A ban or lock","type":["object","null"],"required":["code","until"],"properties":{
"code":{"type":"string","pattern":"^[A-Z][A-Z0-9_]*$"},"until":{"type":["string","null"],"format":"date-time"}}},
"attempt":{"type":["object","null"],"required":["kind"],"properties":{"kind":{"enum":["link","login","passkey"]}}},
"lastStanzaAt":{"type":["string","null"],"format":"date-time"}}}}})";

constexpr std::uint64_t kLongestWait = 60;  // seconds

/// A whole number of the query; nullopt where it is not there.
Result<std::optional<std::uint64_t>> number(const Request& request, const char* name, std::uint64_t most) {
  const auto text = request.query_value(name);
  if (!text) return std::optional<std::uint64_t>();
  const auto value = whole_number(*text);
  if (value && *value <= most) return value;
  return invalid_request(std::string(name) + ": expected a whole number from 0 to " + std::to_string(most));
}

const char* attempt_kind(const instance::InstanceInfo& info) {
  if (info.passkey) return "passkey";
  return info.number_jid ? "login" : "link";
}

/// What the account must not do, and until when; null where it is free.
Json restriction_json(const instance::InstanceInfo& info) {
  if (!info.reason) return nullptr;
  switch (info.reason->cause) {
    case Cause::kTemporarilyBanned:
    case Cause::kAccountLocked:
    case Cause::kBanned: break;
    default: return nullptr;
  }
  Json out = {{"code", cause_name(info.reason->cause)}, {"until", nullptr}};
  if (info.reason->retry_after) out["until"] = rfc3339(info.reason_since + *info.reason->retry_after);
  return out;
}

Json state_json(const instance::InstanceInfo& info, std::uint64_t sequence) {
  const bool under_way = info.state == instance::State::kConnecting || info.passkey;
  Json out = {{"state", instance::state_name(info.state)},
              {"since", rfc3339(info.state_since)},
              {"sequence", sequence},
              {"reason", nullptr},
              {"restriction", restriction_json(info)},
              {"attempt", nullptr},
              {"lastStanzaAt", nullptr}};
  if (info.reason) out["reason"] = reason_json(*info.reason, info.reason_since);
  if (under_way) out["attempt"] = {{"kind", attempt_kind(info)}};
  if (info.last_stanza_at) out["lastStanzaAt"] = rfc3339(*info.last_stanza_at);
  return out;
}

Response show(const EndpointContext& context, const std::string& name, const Request& request) {
  const auto info = context.instances.find(name);
  if (!info) return failure(context, request, instance::instance_not_found());
  const bool account = std::holds_alternative<instance::AccountPrincipal>(*request.principal);
  Json body = {{"success", true}, {"message", "Instance retrieved"}};
  body["instance"] = instance_item(context, *info, account ? TokenShown::kYes : TokenShown::kNo);
  body["state"] = state_json(*info, context.events->feed.last_sequence(info->id));
  return json_response(body);
}

void answer(const EndpointContext& context, const std::string& name, Request request, Reply<Response> reply) {
  const auto since = number(request, "since", kMostExact);
  const auto wait = number(request, "wait", kLongestWait);
  if (!since) return reply.answer(failure(context, request, since.error()));
  if (!wait) return reply.answer(failure(context, request, wait.error()));
  const auto info = context.instances.find(name);
  if (!info || wait->value_or(0) == 0) return reply.answer(show(context, name, request));
  const std::uint64_t seen = since->value_or(context.events->feed.last_sequence(info->id));
  context.events->waits.wait(info->id, seen, Seconds(static_cast<Seconds::rep>(**wait)),
                             [context, name, request = std::move(request), reply = std::move(reply)]() mutable {
                               reply.answer(show(context, name, request));
                             });
}

}  // namespace

Route instance_state_route(EndpointContext context) {
  Route route;
  route.method = Method::kGet;
  route.path = "/v1/instances/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "One instance with its state; with wait and since the answer comes when that has changed";
  route.query = {{"wait", "Seconds; answers when the sequence goes beyond `since`, or after that time",
                  R"({"type":"integer","minimum":0,"maximum":60})"},
                 {"since", "A sequence; without it the present one",
                  R"({"type":"integer","minimum":0,"maximum":9007199254740991})"}};
  route.response_schema = kAnswer;
  route.answers = {{400, "`Instance name is required`, `Invalid request body` with the parameter and its rule"}};
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    answer(context, name, std::move(request), std::move(reply));
  });
  return route;
}

}  // namespace ponte::api
