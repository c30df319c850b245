// What a phone does to a chunk of history.
#pragma once

#include "base/bytes.h"

namespace ponte::test {

/// A zlib stream.
Bytes deflate(ByteView plain);

}  // namespace ponte::test
