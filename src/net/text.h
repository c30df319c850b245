// Small things that several parsers and messages need of text.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace ponte::net {

/// The first 200 characters of what a peer wrote, with `?` for what is not printable ASCII: for messages.
inline std::string printable(std::string_view text) {
  std::string out(text.substr(0, 200));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < 0x20 || c > 0x7E; }, '?');
  return out;
}

/// ASCII letters in lower case, the rest as it is.
inline std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

/// A token of HTTP, such as the name of a header field (RFC 9110 5.6.2).
inline bool is_http_token(std::string_view text) {
  static constexpr std::string_view kSpecial = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kSpecial.find(c) != std::string_view::npos;
  });
}

}  // namespace ponte::net
