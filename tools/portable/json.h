// JSON that holds keys: read without exceptions, wiped when it goes.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/curve25519.h"

namespace ponte::portable {

/// Keeps the order of keys: in one of the formats it says which came first.
using Json = nlohmann::ordered_json;

/// A parsed text. `value` is discarded where it was no JSON.
class WipedJson {
 public:
  explicit WipedJson(ByteView text);
  WipedJson(WipedJson&& other) noexcept : value_(std::move(other.value_)) { other.value_ = nullptr; }
  WipedJson& operator=(WipedJson&&) = delete;
  ~WipedJson();

  bool ok() const { return !value_.is_discarded(); }
  const Json& value() const { return value_; }

 private:
  Json value_;
};

/// A field of an object; a null where there is none, or `json` is no object.
const Json& field(const Json& json, std::string_view name);

std::optional<std::string> text_of(const Json& json);
/// 0 to 2^32 - 1.
std::optional<std::uint32_t> number_of(const Json& json);
/// A number, its digits as text, or a Long {low, high}.
std::optional<std::int64_t> long_of(const Json& json);

/// Bytes in any of the ways in which JavaScript and Go write them: base64 as text, {"type":"Buffer","data":...} with
/// base64 or numbers, an array of numbers, an object {"0":..,"1":..}. nullopt for what is none of them.
std::optional<SecretBytes> bytes_of(const Json& json);

template <std::size_t N>
std::optional<Secret<N>> secret_of(const Json& json) {
  const auto bytes = bytes_of(json);
  if (!bytes || bytes->view().size() != N) return std::nullopt;
  return Secret<N>::from(bytes->view());
}

/// A public key, of 32 bytes or of 33 with 05 in front.
std::optional<crypto::PublicKey> public_key_of(const Json& json);

}  // namespace ponte::portable
