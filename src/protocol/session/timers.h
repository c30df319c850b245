// What is to be done later.
#pragma once

#include <map>
#include <optional>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"

namespace ponte::protocol {

struct Step;

/// Calls handlers when their time has come, those of the same time in the order in which they were added. Those of one
/// connection are forgotten with it. One thread.
class Timers {
 public:
  using Handler = UniqueFunction<Status(Step&)>;

  void add(Mono deadline, Handler handler) { pending_.emplace(deadline, std::move(handler)); }
  /// Calls those that were due when it was called: what they add waits for the next time.
  Status on_deadline(Step& step);
  std::optional<Mono> next_deadline() const;
  void clear() { pending_.clear(); }

 private:
  std::multimap<Mono, Handler> pending_;
};

}  // namespace ponte::protocol
