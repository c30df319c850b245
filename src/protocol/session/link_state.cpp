#include "protocol/session/link_state.h"

#include "protocol/appstate/sync_state.h"

namespace ponte::protocol {

LinkState::LinkState() = default;
LinkState::~LinkState() = default;

void LinkState::set_server_time(std::uint64_t unix_seconds, const Now& now, Milliseconds trip) {
  constexpr std::uint64_t kEndOfDates = 253'402'300'799;  // 9999-12-31T23:59:59Z
  if (unix_seconds > kEndOfDates) return;
  server_time_offset = Seconds(static_cast<std::int64_t>(unix_seconds)) + trip - now.wall.time_since_epoch();
}

std::optional<Mono> LinkState::next_deadline() const {
  std::optional<Mono> next = phase_deadline;
  const auto consider = [&next](std::optional<Mono> deadline) {
    if (deadline && (!next || *deadline < *next)) next = deadline;
  };
  if (qr.active()) consider(qr.valid_until());
  if (code) consider(code->next_deadline());
  if (passkey) consider(passkey->valid_until);
  consider(keepalive.next_deadline());
  if (app_state) consider(app_state->next_deadline());
  consider(timers.next_deadline());
  consider(messaging.next_deadline());
  consider(prekeys.retry_at);
  consider(prekeys.rotate_at);
  return next;
}

void LinkState::close() {
  phase = Phase::kClosed;
  phase_deadline.reset();
  pair_devices = 0;
  qr.stop();
  code.reset();
  passkey.reset();
  if (app_state) app_state->stop();
  keepalive.stop();
  works.clear();
  fetches.clear();
  timers.clear();
  media_hosts.waiting.clear();
  asked_files.clear();
  messaging.close();
  prekeys = {};
  history.close();
  announced = false;
  routed = false;
  verified_chain.reset();
}

}  // namespace ponte::protocol
