// What a peer wrote, fit for a message.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace ponte::net {

/// The first 200 characters, with `?` for what is not printable ASCII.
inline std::string printable(std::string_view text) {
  std::string out(text.substr(0, 200));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < 0x20 || c > 0x7E; }, '?');
  return out;
}

}  // namespace ponte::net
