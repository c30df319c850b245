#include "portable/json.h"

#include <charconv>
#include <vector>

#include "crypto/base64.h"

namespace ponte::portable {
namespace {

constexpr std::uint8_t kKeyType = 0x05;

/// Without recursion: nesting is as deep as a file wants it.
void wipe_json(Json& json) {
  std::vector<Json*> left{&json};
  while (!left.empty()) {
    Json& one = *left.back();
    left.pop_back();
    if (one.is_string()) {
      auto& text = one.get_ref<std::string&>();
      wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    } else if (one.is_structured()) {
      for (Json& inner : one) left.push_back(&inner);
    } else if (one.is_number()) {
      one = 0;
    }
  }
}

std::optional<std::uint8_t> byte_of(const Json& json) {
  const auto number = number_of(json);
  if (!number || *number > 0xFF) return std::nullopt;
  return static_cast<std::uint8_t>(*number);
}

/// Of an array, or of an object whose keys are 0, 1, 2 ...
std::optional<SecretBytes> bytes_of_elements(const Json& json) {
  Bytes bytes;
  bytes.reserve(json.size());
  for (const auto& [key, value] : json.items()) {
    const auto byte = byte_of(value);
    if (!byte || (json.is_object() && key != std::to_string(bytes.size()))) {
      wipe(bytes);
      return std::nullopt;
    }
    bytes.push_back(*byte);
  }
  return SecretBytes(std::move(bytes));
}

std::optional<SecretBytes> bytes_of_text(const std::string& text) {
  auto bytes = crypto::from_base64(text);
  if (!bytes.ok()) return std::nullopt;
  return SecretBytes(std::move(*bytes));
}

}  // namespace

WipedJson::WipedJson(ByteView text) : value_(Json::parse(text.begin(), text.end(), nullptr, false)) {}

WipedJson::~WipedJson() {
  wipe_json(value_);
}

const Json& field(const Json& json, std::string_view name) {
  static const Json kNull;
  if (!json.is_object()) return kNull;
  const auto found = json.find(std::string(name));
  return found == json.end() ? kNull : *found;
}

std::optional<std::string> text_of(const Json& json) {
  if (!json.is_string()) return std::nullopt;
  return json.get<std::string>();
}

std::optional<std::uint32_t> number_of(const Json& json) {
  if (!json.is_number_integer()) return std::nullopt;
  const auto number = json.get<std::int64_t>();
  if (number < 0 || number > 0xFFFF'FFFF || json.get<std::uint64_t>() > 0xFFFF'FFFF) return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

std::optional<std::int64_t> long_of(const Json& json) {
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (const auto text = text_of(json)) {
    std::int64_t number = 0;
    const char* end = text->data() + text->size();
    const auto [at, error] = std::from_chars(text->data(), end, number);
    return error == std::errc() && at == end ? std::optional(number) : std::nullopt;
  }
  const Json& low = field(json, "low");
  const Json& high = field(json, "high");
  if (!low.is_number_integer() || !high.is_number_integer()) return std::nullopt;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(high.get<std::int64_t>()) << 32 |
                                   static_cast<std::uint32_t>(low.get<std::int64_t>()));
}

std::optional<SecretBytes> bytes_of(const Json& json) {
  if (json.is_string()) return bytes_of_text(json.get_ref<const std::string&>());
  if (json.is_array()) return bytes_of_elements(json);
  if (!json.is_object()) return std::nullopt;
  const Json& type = field(json, "type");
  if (!type.is_string()) return bytes_of_elements(json);
  if (type.get_ref<const std::string&>() != "Buffer") return std::nullopt;
  const Json& data = field(json, "data");
  if (data.is_string()) return bytes_of_text(data.get_ref<const std::string&>());
  return data.is_array() ? bytes_of_elements(data) : std::nullopt;
}

std::optional<crypto::PublicKey> public_key_of(const Json& json) {
  const auto bytes = bytes_of(json);
  if (!bytes) return std::nullopt;
  ByteView key = bytes->view();
  if (key.size() == 33 && key[0] == kKeyType) key = key.subspan(1);
  if (key.size() != 32) return std::nullopt;
  return to_array<32>(key);
}

}  // namespace ponte::portable
