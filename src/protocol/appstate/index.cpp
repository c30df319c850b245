#include "protocol/appstate/index.h"

#include <nlohmann/json.hpp>

namespace ponte::protocol::appstate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLargest = 4096;

Error malformed(const std::string& what) {
  return {Errc::kMalformed, Cause::kProtobufMalformed, "index of a record of app state: " + what};
}

}  // namespace

Result<std::vector<std::string>> parse_index(std::string_view json) {
  if (json.size() > kLargest) return malformed("expected at most 4096 bytes, got " + std::to_string(json.size()));
  const Json parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_array() || parsed.empty()) return malformed("expected a JSON array with an element at least");
  std::vector<std::string> parts;
  parts.reserve(parsed.size());
  for (const Json& part : parsed) {
    if (!part.is_string()) return malformed("expected nothing but strings in the array");
    parts.push_back(part.get<std::string>());
  }
  return parts;
}

std::string write_index(const std::vector<std::string>& parts) {
  return Json(parts).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ponte::protocol::appstate
