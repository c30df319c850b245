#include "instance/link_desk.h"

#include <algorithm>
#include <utility>

namespace ponte::instance {

void LinkDesk::wait(std::optional<std::string> number, Reply<ConnectResult> reply, Mono deadline) {
  if (waiting_.size() >= kLimit) {
    reply.answer(Error{Errc::kUnavailable, Cause::kOverloaded, "too many callers wait for this instance"});
    return;
  }
  waiting_.push_back({std::move(number), std::move(reply), deadline});
}

bool LinkDesk::waits_for(const std::optional<std::string>& number) const {
  return std::any_of(waiting_.begin(), waiting_.end(), [&](const Waiter& waiter) { return waiter.number == number; });
}

/// Taken out first: an answer may run code that adds the next waiter.
template <typename Predicate>
std::vector<LinkDesk::Waiter> LinkDesk::take(Predicate chosen) {
  const auto first =
      std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Waiter& waiter) { return !chosen(waiter); });
  std::vector<Waiter> taken(std::make_move_iterator(first), std::make_move_iterator(waiting_.end()));
  waiting_.erase(first, waiting_.end());
  return taken;
}

void LinkDesk::answer_all(const Result<ConnectResult>& result) {
  for (Waiter& waiter : std::exchange(waiting_, {})) waiter.reply.answer(result);
}

void LinkDesk::answer(const std::optional<std::string>& number, const Result<ConnectResult>& result) {
  for (Waiter& waiter : take([&](const Waiter& w) { return w.number == number; })) waiter.reply.answer(result);
}

void LinkDesk::answer_overdue(Mono now, const std::optional<Error>& why) {
  for (Waiter& waiter : take([now](const Waiter& w) { return w.deadline <= now; })) {
    std::string message = "connect: no code within the time limit";
    if (why) message += "; last: " + why->message;
    waiter.reply.answer(Error{Errc::kTimedOut, Cause::kConnectTimeout, std::move(message)});
  }
}

std::optional<Mono> LinkDesk::next_deadline() const {
  std::optional<Mono> next;
  for (const Waiter& waiter : waiting_) {
    if (!next || waiter.deadline < *next) next = waiter.deadline;
  }
  return next;
}

}  // namespace ponte::instance
