#include "crypto/base64.h"

#include <sodium.h>

#include "base/secret.h"

namespace ponte::crypto {
namespace {

std::string encode(ByteView bytes, int variant) {
  // The length libsodium names includes the terminating NUL.
  std::string out(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(), variant);
  out.pop_back();
  return out;
}

Result<Bytes> decode(std::string_view text, int variant, const char* name) {
  // libsodium 1.0.18 reads every byte above 0x7F as '/' where char is signed. Collected over the whole
  // text, so that the time tells nothing about its characters.
  std::uint8_t seen = 0;
  for (const char character : text) seen |= static_cast<std::uint8_t>(character);
  Bytes out(text.size() / 4 * 3 + 3);
  std::size_t size = 0;
  // Without an end pointer libsodium refuses whatever follows the last character it understands.
  if (seen > 0x7F ||
      sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, nullptr, variant) != 0) {
    wipe(out);
    return Error{Errc::kMalformed, Cause::kInvalidRequest,
                 std::string("expected ") + name + ", got " + std::to_string(text.size()) + " characters that are not"};
  }
  out.resize(size);
  return out;
}

}  // namespace

std::string base64(ByteView bytes) {
  return encode(bytes, sodium_base64_VARIANT_ORIGINAL);
}
std::string base64_url(ByteView bytes) {
  return encode(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

Result<Bytes> from_base64(std::string_view text) {
  return decode(text, sodium_base64_VARIANT_ORIGINAL, "padded base64");
}
Result<Bytes> from_base64_url(std::string_view text) {
  return decode(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING, "unpadded base64url");
}

}  // namespace ponte::crypto
