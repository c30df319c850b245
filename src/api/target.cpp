#include "api/target.h"

#include <optional>

#include "api/text.h"

namespace ponte::api {
namespace {

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

Error malformed(std::string message) {
  return {Errc::kMalformed, Cause::kInvalidRequest, std::move(message)};
}

enum class Plus { kLiteral, kBlank };

Result<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
      if (!high || !low) return malformed("expected two hexadecimal digits after % in the request target");
      c = static_cast<char>(*high << 4 | *low);
      i += 2;
      if (c == '\0') return malformed("the request target holds an encoded NUL");
    } else if (c == '+' && plus == Plus::kBlank) {
      c = ' ';
    }
    out.push_back(c);
  }
  return out;
}

Status parse_query(std::string_view text, Target& target) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    if (!pair.empty()) {
      const auto equals = pair.find('=');
      PONTE_ASSIGN(std::string name, percent_decode(pair.substr(0, equals), Plus::kBlank));
      std::string value;
      if (equals != std::string_view::npos) {
        PONTE_ASSIGN(value, percent_decode(pair.substr(equals + 1), Plus::kBlank));
      }
      target.query.emplace(std::move(name), std::move(value));
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return Status::Ok();
}

/// What follows the authority of an absolute-form target.
std::string_view strip_authority(std::string_view text) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (text.size() < scheme.size() || !equals_ignoring_case(text.substr(0, scheme.size()), scheme)) continue;
    text.remove_prefix(scheme.size());
    const auto end = text.find_first_of("/?");
    return end == std::string_view::npos ? std::string_view("/") : text.substr(end);
  }
  return text;
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  Target target;
  if (text == "*") {
    target.path = "*";
    return target;
  }
  const bool origin_form = !text.empty() && text.front() == '/';
  if (!origin_form) text = strip_authority(text);
  text = text.substr(0, text.find('#'));
  const auto question = text.find('?');
  std::string_view path = text.substr(0, question);
  if (path.empty() && !origin_form && question == 0) path = "/";
  if (path.empty() || path.front() != '/') return malformed("expected a request target that begins with /");
  PONTE_ASSIGN(target.path, percent_decode(path, Plus::kLiteral));
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = path.find('/');
    PONTE_ASSIGN(std::string segment, percent_decode(path.substr(0, end), Plus::kLiteral));
    target.segments.push_back(std::move(segment));
    if (end == std::string_view::npos) break;
    path.remove_prefix(end);
  }
  if (question != std::string_view::npos) PONTE_TRY(parse_query(text.substr(question + 1), target));
  return target;
}

}  // namespace ponte::api
