// A text as a QR picture.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace ponte::api {

/// A PNG, 1 bit grey, 4 modules of quiet zone, `scale` pixels a module, error correction level L (the fewest modules:
/// a screen is a clean carrier). kInvalidArgument for an empty text or one that no QR holds.
Result<Bytes> qr_png(std::string_view text, int scale = 6);

/// `data:image/png;base64,...` of qr_png: what an `<img src>` shows as it is.
Result<std::string> qr_data_uri(std::string_view text);

}  // namespace ponte::api
