// How many events are in what a server has pushed, whatever the pieces it came in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ponte::bench {

/// Server-Sent Events: each line `data:` is one, for ours have one each.
class SseCounter {
 public:
  std::size_t feed(std::string_view bytes);

 private:
  static constexpr std::string_view kData = "data:";
  std::string start_;  ///< of the line that is not over, as much as kData is long
};

/// WebSocket frames (RFC 6455) as a server sends them: each text message is one event, in one frame.
class FrameCounter {
 public:
  std::size_t feed(std::string_view bytes);
  /// Pings since the last call.
  std::size_t take_pings();
  /// The server has said goodbye.
  bool closed() const { return closed_; }

 private:
  std::size_t header_size() const;

  std::string header_;
  std::size_t payload_left_ = 0;
  std::size_t pings_ = 0;
  bool closed_ = false;
};

}  // namespace ponte::bench
