// Callers of connect that wait for a way to link, and what they are given.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/reply.h"
#include "base/time.h"
#include "instance/types.h"

namespace ponte::instance {

/// Everyone who waits for the same thing gets the same answer at the same moment, or their own time-out. Loop thread.
class LinkDesk {
 public:
  static constexpr std::size_t kLimit = 1000;

  /// `number`: a pairing code for it is wanted; absent: a QR. Answers kUnavailable/kOverloaded at once where kLimit
  /// callers wait already.
  void wait(std::optional<std::string> number, Reply<ConnectResult> reply, Mono deadline);
  bool empty() const { return waiting_.empty(); }
  bool waits_for(const std::optional<std::string>& number) const;

  void answer_all(const Result<ConnectResult>& result);
  /// Those who wait for a QR, or for a code of that number.
  void answer(const std::optional<std::string>& number, const Result<ConnectResult>& result);
  /// kTimedOut/kConnectTimeout to those whose time is over; `why` is what the attempt last ran into.
  void answer_overdue(Mono now, const std::optional<Error>& why);
  std::optional<Mono> next_deadline() const;

 private:
  struct Waiter {
    std::optional<std::string> number;
    Reply<ConnectResult> reply;
    Mono deadline;
  };
  template <typename Predicate>
  std::vector<Waiter> take(Predicate chosen);

  std::vector<Waiter> waiting_;
};

}  // namespace ponte::instance
