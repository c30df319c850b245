// Comparison of secrets.
#pragma once

#include "base/bytes.h"

namespace ponte::crypto {

/// Equality in time that depends only on the lengths. Different lengths are unequal.
bool equal_constant_time(ByteView left, ByteView right);

}  // namespace ponte::crypto
