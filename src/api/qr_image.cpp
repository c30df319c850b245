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

Result<QrHandle> encode(std::string_view text) {
  QrHandle code(text.empty() ? nullptr
                             : QRcode_encodeData(static_cast<int>(text.size()),
                                                 reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_L));
  if (code) return code;
  return Error{Errc::kInvalidArgument, Cause::kInternal,
               "a QR code holds 1 to 2953 bytes, the text has " + std::to_string(text.size())};
}

/// Coordinates without the quiet zone; what lies outside is light.
bool is_dark(const QRcode& code, int x, int y) {
  if (x < 0 || y < 0 || x >= code.width || y >= code.width) return false;
  return (code.data[static_cast<std::ptrdiff_t>(y) * code.width + x] & 1) != 0;
}

/// A code's modules with their quiet zone, enlarged; rows of packed bits, 0 is black in libpng's 1-bit grey.
struct Bitmap {
  int side;            ///< pixels
  int scale;           ///< pixels a module
  std::size_t stride;  ///< bytes a row
  Bytes rows;          ///< one row for each row of modules; each stands for `scale` rows of pixels
  const std::uint8_t* row(int pixel_row) const {
    return rows.data() + stride * static_cast<std::size_t>(pixel_row / scale);
  }
};

Bitmap draw(const QRcode& code, int scale) {
  const int modules = code.width + 2 * kQuietZone;
  const int side = modules * scale;
  Bitmap out{side, scale, (static_cast<std::size_t>(side) + 7) / 8, {}};
  out.rows.assign(out.stride * static_cast<std::size_t>(modules), 0xFF);
  for (int y = 0; y < code.width; ++y) {
    std::uint8_t* row = out.rows.data() + out.stride * static_cast<std::size_t>(y + kQuietZone);
    for (int x = 0; x < code.width; ++x) {
      if (!is_dark(code, x, y)) continue;
      const int left = (x + kQuietZone) * scale;
      for (int column = left; column < left + scale; ++column) {
        row[column / 8] &= static_cast<std::uint8_t>(~(0x80 >> column % 8));
      }
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
  // The picture lives for 20 s: half a millisecond of deflate for 500 bytes less is no bargain.
  png_set_compression_level(png, 1);
  const auto side = static_cast<png_uint_32>(bitmap.side);
  png_set_IHDR(png, info, side, side, 1, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (int y = 0; y < bitmap.side; ++y) png_write_row(png, bitmap.row(y));
  png_write_end(png, nullptr);
  return true;
}

}  // namespace

Result<Bytes> qr_png(std::string_view text, int scale) {
  PONTE_ASSIGN(const QrHandle code, encode(text));
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

Result<std::string> qr_svg(std::string_view text) {
  PONTE_ASSIGN(const QrHandle code, encode(text));
  const std::string side = std::to_string(code->width + 2 * kQuietZone);
  std::string out = R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 )" + side + ' ' + side +
                    R"(" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h)" + side + 'v' + side + "H0z\"/>" +
                    R"(<path d=")";
  for (int y = 0; y < code->width; ++y) {
    for (int x = 0; x < code->width;) {
      int run = 0;
      while (is_dark(*code, x + run, y)) ++run;
      if (run > 0) {
        out += 'M' + std::to_string(x + kQuietZone) + ' ' + std::to_string(y + kQuietZone) + 'h' + std::to_string(run) +
               "v1h-" + std::to_string(run) + 'z';
      }
      x += std::max(run, 1);
    }
  }
  return out + "\"/></svg>\n";
}

Result<std::string> qr_blocks(std::string_view text) {
  PONTE_ASSIGN(const QrHandle code, encode(text));
  const int end = code->width + kQuietZone;
  std::string out;
  for (int y = -kQuietZone; y < end; y += 2) {
    for (int x = -kQuietZone; x < end; ++x) {
      const bool upper = is_dark(*code, x, y);
      // The last line of an odd number of rows has only an upper half.
      const bool lower = y + 1 == end || is_dark(*code, x, y + 1);
      out += upper ? (lower ? " " : "\u2584") : (lower ? "\u2580" : "\u2588");
    }
    out += '\n';
  }
  return out;
}

}  // namespace ponte::api
