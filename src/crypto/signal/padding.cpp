#include "crypto/signal/padding.h"

#include <algorithm>

namespace ponte::crypto {
namespace {

constexpr std::size_t kMaxPadding = 16;

}  // namespace

Bytes pad(ByteView plaintext, RandomSource& random) {
  const auto count = static_cast<std::uint8_t>(random.array<1>()[0] % kMaxPadding + 1);
  Bytes out;
  out.reserve(plaintext.size() + count);
  append(out, plaintext);
  out.insert(out.end(), count, count);
  return out;
}

Result<ByteView> unpad(ByteView padded) {
  // The bytes were authenticated before: how long this takes tells nobody anything.
  const std::size_t count = padded.empty() ? 0 : padded.back();
  const bool fits = count >= 1 && count <= kMaxPadding && count <= padded.size();
  if (!fits || !std::all_of(padded.end() - static_cast<std::ptrdiff_t>(count), padded.end(),
                            [count](std::uint8_t byte) { return byte == count; })) {
    return Error{Errc::kMalformed, Cause::kSignalPadding,
                 "plaintext: expected 1 to 16 last bytes that say how many they are"};
  }
  return padded.first(padded.size() - count);
}

}  // namespace ponte::crypto
