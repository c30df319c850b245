// Randomness that follows from a seed, so that a simulator started twice with one seed has the same keys.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"

namespace ponte::simulator {

using Seed = ByteArray<32>;

/// An endless stream: SHA-256(seed || label || counter), block after block. One thread.
/// Equal seeds and labels give equal streams; different labels unrelated ones.
class DerivedRandom final : public RandomSource {
 public:
  DerivedRandom(const Seed& seed, std::string_view label);

  void fill(MutableByteView out) override;

 private:
  Bytes prefix_;
  std::uint64_t counter_ = 0;
  ByteArray<32> block_{};
  std::size_t used_ = 32;
};

/// `digits` decimal digits, the first not 0, that follow from the seed and the label.
std::string derived_digits(const Seed& seed, std::string_view label, std::size_t digits);

}  // namespace ponte::simulator
