#include "support/deflate.h"

#include <zlib.h>

#include <stdexcept>

namespace ponte::test {

Bytes deflate(ByteView plain) {
  uLongf size = compressBound(static_cast<uLong>(plain.size()));
  Bytes out(size);
  if (compress(out.data(), &size, plain.data(), static_cast<uLong>(plain.size())) != Z_OK)
    throw std::runtime_error("zlib does not compress");
  out.resize(size);
  return out;
}

}  // namespace ponte::test
