// Text that strangers wrote, made into text that everybody can read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ponte {

/// `text` with U+FFFD in place of each maximal part that is no UTF-8 (Unicode 3.9, D93b), and of each NUL, which some
/// who store texts cannot hold.
std::string clean_utf8(std::string_view text);

/// The first bytes of UTF-8 `text`, at most `most`, without breaking a character.
std::string_view utf8_prefix(std::string_view text, std::size_t most);

}  // namespace ponte
