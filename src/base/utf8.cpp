#include "base/utf8.h"

#include <algorithm>
#include <cstdint>

namespace ponte {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool is_continuation(std::uint8_t byte) {
  return (byte & 0xC0) == 0x80;
}

/// What may follow a lead byte: how many bytes in all, and the range of the second one.
struct Form {
  std::size_t length;
  std::uint8_t second_low;
  std::uint8_t second_high;
};

/// Unicode, table 3-7. Length 0: no lead byte.
Form form_of(std::uint8_t lead) {
  if (lead < 0x80) return {1, 0, 0};
  if (lead >= 0xC2 && lead <= 0xDF) return {2, 0x80, 0xBF};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {3, 0x80, 0xBF};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {4, 0x80, 0xBF};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

struct Step {
  std::size_t length;  ///< bytes to go on by, at least one
  bool good;
};

/// The character at the beginning of `text`, or the maximal part of one.
Step step_at(std::string_view text) {
  const auto byte = [text](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  const Form form = form_of(byte(0));
  if (form.length == 0) return {1, false};
  std::size_t length = 1;
  while (length < form.length && length < text.size()) {
    const bool fits =
        length == 1 ? byte(1) >= form.second_low && byte(1) <= form.second_high : is_continuation(byte(length));
    if (!fits) break;
    ++length;
  }
  return {length, length == form.length && byte(0) != 0};
}

}  // namespace

std::string clean_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Step step = step_at(text);
    out += step.good ? text.substr(0, step.length) : kReplacement;
    text.remove_prefix(step.length);
  }
  return out;
}

std::string_view utf8_prefix(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && is_continuation(static_cast<std::uint8_t>(text[most]))) --most;
  return text.substr(0, most);
}

}  // namespace ponte
