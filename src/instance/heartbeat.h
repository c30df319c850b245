// Something done again and again.
#pragma once

#include <memory>
#include <utility>

#include "base/task.h"
#include "base/time.h"
#include "net/executor.h"

namespace ponte::instance {

/// Calls `beat` on the loop, each time `interval` after the last. Made and destroyed on the loop thread.
class Heartbeat {
 public:
  /// `loop` outlives it.
  Heartbeat(net::Executor& loop, Milliseconds interval, Task beat)
      : loop_(loop), interval_(interval), beat_(std::move(beat)) {
    arm();
  }

 private:
  void arm() {
    timer_ = loop_.after(interval_, [this] {
      arm();
      beat_();
    });
  }

  net::Executor& loop_;
  const Milliseconds interval_;
  Task beat_;
  std::unique_ptr<net::Timer> timer_;
};

}  // namespace ponte::instance
