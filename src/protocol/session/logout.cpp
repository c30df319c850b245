#include "protocol/session/logout.h"

#include "protocol/messages/send_queue.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol {
namespace {

constexpr Milliseconds kLogoutWithin{5'000};

Status finish(Step& step) {
  const Error why{Errc::kCancelled, Cause::kLoggedOut, "logged out on request"};
  PONTE_TRY(wipe_device(step, why));
  // Without a connection there is none to end, but whoever asked waits for the word.
  if (step.link.phase == Phase::kClosed) step.emit(event::Ended{event::Disposition::kLoggedOut, why});
  step.end(event::Disposition::kLoggedOut, why);
  return Status::Ok();
}

}  // namespace

Status wipe_device(Step& step, const Error& why) {
  PONTE_ASSIGN(const std::vector<store::Record> records, step.store.scan(""));
  for (const auto& [key, value] : records) step.store.erase(key);
  store::put_logged_out(step.store, {std::string(cause_name(why.cause)), why.message, step.now.wall});
  messages::fail_sends(step, why);
  // What is known of devices and groups is that account's.
  step.link.messaging = messages::State();
  step.link.account.reset();
  step.link.credentials = {};
  return Status::Ok();
}

void hold_device(Step& step, const Error& why) {
  store::Hold hold{std::string(cause_name(why.cause)), why.message, std::nullopt};
  if (why.retry_after) hold.until = step.now.wall + *why.retry_after;
  store::put_hold(step.store, hold);
}

Status logout(Step& step) {
  if (step.link.phase != Phase::kOnline || !step.link.account) return finish(step);
  const auto own = wire::Jid::parse(step.link.account->jid);
  return step.send_iq(
      wire::server_iq("md", "set")
          .child(wire::Node("remove-companion-device")
                     .with("jid", own.value_or(wire::Jid{}))
                     .with("reason", "user_initiated")),
      // An error or silence changes nothing: the user wants this device gone.
      [](Step& later, const IqAnswer& answer) {
        if (answer.ok()) later.emit(event::Unlinked{});
        return finish(later);
      },
      kLogoutWithin);
}

}  // namespace ponte::protocol
