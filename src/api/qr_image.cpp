#include "api/qr_image.h"

#include <png.h>
#include <qrencode.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "crypto/base64.h"

namespace ponte::api {
namespace {

constexpr int kQuietZone = 4;  // ISO/IEC 18004 6.3.8

struct QrDeleter {
  void operator()(QRcode* code) const { QRcode_free(code); }
};
using QrHandle = std::unique_ptr<QRcode, QrDeleter>;

/// Rows of packed bits; libpng's 1-bit grey has 0 for black.
struct Bitmap {
  int width;
  std::size_t stride;
  Bytes bits;
};

Bitmap draw(const QRcode& code, int scale) {
  const int width = (code.width + 2 * kQuietZone) * scale;
  Bitmap out{width, (static_cast<std::size_t>(width) + 7) / 8, {}};
  out.bits.assign(out.stride * static_cast<std::size_t>(width), 0xFF);
  for (int y = 0; y < code.width * scale; ++y) {
    std::uint8_t* row = out.bits.data() + out.stride * static_cast<std::size_t>(y + kQuietZone * scale);
    for (int x = 0; x < code.width * scale; ++x) {
      if ((code.data[y / scale * code.width + x / scale] & 1) == 0) continue;
      const int column = x + kQuietZone * scale;
      row[column / 8] &= static_cast<std::uint8_t>(~(0x80 >> column % 8));
    }
  }
  return out;
}

void append_to_bytes(png_structp png, png_bytep data, png_size_t size) {
  append(*static_cast<Bytes*>(png_get_io_ptr(png)), {data, size});
}

/// libpng reports errors by longjmp, so nothing with a destructor may live in here.
bool write_png(png_structp png, png_infop info, const Bitmap& bitmap, Bytes& out) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_write_fn(png, &out, append_to_bytes, nullptr);
  const auto side = static_cast<png_uint_32>(bitmap.width);
  png_set_IHDR(png, info, side, side, 1, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (int y = 0; y < bitmap.width; ++y) {
    png_write_row(png, bitmap.bits.data() + bitmap.stride * static_cast<std::size_t>(y));
  }
  png_write_end(png, nullptr);
  return true;
}

}  // namespace

Result<Bytes> qr_png(std::string_view text, int scale) {
  const QrHandle code(text.empty()
                          ? nullptr
                          : QRcode_encodeData(static_cast<int>(text.size()),
                                              reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_L));
  if (!code) {
    return Error{Errc::kInvalidArgument, Cause::kInternal,
                 "a QR code holds 1 to 2953 bytes, the text has " + std::to_string(text.size())};
  }
  const Bitmap bitmap = draw(*code, std::max(scale, 1));
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
  Bytes out;
  const bool written = info != nullptr && write_png(png, info, bitmap, out);
  png_destroy_write_struct(&png, &info);
  if (!written) return Error{Errc::kInternal, Cause::kInternal, "the QR picture could not be written"};
  return out;
}

Result<std::string> qr_data_uri(std::string_view text) {
  PONTE_ASSIGN(const Bytes png, qr_png(text));
  return "data:image/png;base64," + crypto::base64(png);
}

}  // namespace ponte::api
