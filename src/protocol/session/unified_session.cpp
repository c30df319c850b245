#include "protocol/session/unified_session.h"

#include "protocol/session/link_state.h"

namespace ponte::protocol {

std::int64_t unified_session_id(Wall server_time) {
  constexpr std::int64_t kDay = 86'400'000;
  return (unix_milliseconds(server_time) + 3 * kDay) % (7 * kDay);
}

Status send_unified_session(Step& step) {
  const std::string id = std::to_string(unified_session_id(step.link.server_time(step.now)));
  return step.send(wire::Node("ib").child(wire::Node("unified_session").with("id", id)));
}

}  // namespace ponte::protocol
