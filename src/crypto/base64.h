// Base64 by libsodium: standard alphabet with padding, and URL-safe without.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace ponte::crypto {

std::string base64(ByteView bytes);
std::string base64_url(ByteView bytes);
/// Strict: padding required, no white space. kMalformed otherwise.
Result<Bytes> from_base64(std::string_view text);
/// Strict, without padding.
Result<Bytes> from_base64_url(std::string_view text);

}  // namespace ponte::crypto
