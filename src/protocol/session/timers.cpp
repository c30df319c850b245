#include "protocol/session/timers.h"

#include <vector>

#include "protocol/session/link_state.h"
#include "protocol/session/step.h"

namespace ponte::protocol {

std::optional<Mono> Timers::next_deadline() const {
  return pending_.empty() ? std::nullopt : std::optional(pending_.begin()->first);
}

Status Timers::on_deadline(Step& step) {
  std::vector<Handler> due;
  const auto later = pending_.upper_bound(step.now.mono);
  for (auto timer = pending_.begin(); timer != later; ++timer) due.push_back(std::move(timer->second));
  pending_.erase(pending_.begin(), later);
  for (Handler& handler : due) {
    PONTE_TRY(handler(step));
    // Who ended the connection ended what was to be done on it.
    if (step.link.phase == Phase::kClosed) break;
  }
  return Status::Ok();
}

}  // namespace ponte::protocol
