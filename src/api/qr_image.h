// A text as a QR picture.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace ponte::api {

// All have 4 modules of quiet zone and error correction level L (the fewest modules: a screen is a clean carrier).
// kInvalidArgument for an empty text or one that no QR holds.

/// A PNG, 1 bit grey, `scale` pixels a module.
Result<Bytes> qr_png(std::string_view text, int scale = 6);

/// `data:image/png;base64,...` of qr_png: what an `<img src>` shows as it is.
Result<std::string> qr_data_uri(std::string_view text);

/// An SVG document, one unit a module, black on white whatever is behind it.
Result<std::string> qr_svg(std::string_view text);

/// For a terminal with light letters on dark: a line of half blocks for two rows of modules, the light ones drawn.
Result<std::string> qr_blocks(std::string_view text);

}  // namespace ponte::api
