// Text in the manner of an outline: a title, and below it indented names with values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/hex.h"

namespace ponte::tool {

class Outline {
 public:
  /// A title at the present depth; what follows stands below it until end().
  void begin(std::string_view title) {
    line(title);
    ++depth_;
  }
  void end() { --depth_; }

  void line(std::string_view text) { text_.append(2 * depth_, ' ').append(text).append("\n"); }
  void field(std::string_view name, std::string_view value) {
    constexpr std::size_t kColumn = 24;
    std::string out(name);
    out.append(out.size() < kColumn ? kColumn - out.size() : 1, ' ');
    line(out.append(value));
  }
  void number(std::string_view name, std::uint64_t value) { field(name, std::to_string(value)); }
  void flag(std::string_view name, bool value) { field(name, value ? "true" : "false"); }
  void hex(std::string_view name, ByteView value) { field(name, to_hex(value)); }
  /// A text of several lines, each indented.
  void block(std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      line(text.substr(0, end));
      text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
  }

  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
  std::size_t depth_ = 0;
};

/// Printable ASCII as it is, everything else as \xNN: what is decoded must not steer a terminal.
inline std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= 0x20 && c < 0x7F && c != '\\') {
      out += c;
    } else {
      out += "\\x" + to_hex(as_bytes(std::string_view(&c, 1)));
    }
  }
  return out;
}

}  // namespace ponte::tool
