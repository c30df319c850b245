#include "instance/housekeeping.h"

#include <malloc.h>

#include <utility>

#include "base/log.h"
#include "instance/worker_pool.h"
#include "store/store.h"

namespace ponte::instance {

Housekeeping::Housekeeping(net::Executor& loop, Workers& workers, store::Store& store, Task see_to_version)
    : loop_(loop),
      workers_(workers),
      store_(store),
      see_to_version_(std::move(see_to_version)),
      timer_(loop.after(kTick, [this] { tick(); })) {}

void Housekeeping::tick() {
  timer_ = loop_.after(kTick, [this] { tick(); });
  // A full queue means that there is more urgent work; the next tick asks again.
  if (!store_.health().ok()) {
    (void)workers_.submit([&store = store_] {
      if (store.try_resume().ok()) log::info("store", "takes writes again");
    });
  }
  see_to_version_();
  if (++ticks_ % kTrimEvery == 0) (void)workers_.submit([] { malloc_trim(0); });
}

}  // namespace ponte::instance
