// HTTP as the endpoints see it. No Pistache here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/reply.h"
#include "base/result.h"
#include "base/task.h"
#include "instance/instance_service.h"

namespace ponte::api {

enum class Method { kGet, kPost, kPut, kDelete, kOptions, kHead, kPatch, kOther };
/// `GET`, `POST` ...; `OTHER` for kOther.
std::string_view method_name(Method method);

/// Names in lower case, in the order of arrival.
using Headers = std::vector<std::pair<std::string, std::string>>;
/// The first value of a name, without blanks around it.
std::optional<std::string_view> find_header(const Headers& headers, std::string_view lower_case_name);

/// One request, complete, with decoded path parameters and query.
struct Request {
  Method method = Method::kGet;
  std::string path;                                        ///< decoded, without query
  std::map<std::string, std::string, std::less<>> params;  ///< `:instance` ...
  std::map<std::string, std::string, std::less<>> query;   ///< first of duplicates
  Headers headers;
  std::string body;
  std::string client_address;                    ///< of the peer, or X-Forwarded-For of a trusted proxy
  std::string id;                                ///< X-Request-Id, taken over or made
  std::optional<instance::Principal> principal;  ///< set where the route asks for a token

  std::optional<std::string_view> header(std::string_view lower_case_name) const {
    return find_header(headers, lower_case_name);
  }
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  Headers headers;  ///< in the spelling that goes out; without Content-Type, Content-Length, Connection and Date
  std::string body;
};

/// A request that does not reach a handler: malformed, too large, too slow.
struct Refusal {
  int status = 400;
  Cause cause = Cause::kInvalidRequest;
  std::string message;  ///< `error.message`
  std::string details;  ///< what exactly, where that helps
};

/// Answers now or later, from any thread, once. Called from several workers at a time.
using Handler = UniqueFunction<void(Request, Reply<Response>)>;

}  // namespace ponte::api
