// Text for a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ponte::tool {

/// Columns that a text takes: code points of UTF-8, without escape sequences of the form ESC [ ... letter.
std::size_t columns_of(std::string_view text);

/// What a peer wrote must not steer a terminal: control characters become `?`, but for line ends.
std::string printable(std::string_view text);

/// Breaks at blanks so that no line is longer than `width` columns; a longer word is broken where it must be.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// Blanks behind it up to `width` columns.
std::string padded(std::string text, std::size_t width);

/// `45 s`, `2 min`, `3 h`, `5 days`: the largest unit of which there are two, else the next smaller.
std::string duration_text(long long seconds);

}  // namespace ponte::tool
