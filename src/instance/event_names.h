// The six events of the contract (1.3).
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace ponte::instance {

inline constexpr std::array<std::string_view, 6> kEventNames{"message.exchange", "message.status", "call.update",
                                                             "group.flow",       "instance.state", "label.update"};

inline bool is_event_name(std::string_view name) {
  return std::find(kEventNames.begin(), kEventNames.end(), name) != kEventNames.end();
}

}  // namespace ponte::instance
