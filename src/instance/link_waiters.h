// Callers of connect that wait for one answer of one instance.
#pragma once

#include <optional>
#include <vector>

#include "base/reply.h"
#include "base/time.h"
#include "instance/types.h"

namespace ponte::instance {

/// Everyone who waits gets the same answer at the same moment, or their own time-out. Loop thread.
class LinkWaiters {
 public:
  static constexpr std::size_t kLimit = 1000;

  /// Answers kUnavailable/kOverloaded at once where kLimit callers wait already.
  void add(Reply<ConnectResult> reply, Mono deadline);
  bool empty() const { return waiting_.empty(); }
  void answer_all(const Result<ConnectResult>& result);
  /// kTimedOut/kConnectTimeout to those whose time is over; `why` is what the attempt last ran into.
  void answer_overdue(Mono now, const std::optional<Error>& why);
  std::optional<Mono> next_deadline() const;

 private:
  struct Waiter {
    Reply<ConnectResult> reply;
    Mono deadline;
  };
  std::vector<Waiter> waiting_;
};

}  // namespace ponte::instance
