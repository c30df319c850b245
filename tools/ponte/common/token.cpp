#include "ponte/common/token.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace ponte::tool {
namespace {

constexpr std::size_t kShortest = 8;
constexpr std::size_t kLongest = 256;

Error invalid(const std::string& from, const std::string& what) {
  return {Errc::kInvalidArgument, Cause::kInvalidToken, from + ": " + what};
}

}  // namespace

Result<SecretBytes> checked_token(SecretBytes text, const std::string& from) {
  const ByteView view = text.view();
  const auto end = std::find_if(view.begin(), view.end(), [](std::uint8_t c) { return c == '\n' || c == '\r'; });
  SecretBytes first_line{Bytes(view.begin(), end)};
  const ByteView line = first_line.view();
  const bool visible = std::all_of(line.begin(), line.end(), [](std::uint8_t c) { return c > 0x20 && c < 0x7F; });
  if (line.size() < kShortest || line.size() > kLongest || !visible) {
    return invalid(from, "expected a token of 8 to 256 visible ASCII characters");
  }
  return first_line;
}

Result<SecretBytes> read_token_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return invalid(path, "cannot be read: " + std::generic_category().message(errno));
  SecretBytes content{Bytes(kLongest + 2)};
  std::size_t size = 0;
  ssize_t count = 0;
  const MutableByteView room = content.mutable_view();
  while (size < room.size() && (count = ::read(file, room.data() + size, room.size() - size)) != 0) {
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    size += static_cast<std::size_t>(count);
  }
  const int problem = errno;
  ::close(file);
  if (count < 0) return invalid(path, "cannot be read: " + std::generic_category().message(problem));
  return checked_token(SecretBytes(to_bytes(content.view().first(size))), path);
}

}  // namespace ponte::tool
