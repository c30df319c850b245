// What features say to those who asked.
#pragma once

#include <optional>
#include <utility>

#include "protocol/session/link_state.h"
#include "protocol/session/step.h"

namespace ponte::protocol::features {

/// Why nothing can be done now; nullopt where it can.
inline std::optional<Error> not_connected(const Step& step) {
  if (step.link.phase == Phase::kOnline && step.link.account) return std::nullopt;
  return Error{Errc::kNotConnected, Cause::kNotConnected, "the instance is not connected"};
}

/// event::CommandEnded. Always Ok.
inline Status answer(Step& step, messages::Ticket ticket, Status status) {
  step.emit(event::CommandEnded{ticket, std::move(status)});
  return Status::Ok();
}

}  // namespace ponte::protocol::features
