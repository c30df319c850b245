// JSON in and out, with the guards that nlohmann leaves to its user.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "api/http.h"
#include "base/result.h"

namespace ponte::api {

/// Keys stay in the order in which they were put: answers read like the contract.
using Json = nlohmann::ordered_json;

/// Strict: UTF-8, at most 32 levels, no key twice in one object, an object at the top.
/// kInvalidArgument/kInvalidRequest says what and where.
Result<Json> parse_object(std::string_view text);

/// Never throws: invalid UTF-8 becomes U+FFFD.
std::string dump(const Json& json);

/// 200 (or `status`) with this body, not to be stored by caches: bodies hold tokens and codes.
Response json_response(const Json& body, int status = 200);

/// Reads the fields of one request object and remembers the first that has the wrong type.
/// null counts as absent.
class FieldReader {
 public:
  explicit FieldReader(const Json& object) : object_(object) {}

  std::optional<bool> boolean(const char* key);
  /// At most `longest` bytes.
  std::optional<std::string> string(const char* key, std::size_t longest = 4096);
  std::optional<std::int64_t> integer(const char* key);
  std::optional<std::vector<std::string>> strings(const char* key);

  /// kInvalidArgument/kInvalidRequest: which key, what was expected and what came.
  Status status() const { return status_; }
  /// Those keys of the ones asked for that were there, in the order of asking.
  const std::vector<std::string>& present() const { return present_; }

 private:
  const Json* find(const char* key);
  void wrong(const char* key, std::string_view expected, const Json& found);

  const Json& object_;
  Status status_;
  std::vector<std::string> present_;
};

}  // namespace ponte::api
