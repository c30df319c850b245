// Where randomness enters pure code.
#pragma once

#include "base/bytes.h"

namespace ponte {

/// A source of random bytes. crypto::SystemRandom in production; tests and replay script it.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  /// Fills all of `out`. Cannot fail: a source that cannot deliver ends the process.
  virtual void fill(MutableByteView out) = 0;

  template <std::size_t N>
  ByteArray<N> array() {
    ByteArray<N> out;
    fill(out);
    return out;
  }
};

}  // namespace ponte
