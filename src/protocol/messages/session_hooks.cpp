#include "protocol/messages/session_hooks.h"

#include "protocol/messages/addresses.h"
#include "protocol/messages/kept.h"
#include "protocol/messages/lid_map.h"
#include "protocol/messages/phone_requests.h"
#include "protocol/messages/receive.h"
#include "protocol/messages/send_queue.h"
#include "protocol/session/link_state.h"
#include "store/messaging_records.h"

namespace ponte::protocol::messages {
namespace {

/// The end of the queue is not always told.
constexpr Milliseconds kDrainWithin{10'000};
constexpr std::int64_t kKeepOutgoingDays = 7;
constexpr std::int64_t kKeepSeenDays = 31;  // the server offers nothing for longer
constexpr std::int64_t kLookBackDays = 60;  ///< for what was left by a time without logins
constexpr Milliseconds kKeepRetries = std::chrono::hours(14 * 24);

constexpr std::uint64_t kBatch = 200;  // wire: messages.md 2.11

/// Without it the server delivers a handful.
Status ask_batch(Step& step) {
  return step.send(wire::Node("ib").child(wire::Node("offline_batch").with("count", std::to_string(kBatch))));
}

Status forget_old(Step& step) {
  const std::int64_t today = store::day_of(step.now.wall);
  for (std::int64_t day = today - kLookBackDays; day < today - kKeepOutgoingDays; ++day) {
    PONTE_ASSIGN(const auto ids, store::get_outgoing_of_day(step.store, day));
    for (const std::string& id : ids) store::erase_outgoing(step.store, id, day);
    if (day < today - kKeepSeenDays) PONTE_TRY(store::erase_seen_of_day(step.store, day));
  }
  return Status::Ok();
}

/// What was asked for again and never came is lost by now.
Status tell_old_retries_lost(Step& step) {
  PONTE_ASSIGN(const auto retries, store::get_retries(step.store));
  for (const auto& [name, retry] : retries) {
    if (retry.first_at + kKeepRetries > step.now.wall) continue;
    if (retry.count <= kMostRetries) PONTE_TRY(tell_lost(step, name, retry));
    store::erase_retry(step.store, name);
  }
  return Status::Ok();
}

}  // namespace

Status on_online(Step& step) {
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  // The phone speaks from its LID: a session from before that was known moves there.
  if (own.lid) PONTE_TRY(learn_mapping(step, own.pn, *own.lid));
  step.link.messaging.merging_chats = true;
  PONTE_TRY(forget_old(step));
  PONTE_TRY(tell_old_retries_lost(step));
  return resume_sends(step);
}

Status on_offline_preview(Step& step, const wire::Node& preview) {
  State& state = step.link.messaging;
  state.offline_expected = preview.number("count").value_or(0);
  state.offline_seen = 0;
  if (state.offline_expected == 0) return Status::Ok();
  state.draining_until = step.now.mono + kDrainWithin;
  return ask_batch(step);
}

Status on_offline_stanza(Step& step) {
  State& state = step.link.messaging;
  if (state.offline_expected == 0) return Status::Ok();
  ++state.offline_seen;
  if (state.draining_until) state.draining_until = step.now.mono + kDrainWithin;
  const bool batch_full = state.offline_seen % kBatch == 0;
  return batch_full && state.offline_seen < state.offline_expected ? ask_batch(step) : Status::Ok();
}

Status on_offline_end(Step& step) {
  step.link.messaging.draining_until.reset();
  step.link.messaging.offline_expected = 0;
  return advance_sends(step);
}

Status on_deadline(Step& step) {
  auto& draining = step.link.messaging.draining_until;
  if (draining && *draining <= step.now.mono) draining.reset();
  if (step.link.messaging.merging_chats) PONTE_TRY(merge_more_chats(step));
  PONTE_TRY(on_phone_request_deadline(step));
  return on_send_deadline(step);
}

}  // namespace ponte::protocol::messages
