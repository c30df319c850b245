// Codes of eight symbols, as people read and type them (wire: pairing.md 6.1).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace ponte::simulator {

/// Eight symbols of five bits each, the most significant first, shown as XXXX-XXXX.
std::string code_text(const ByteArray<5>& bits);

/// A code as it is used: without dash, upper case; empty where the text is none.
std::string normalized_code(std::string_view text);

}  // namespace ponte::simulator
