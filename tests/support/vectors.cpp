#include "support/vectors.h"

#include <stdexcept>

namespace ponte::test {

VecFile load_vectors(const std::string& path) {
  auto file = VecFile::load(std::string(PONTE_TEST_DATA) + "/vectors/" + path);
  if (!file.ok()) throw std::runtime_error(file.error().message);
  return std::move(file).value();
}

Bytes vector_bytes(const VecFile& file, std::string_view key) {
  auto bytes = file.bytes(key);
  if (!bytes.ok()) throw std::runtime_error(bytes.error().message);
  return std::move(bytes).value();
}

std::string vector_text(const VecFile& file, std::string_view key) {
  auto text = file.text(key);
  if (!text.ok()) throw std::runtime_error(text.error().message);
  return std::move(text).value();
}

std::vector<Bytes> bit_flips(ByteView bytes, std::size_t stride) {
  std::vector<Bytes> out;
  for (std::size_t bit = 0; bit < bytes.size() * 8; bit += stride) {
    out.push_back(to_bytes(bytes));
    out.back()[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  }
  return out;
}

std::vector<Bytes> truncations(ByteView bytes) {
  std::vector<Bytes> out;
  for (std::size_t size = 0; size < bytes.size(); ++size) out.push_back(to_bytes(bytes.first(size)));
  return out;
}

}  // namespace ponte::test
