// Hexadecimal text, lower case.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace ponte {

std::string to_hex(ByteView bytes);

/// Accepts upper and lower case, no separators. kMalformed on an odd length or a foreign character.
Result<Bytes> from_hex(std::string_view text);

}  // namespace ponte
