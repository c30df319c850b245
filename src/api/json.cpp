#include "api/json.h"

#include <cmath>
#include <optional>
#include <set>

namespace ponte::api {
namespace {

constexpr std::size_t kDeepest = 32;

Error invalid(std::string message) {
  return {Errc::kInvalidArgument, Cause::kInvalidRequest, std::move(message)};
}

/// Brackets outside strings, before anything is built: the parser itself has no limit. The byte, counted from 1, of the
/// first that is one too many.
std::optional<std::size_t> too_deep_at(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDeepest) return i + 1;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return std::nullopt;
}

/// Follows the parser's events and remembers the last key, and the first that an object has twice.
class KeyWatcher {
 public:
  bool operator()(int, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start) keys_.emplace_back();
    if (event == Event::object_end && !keys_.empty()) keys_.pop_back();
    if (event == Event::key && !keys_.empty()) {
      const auto& key = parsed.get_ref<const std::string&>();
      last_ = key;
      if (!keys_.back().insert(key).second && duplicate_.empty()) duplicate_ = "the key \"" + key + "\" comes twice";
    }
    return true;
  }
  const std::string& duplicate() const { return duplicate_; }
  const std::string& last() const { return last_; }

 private:
  std::vector<std::set<std::string>> keys_;
  std::string duplicate_;
  std::string last_;
};

}  // namespace

Result<Json> parse_object(std::string_view text) {
  if (const auto at = too_deep_at(text)) {
    return invalid("expected at most " + std::to_string(kDeepest) + " levels of JSON, got more at byte " +
                   std::to_string(*at));
  }
  KeyWatcher keys;
  Json json;
  try {
    json = Json::parse(text.begin(), text.end(), std::ref(keys));
  } catch (const Json::parse_error& error) {
    return invalid("expected a JSON object in UTF-8: the text is broken near byte " + std::to_string(error.byte));
  } catch (const Json::exception&) {
    return invalid("expected a JSON object: a number is out of range behind the key \"" + keys.last() + '"');
  }
  if (!keys.duplicate().empty()) return invalid(keys.duplicate());
  if (!json.is_object()) return invalid(std::string("expected a JSON object, got ") + json.type_name());
  return json;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Response json_response(const Json& body, int status) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = dump(body);
  return response;
}

const Json* FieldReader::find(const char* key) {
  const auto found = object_.find(key);
  if (found == object_.end() || found->is_null()) return nullptr;
  present_.emplace_back(key);
  return &*found;
}

void FieldReader::wrong(const char* key, std::string_view expected, const Json& found) {
  if (status_.ok()) {
    status_ = invalid(std::string(key) + ": expected " + std::string(expected) + ", got " + found.type_name());
  }
}

std::optional<bool> FieldReader::boolean(const char* key) {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) return wrong(key, "a boolean", *value), std::nullopt;
  return value->get<bool>();
}

std::optional<std::string> FieldReader::string(const char* key, std::size_t longest) {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) return wrong(key, "a string", *value), std::nullopt;
  const auto& text = value->get_ref<const std::string&>();
  if (text.size() > longest) {
    if (status_.ok()) status_ = invalid(std::string(key) + ": expected at most " + std::to_string(longest) + " bytes");
    return std::nullopt;
  }
  return text;
}

std::optional<std::int64_t> FieldReader::integer(const char* key) {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_number_integer()) return value->get<std::int64_t>();
  // JSON knows one kind of number: 5.0 is whole. Beyond 2^53 nobody can say which one was meant.
  constexpr double kLastExact = 9'007'199'254'740'992.0;
  if (value->is_number_float()) {
    const auto number = value->get<double>();
    if (std::trunc(number) == number && std::abs(number) <= kLastExact) return static_cast<std::int64_t>(number);
  }
  return wrong(key, "a whole number", *value), std::nullopt;
}

std::optional<std::vector<std::string>> FieldReader::strings(const char* key) {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_array()) return wrong(key, "an array of strings", *value), std::nullopt;
  std::vector<std::string> out;
  for (const Json& element : *value) {
    if (!element.is_string()) return wrong(key, "an array of strings", element), std::nullopt;
    out.push_back(element.get<std::string>());
  }
  return out;
}

}  // namespace ponte::api
