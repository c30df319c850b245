#include "base/time.h"

namespace ponte {

Now SystemClock::now() const {
  using std::chrono::floor;
  return {Mono(floor<Milliseconds>(std::chrono::steady_clock::now().time_since_epoch())),
          Wall(floor<Milliseconds>(std::chrono::system_clock::now().time_since_epoch()))};
}

}  // namespace ponte
