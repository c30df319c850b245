// Vector files with several cases: a line `case = title` begins each.
#pragma once

#include <string>
#include <vector>

#include "support/vectors.h"

namespace ponte::test {

struct VectorCase {
  std::string title;
  VecFile lines;

  bool has(std::string_view key) const { return lines.text(key).ok(); }
  Bytes bytes(std::string_view key) const { return vector_bytes(lines, key); }
  std::string text(std::string_view key) const { return vector_text(lines, key); }
  std::uint64_t number(std::string_view key) const { return std::stoull(text(key)); }
  /// A key that must hold exactly N bytes.
  template <std::size_t N>
  ByteArray<N> array(std::string_view key) const {
    const Bytes value = bytes(key);
    if (value.size() != N) throw std::runtime_error(title + ": " + std::string(key) + " has another length");
    return to_array<N>(value);
  }
};

/// The cases of tests/vectors/<path>. A file without any fails the test with a message.
std::vector<VectorCase> load_cases(const std::string& path);

}  // namespace ponte::test
