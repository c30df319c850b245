#include "replay/recorded.h"

#include <algorithm>
#include <charconv>

#include "base/hex.h"
#include "protocol/wire/node_codec.h"

namespace ponte::replay {

Error malformed(const VecLine& line, const std::string& what) {
  return {Errc::kMalformed, Cause::kInvalidRequest, "recording: line " + std::to_string(line.number) + ": " + what};
}

Error differs(const VecLine& line, const std::string& what) {
  return {Errc::kRejected, Cause::kRecordingDiffers, "line " + std::to_string(line.number) + ": " + what};
}

std::string picture(std::string_view hex) {
  const auto bytes = from_hex(hex);
  if (!bytes.ok()) return std::string(hex);
  const auto node = protocol::wire::decode_frame(*bytes);
  return node.ok() ? node->to_xml() : to_hex(*bytes);
}

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> out;
  std::size_t from = 0;
  while (from <= text.size()) {
    const auto space = std::min(text.find(' ', from), text.size());
    out.push_back(text.substr(from, space - from));
    from = space + 1;
  }
  return out;
}

std::uint64_t number(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void RecordedRandom::fill(MutableByteView out) {
  if (draws_.empty() || draws_.front().size() != out.size()) {
    overdrawn_ = true;
    for (std::uint8_t& byte : out) byte = ++count_;
    return;
  }
  std::copy(draws_.front().begin(), draws_.front().end(), out.begin());
  draws_.pop_front();
}

}  // namespace ponte::replay
