// Randomness that a test wrote down beforehand.
#pragma once

#include <deque>
#include <stdexcept>

#include "base/random.h"

namespace ponte::test {

/// Hands out scripted bytes in order; throws when the script runs out, so that a draw nobody
/// expected fails the test instead of passing by luck.
class ScriptedRandom final : public RandomSource {
 public:
  ScriptedRandom() = default;
  explicit ScriptedRandom(ByteView script) { add(script); }

  void add(ByteView bytes) { script_.insert(script_.end(), bytes.begin(), bytes.end()); }
  void add_repeated(std::uint8_t byte, std::size_t count) { script_.insert(script_.end(), count, byte); }
  std::size_t remaining() const { return script_.size(); }

  void fill(MutableByteView out) override {
    if (out.size() > script_.size()) throw std::runtime_error("ScriptedRandom: the script has run out");
    for (std::uint8_t& byte : out) {
      byte = script_.front();
      script_.pop_front();
    }
  }

 private:
  std::deque<std::uint8_t> script_;
};

/// An endless stream determined by its seed (xorshift64*), for tests that draw much and care little.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}

  std::uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1DULL;
  }
  void fill(MutableByteView out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(next() >> 56);
  }

 private:
  std::uint64_t state_;
};

}  // namespace ponte::test
