#include "instance/link_waiters.h"

#include <algorithm>
#include <utility>

namespace ponte::instance {

void LinkWaiters::add(Reply<ConnectResult> reply, Mono deadline) {
  if (waiting_.size() >= kLimit) {
    reply.answer(Error{Errc::kUnavailable, Cause::kOverloaded, "too many callers wait for this instance"});
    return;
  }
  waiting_.push_back({std::move(reply), deadline});
}

void LinkWaiters::answer_all(const Result<ConnectResult>& result) {
  // Taken out first: an answer may run code that adds the next waiter.
  for (Waiter& waiter : std::exchange(waiting_, {})) waiter.reply.answer(result);
}

void LinkWaiters::answer_overdue(Mono now, const std::optional<Error>& why) {
  const auto overdue = std::stable_partition(waiting_.begin(), waiting_.end(),
                                             [now](const Waiter& waiter) { return waiter.deadline > now; });
  std::vector<Waiter> due(std::make_move_iterator(overdue), std::make_move_iterator(waiting_.end()));
  waiting_.erase(overdue, waiting_.end());
  for (Waiter& waiter : due) {
    std::string message = "connect: no code within the time limit";
    if (why) message += "; last: " + why->message;
    waiter.reply.answer(Error{Errc::kTimedOut, Cause::kConnectTimeout, std::move(message)});
  }
}

std::optional<Mono> LinkWaiters::next_deadline() const {
  std::optional<Mono> next;
  for (const Waiter& waiter : waiting_) {
    if (!next || waiter.deadline < *next) next = waiter.deadline;
  }
  return next;
}

}  // namespace ponte::instance
