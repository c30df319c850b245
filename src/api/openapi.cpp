#include "api/openapi.h"

#include <algorithm>
#include <cassert>
#include <map>

#include "api/instance_json.h"
#include "api/json.h"
#include "api/link_json.h"
#include "api/message_json.h"
#include "api/problem.h"
#include "api/text.h"
#include "api/webhook_json.h"

namespace ponte::api {
namespace {

constexpr std::string_view kAbout =
    "Links WhatsApp accounts as companion devices and serves them.\n\n"
    "*Tokens*: the account token may do everything; each instance has an instance token that may use that instance and "
    "nothing else; a link's token links, and does nothing else. Each goes into the header `token`, or as a bearer.\n\n"
    "*Errors* come in one envelope, or as RFC 9457 where the request accepts `application/problem+json`; `error.code` "
    "names the cause. Besides the statuses listed, a path that is none is 404, a method that is not a path's own 405 "
    "with `Allow`, and broken HTTP 408, 417, 501 or 505.\n\n"
    "*Bodies*: keys that are unknown are ignored, and null counts as absent.";

constexpr std::string_view kInstanceName = R"({"type":"string","pattern":"^[A-Za-z0-9_-]{1,100}$"})";

Json schema_of(std::string_view text) {
  Json parsed = Json::parse(text, nullptr, false);
  assert(!parsed.is_discarded());
  return parsed;
}

Json reference(std::string_view kind, std::string_view name) {
  return {{"$ref", "#/components/" + std::string(kind) + "/" + std::string(name)}};
}

bool has_instance(const Route& route) {
  const auto segments = segments_of(route.path);
  return std::find(segments.begin(), segments.end(), ":instance") != segments.end();
}

bool takes_token(const Route& route) {
  return route.auth != Auth::kNone || !route.account_query.empty();
}

/// An answer that many routes give: its name below `#/components/responses/`, and what it means.
struct CommonAnswer {
  int status;
  std::string_view name;
  std::string_view description;
};
constexpr CommonAnswer kCommon[] = {
    {400, "BadRequest", "The request is malformed: `error.details` says what and where"},
    {401, "InvalidToken", "`Invalid token`: none, an unknown one, or one that is not good for this"},
    {404, "InstanceNotFound", "`Instance not found`"},
    {413, "ContentTooLarge", "The body is larger than 1 MiB"},
    {414, "UriTooLong", "The request target is longer than 2048 bytes"},
    {429, "TooManyRequests", "`Rate limit exceeded. Try again later.`"},
    {431, "HeadersTooLarge", "The headers are larger than 16 KiB, or more than 100"},
    {500, "InternalError", "`Internal error`"},
    {503, "ServiceUnavailable", "`Service unavailable`: overloaded, or shutting down"},
};

bool is_common_to(const Route& route, int status) {
  switch (status) {
    case 401: return takes_token(route);
    case 404: return has_instance(route);
    // A wrong token is counted as well, whatever the route itself is counted against.
    case 429: return route.limit != Limit::kNone || takes_token(route);
    default: return true;
  }
}

Json answer_headers(bool counted, int status) {
  Json out;
  out["X-Request-Id"] = reference("headers", "X-Request-Id");
  if (counted) {
    for (const char* name : {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}) {
      out[name] = reference("headers", name);
    }
  }
  if (status == 429) out["Retry-After"] = reference("headers", "Retry-After");
  return out;
}

/// Of an error: the envelope in both its forms, or `own` instead where the route answers it itself.
Json error_answer(int status, std::string_view description, std::string_view own = {}) {
  Json out = {{"description", description}, {"headers", answer_headers(true, status)}};
  Json schema = reference("schemas", "Error");
  // The envelope may still come from before the handler.
  if (!own.empty()) schema = {{"anyOf", Json::array({schema_of(own), schema})}};
  out["content"]["application/json"]["schema"] = std::move(schema);
  out["content"]["application/problem+json"]["schema"] = reference("schemas", "Problem");
  return out;
}

Json success_answer(const Route& route) {
  Json out = {{"description", "Success"}, {"headers", answer_headers(route.limit != Limit::kNone, route.success)}};
  for (const std::string_view type : split_list(route.response_type)) {
    Json& content = out["content"][std::string(type)];
    content = Json::object();
    if (!route.response_schema.empty()) content["schema"] = schema_of(route.response_schema);
  }
  return out;
}

Json answers_of(const Route& route) {
  std::map<int, Json> by_status;
  by_status[route.success] = success_answer(route);
  for (const CommonAnswer& common : kCommon) {
    if (is_common_to(route, common.status)) by_status[common.status] = reference("responses", common.name);
  }
  for (const RouteAnswer& own : route.answers) {
    if (own.status < 400 || !own.type.empty()) {
      by_status[own.status] = {{"description", own.description},
                               {"headers", answer_headers(route.limit != Limit::kNone, own.status)}};
      if (!own.type.empty()) by_status[own.status]["content"][std::string(own.type)] = Json::object();
    } else {
      by_status[own.status] = error_answer(own.status, own.description, own.schema);
    }
  }
  Json out;
  for (auto& [status, answer] : by_status) out[std::to_string(status)] = std::move(answer);
  return out;
}

Json parameters_of(const Route& route) {
  Json out = Json::array();
  for (const std::string_view segment : segments_of(route.path)) {
    if (!segment.starts_with(':')) continue;
    const std::string_view name = segment.substr(1);
    out.push_back({{"name", name}, {"in", "path"}, {"required", true}});
    out.back()["schema"] = name == "instance" ? schema_of(kInstanceName) : Json{{"type", "string"}};
  }
  if (!route.account_query.empty()) {
    out.push_back({{"name", route.account_query}, {"in", "query"}, {"allowEmptyValue", true}});
    out.back()["description"] = "Its presence asks for more, which is for the account token only";
    out.back()["schema"] = schema_of(QueryParameter{}.schema);
  }
  if (route.query_token) {
    out.push_back({{"name", "token"}, {"in", "query"}, {"description", "In place of a header"}});
    out.back()["schema"] = schema_of(QueryParameter{}.schema);
  }
  if (route.ticket) {
    out.push_back({{"name", "ticket"}, {"in", "query"}, {"description", "In place of a token: of POST /v1/tickets"}});
    out.back()["schema"] = schema_of(QueryParameter{}.schema);
  }
  for (const QueryParameter& parameter : route.query) {
    out.push_back({{"name", parameter.name}, {"in", "query"}, {"description", parameter.description}});
    if (parameter.required) out.back()["required"] = true;
    out.back()["schema"] = schema_of(parameter.schema);
  }
  return out;
}

std::string description_of(const Route& route) {
  std::string out(route.description);
  if (!out.empty() && route.auth != Auth::kNone) out += "\n\n";
  switch (route.auth) {
    case Auth::kNone: return out;
    case Auth::kAccount: return out + "For the account token only.";
    case Auth::kLink: return out + "For a link's own token, as a bearer.";
    case Auth::kEither: return out + "For the account token or an instance's own.";
  }
  return out;
}

Json operation_of(const Route& route) {
  Json out = {{"operationId", operation_id(route)}, {"summary", route.summary}};
  if (std::string description = description_of(route); !description.empty()) out["description"] = description;
  out["tags"] = Json::array({route.tag});
  out["security"] = Json::array();
  if (takes_token(route)) {
    if (route.auth == Auth::kNone) out["security"].push_back(Json::object());
    for (const char* scheme : {"token", "bearer"}) out["security"].push_back({{scheme, Json::array()}});
    // These stand among the parameters.
    if (route.ticket || route.query_token) out["security"].push_back(Json::object());
  }
  if (Json parameters = parameters_of(route); !parameters.empty()) out["parameters"] = std::move(parameters);
  if (!route.request_schema.empty()) {
    out["requestBody"]["required"] = route.request == RequestBody::kRequired;
    out["requestBody"]["content"]["application/json"]["schema"] = schema_of(route.request_schema);
  }
  out["responses"] = answers_of(route);
  return out;
}

Json header_of(std::string_view description, Json schema) {
  Json out = {{"description", description}};
  out["schema"] = std::move(schema);
  return out;
}

Json components() {
  Json out;
  for (const auto& schemas :
       {instance_schemas(), webhook_schemas(), message_schemas(), link_schemas(), problem_schemas()}) {
    for (const NamedSchema& schema : schemas) out["schemas"][std::string(schema.name)] = schema_of(schema.text);
  }
  for (const CommonAnswer& common : kCommon) {
    out["responses"][std::string(common.name)] = error_answer(common.status, common.description);
  }
  const Json whole{{"type", "integer"}, {"minimum", 0}};
  out["headers"]["X-Request-Id"] =
      header_of("The caller's where it sent one of 1 to 128 visible ASCII characters, else a new one",
                {{"type", "string"}, {"pattern", "^[!-~]{1,128}$"}});
  out["headers"]["X-RateLimit-Limit"] = header_of("Requests a minute", whole);
  out["headers"]["X-RateLimit-Remaining"] = header_of("What is left of them", whole);
  out["headers"]["X-RateLimit-Reset"] = header_of("Unix seconds", whole);
  out["headers"]["Retry-After"] = header_of("Seconds", {{"type", "integer"}, {"minimum", 1}});
  out["securitySchemes"]["token"] = {{"type", "apiKey"}, {"in", "header"}, {"name", "token"}};
  out["securitySchemes"]["bearer"] = {{"type", "http"}, {"scheme", "bearer"}};
  return out;
}

std::string path_template(std::string_view path) {
  std::string out;
  for (const std::string_view segment : segments_of(path)) {
    out += '/';
    out += segment.starts_with(':') ? "{" + std::string(segment.substr(1)) + "}" : std::string(segment);
  }
  return out;
}

}  // namespace

std::string operation_id(const Route& route) {
  std::string out = to_lower(method_name(route.method));
  const auto append_words = [&out](std::string_view text) {
    bool starts = true;
    for (const char c : text) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (letter) out += starts && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      starts = !letter;
    }
  };
  const auto segments = segments_of(route.path);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (i == 0 && (segments[i] == "api" || segments[i] == "v1")) continue;
    if (!segments[i].starts_with(':')) {
      append_words(segments[i]);
    } else if (i + 1 == segments.size()) {
      out += "By";
      append_words(segments[i]);
    }
  }
  return out;
}

std::string openapi_document(const std::vector<Route>& routes, const ApiFacts& facts) {
  Json out = {{"openapi", "3.1.0"}};
  out["info"] = {{"title", "Ponte"}, {"version", facts.version}, {"description", kAbout}};
  out["info"]["license"] = {{"name", "GPL-3.0-or-later"}, {"identifier", "GPL-3.0-or-later"}};
  // Relative to where the document came from: behind a reverse proxy neither Host nor the scheme is known for sure.
  out["servers"] = Json::array({{{"url", "/"}, {"description", "The server that this document came from"}}});
  if (!facts.public_url.empty()) out["servers"].push_back({{"url", facts.public_url}});
  out["tags"] = Json::array();
  out["paths"] = Json::object();
  for (const Route& route : routes) {
    const Json tag = {{"name", route.tag}};
    if (std::find(out["tags"].begin(), out["tags"].end(), tag) == out["tags"].end()) out["tags"].push_back(tag);
    out["paths"][path_template(route.path)][to_lower(method_name(route.method))] = operation_of(route);
  }
  out["components"] = components();
  return dump(out);
}

}  // namespace ponte::api
