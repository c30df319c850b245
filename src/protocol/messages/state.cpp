#include "protocol/messages/state.h"

namespace ponte::protocol::messages {

std::optional<Mono> State::next_deadline() const {
  std::optional<Mono> next;
  const auto consider = [&next](Mono deadline) {
    if (!next || deadline < *next) next = deadline;
  };
  for (const PendingSend& send : sends) {
    if (send.stage != PendingSend::Stage::kWaiting) consider(send.deadline);
  }
  if (!phone_requests.empty()) consider(phone_requests.front().due);
  if (draining_until) consider(*draining_until);
  if (merging_chats) consider(Mono{});
  return next;
}

void State::close() {
  for (PendingSend& send : sends) {
    if (send.stage == PendingSend::Stage::kSent) continue;
    send.stage = PendingSend::Stage::kWaiting;
    send.asked = send.checked = send.devices_known = send.bundles_known = false;
  }
  phone_requests.clear();
  asked_phone.clear();
  draining_until.reset();
  offline_expected = offline_seen = 0;
}

}  // namespace ponte::protocol::messages
