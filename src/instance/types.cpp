#include "instance/types.h"

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

}  // namespace ponte::instance
