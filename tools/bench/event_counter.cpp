#include "bench/event_counter.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace ponte::bench {
namespace {

constexpr unsigned kText = 0x1;
constexpr unsigned kClose = 0x8;
constexpr unsigned kPing = 0x9;
constexpr unsigned kTwoBytes = 126;    // of length follow
constexpr unsigned kEightBytes = 127;  // of length follow

}  // namespace

std::size_t SseCounter::feed(std::string_view bytes) {
  std::size_t events = 0;
  for (;;) {
    const std::size_t end = bytes.find('\n');
    start_.append(bytes.substr(0, std::min(end, kData.size() - start_.size())));
    if (end == std::string_view::npos) return events;
    if (start_ == kData) ++events;
    start_.clear();
    bytes.remove_prefix(end + 1);
  }
}

/// Bytes of the header that has begun, as far as it tells; a server's have no mask.
std::size_t FrameCounter::header_size() const {
  if (header_.size() < 2) return 2;
  const unsigned length = static_cast<unsigned char>(header_[1]) & 0x7f;
  return length == kEightBytes ? 10 : length == kTwoBytes ? 4 : 2;
}

std::size_t FrameCounter::feed(std::string_view bytes) {
  std::size_t events = 0;
  const auto skip_payload = [&] {
    const std::size_t skipped = std::min(payload_left_, bytes.size());
    payload_left_ -= skipped;
    bytes.remove_prefix(skipped);
    if (payload_left_ > 0) return;
    const unsigned opcode = static_cast<unsigned char>(header_[0]) & 0x0f;
    if (opcode == kText) ++events;
    if (opcode == kPing) ++pings_;
    if (opcode == kClose) closed_ = true;
    header_.clear();
  };
  while (!bytes.empty()) {
    if (header_.size() == header_size()) {
      skip_payload();
      continue;
    }
    header_ += bytes.front();
    bytes.remove_prefix(1);
    if (header_.size() < header_size()) continue;
    const unsigned length = static_cast<unsigned char>(header_[1]) & 0x7f;
    payload_left_ = length < kTwoBytes ? length : 0;
    for (std::size_t i = 2; i < header_.size(); ++i) {
      payload_left_ = payload_left_ << 8 | static_cast<unsigned char>(header_[i]);
    }
    if (payload_left_ == 0) skip_payload();
  }
  return events;
}

std::size_t FrameCounter::take_pings() {
  return std::exchange(pings_, 0);
}

}  // namespace ponte::bench
