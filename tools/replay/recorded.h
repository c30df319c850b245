// What the replays of both sides share: lines of a recording, its random draws, and how differences are shown.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/vec.h"

namespace ponte::replay {

/// kMalformed: the line is none of a recording's.
Error malformed(const VecLine& line, const std::string& what);
/// kRejected/kRecordingDiffers at that line.
Error differs(const VecLine& line, const std::string& what);

/// A decrypted stanza, in hex, as XML for people; the text itself where it is no stanza.
std::string picture(std::string_view hex);

/// The words of an input line, between single spaces.
std::vector<std::string> words(const std::string& text);
/// 0 where the text does not begin with a number.
std::uint64_t number(const std::string& text);

/// Hands out recorded draws. A draw that was not recorded is remembered, and answered with a count: who draws until
/// a value suits must come to an end.
class RecordedRandom final : public RandomSource {
 public:
  void add(Bytes bytes) { draws_.push_back(std::move(bytes)); }
  bool exhausted() const { return draws_.empty(); }
  bool overdrawn() const { return overdrawn_; }

  void fill(MutableByteView out) override;

 private:
  std::deque<Bytes> draws_;
  bool overdrawn_ = false;
  std::uint8_t count_ = 0;
};

}  // namespace ponte::replay
