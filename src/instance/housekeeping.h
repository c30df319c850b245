// What the process does for itself now and then.
#pragma once

#include <memory>

#include "base/time.h"
#include "net/executor.h"

namespace ponte::store {
class Store;
}

namespace ponte::instance {

class Workers;

/// Asks a store that refuses writes whether it takes them again, sees to the client version, and gives memory back that
/// a wave of connections left in the heap. Ticks on `loop`, works on `workers`; both outlive it. Made and destroyed
/// on the loop thread.
class Housekeeping {
 public:
  static constexpr Milliseconds kTick{5'000};
  /// Every so many ticks the heap is trimmed: a handshake's buffers fragment it (measured: 46 KiB a TLS
  /// connection after 999 handshakes at once, 26 KiB after a trim that took 2 ms).
  static constexpr unsigned kTrimEvery = 12;

  /// `see_to_version` is called now and then on the loop.
  Housekeeping(net::Executor& loop, Workers& workers, store::Store& store, Task see_to_version);

 private:
  void tick();

  net::Executor& loop_;
  Workers& workers_;
  store::Store& store_;
  Task see_to_version_;
  unsigned ticks_ = 0;
  std::unique_ptr<net::Timer> timer_;
};

}  // namespace ponte::instance
