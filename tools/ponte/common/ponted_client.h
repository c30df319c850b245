// REST calls to a running ponted.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/task.h"
#include "base/time.h"
#include "net/http_client.h"

namespace ponte::tool {

/// What ponted said, whatever the status.
struct Answer {  // NOLINT(bugprone-exception-escape): what nlohmann's move asserts
  int status = 0;
  nlohmann::json body;  ///< discarded where it is no JSON
  std::string text;     ///< as it came
};

/// `error.code` of the contract's envelope, and what else it says; empty where there is none.
struct ApiError {
  std::string code;
  std::string message;
  std::string details;
  std::string retry_at;
};
ApiError error_of(const Answer& answer);

/// A member of a JSON object that is a text; empty where it is not there, null, or something else.
std::string text_at(const nlohmann::json& object, const char* name);
/// A member that is an object, an array ...; null where it is not there.
const nlohmann::json& member(const nlohmann::json& object, const char* name);

struct Call {
  std::string method = "GET";
  std::string path = {};  ///< from `/` on, escaped
  nlohmann::json body = nullptr;
  Milliseconds timeout{15'000};
  std::size_t max_body = 8U << 20;
};

/// One ponted and one token. The token leaves in a header only. Thread-safe.
class PontedClient {
 public:
  /// `url` is a checked http or https URL; a `/` at its end does not count. `token` may be empty.
  PontedClient(net::HttpFetcher& http, std::string url, SecretBytes token);

  /// On a thread of the fetcher's; errors as HttpFetcher has them.
  using OnAnswer = UniqueFunction<void(Result<Answer>)>;
  net::HttpTicket start(const Call& call, OnAnswer on_answer) const;
  /// The same, waited for.
  Result<Answer> call(const Call& call) const;

  const std::string& url() const { return url_; }
  bool has_token() const { return !token_.view().empty(); }

 private:
  net::HttpFetcher& http_;
  const std::string url_;
  const SecretBytes token_;
};

}  // namespace ponte::tool
