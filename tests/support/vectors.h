// Access to the vector files of the tests.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/vec.h"

namespace ponte::test {

/// Loads tests/vectors/<path>; a vector that cannot be read fails the test with a message.
VecFile load_vectors(const std::string& path);

/// The bytes of a key that must be there.
Bytes vector_bytes(const VecFile& file, std::string_view key);
std::string vector_text(const VecFile& file, std::string_view key);

/// Every single-bit flip of `bytes` at `stride` bit positions apart (1: all bits).
std::vector<Bytes> bit_flips(ByteView bytes, std::size_t stride = 1);
/// Every proper prefix of `bytes`.
std::vector<Bytes> truncations(ByteView bytes);

}  // namespace ponte::test
