// Whose turn it is, where many want to send and few may at once.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <utility>

namespace ponte::instance {

/// Two lines, each with slots of its own: who failed last may be waiting for a receiver that never answers, and must
/// not take the slots of who did not. In a line everybody comes once before anybody comes again. `Key` is ordered.
template <typename Key>
class DeliverySlots {
 public:
  enum class Line { kHealthy, kFailing };

  DeliverySlots(std::size_t healthy, std::size_t failing) : healthy_{healthy}, failing_{failing} {}

  /// Gets behind the others of its line; once, however often it is said. A key that has a slot is not added.
  void add(const Key& key, Line line) {
    if (!waiting_.insert(key).second) return;
    lane(line).keys.push_back(key);
  }
  /// The next that may go, with its slot taken.
  std::optional<std::pair<Key, Line>> take() {
    for (const Line line : {Line::kHealthy, Line::kFailing}) {
      Lane& lane_of_it = lane(line);
      if (lane_of_it.keys.empty() || lane_of_it.taken >= lane_of_it.slots) continue;
      Key key = std::move(lane_of_it.keys.front());
      lane_of_it.keys.pop_front();
      waiting_.erase(key);
      ++lane_of_it.taken;
      return std::pair(std::move(key), line);
    }
    return std::nullopt;
  }
  void release(Line line) { --lane(line).taken; }

 private:
  struct Lane {
    std::size_t slots;
    std::size_t taken = 0;
    std::deque<Key> keys = {};
  };
  Lane& lane(Line line) { return line == Line::kHealthy ? healthy_ : failing_; }

  Lane healthy_;
  Lane failing_;
  std::set<Key> waiting_;
};

}  // namespace ponte::instance
