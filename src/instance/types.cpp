#include "instance/types.h"

#include <algorithm>

namespace ponte::instance {

std::string_view state_name(State state) {
  switch (state) {
    case State::kDisconnected: return "disconnected";
    case State::kConnecting: return "connecting";
    case State::kConnected: return "connected";
    case State::kLoggedOut: return "loggedout";
  }
  return "disconnected";
}

bool is_instance_name(std::string_view name) {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace ponte::instance
