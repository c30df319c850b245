#include "instance/event_waits.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace ponte::instance {

EventWaits::EventWaits(const EventFeed& feed, net::Executor& loop, const Clock& clock)
    : feed_(feed), loop_(loop), clock_(clock) {}

void EventWaits::wait(std::string instance_id, std::uint64_t since, Milliseconds within, Task done) {
  // Counted before the journal is asked: an event that comes between finds somebody waiting.
  ++waiting_;
  loop_.post([this, instance_id = std::move(instance_id), since, within, done = std::move(done)]() mutable {
    if (closed_ || within <= Milliseconds(0) || feed_.last_sequence(instance_id) > since) {
      --waiting_;
      return done();
    }
    waiters_.push_back({std::move(instance_id), since, clock_.now().mono + within, std::move(done)});
    rearm();
  });
}

void EventWaits::on_event(const std::string& instance_id, const JournalEvent& event) {
  if (waiting_ == 0) return;
  loop_.post([this, instance_id, sequence = event.sequence] { answer_due(instance_id, sequence); });
}

void EventWaits::answer_due(const std::string& instance_id, std::uint64_t sequence) {
  const Mono now = clock_.now().mono;
  std::vector<Task> due;
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    const bool news = waiter->instance_id == instance_id && sequence > waiter->since;
    if (!closed_ && !news && waiter->until > now) {
      ++waiter;
      continue;
    }
    due.push_back(std::move(waiter->done));
    waiter = waiters_.erase(waiter);
    --waiting_;
  }
  rearm();
  for (Task& done : due) done();
}

void EventWaits::rearm() {
  timer_.reset();
  if (waiters_.empty()) return;
  const auto first = std::min_element(waiters_.begin(), waiters_.end(),
                                      [](const Waiter& one, const Waiter& other) { return one.until < other.until; });
  const Milliseconds delay = std::max(first->until - clock_.now().mono, Milliseconds(0));
  timer_ = loop_.after(delay, [this] { answer_due({}, 0); });
}

void EventWaits::close() {
  loop_.run_and_wait([this] {
    closed_ = true;
    answer_due({}, 0);
    timer_.reset();
  });
}

}  // namespace ponte::instance
