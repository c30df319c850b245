#include "ponte/common/ponted_client.h"

#include <future>
#include <utility>

namespace ponte::tool {
namespace {

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

Answer answer_of(const net::HttpReply& reply) {
  Answer out;
  out.status = reply.status;
  out.text = to_text(reply.body);
  out.body = nlohmann::json::parse(out.text, nullptr, false);
  return out;
}

}  // namespace

const nlohmann::json& member(const nlohmann::json& object, const char* name) {
  static const nlohmann::json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

std::string text_at(const nlohmann::json& object, const char* name) {
  const nlohmann::json& found = member(object, name);
  return found.is_string() ? found.get<std::string>() : std::string();
}

ApiError error_of(const Answer& answer) {
  const nlohmann::json& error = member(answer.body, "error");
  return {text_at(error, "code"), text_at(error, "message"), text_at(error, "details"), text_at(error, "retryAt")};
}

PontedClient::PontedClient(net::HttpFetcher& http, std::string url, SecretBytes token)
    : http_(http), url_(without_slash(std::move(url))), token_(std::move(token)) {}

net::HttpTicket PontedClient::start(const Call& call, OnAnswer on_answer) const {
  net::HttpRequest request;
  request.method = call.method;
  request.url = url_ + call.path;
  request.timeout = call.timeout;
  request.max_body = call.max_body;
  request.connections = net::HttpConnections::kKept;
  if (has_token()) request.headers.emplace_back("token", std::string(as_text(token_.view())));
  if (!call.body.is_null()) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = to_bytes(call.body.dump());
  }
  return http_.fetch(std::move(request),
                     Reply<net::HttpReply>([on_answer = std::move(on_answer)](Result<net::HttpReply> reply) mutable {
                       if (!reply.ok()) return on_answer(std::move(reply).error());
                       on_answer(answer_of(*reply));
                     }));
}

Result<Answer> PontedClient::call(const Call& call) const {
  std::promise<Result<Answer>> promise;
  start(call, [&promise](Result<Answer> answer) { promise.set_value(std::move(answer)); });
  return promise.get_future().get();
}

}  // namespace ponte::tool
