// What instances need of the world. Filled in by the composition root.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "net/web_socket.h"
#include "protocol/session/config.h"
#include "store/store.h"

namespace ponte::net {
class EventLoop;
}

namespace ponte::instance {

class WorkerPool;

struct InstanceOptions {
  protocol::SessionConfig session;
  net::WebSocketUrl url;
  Milliseconds connect_timeout{60'000};  ///< how long a connect call waits at most
  std::string record_directory;          ///< empty: no recordings
};

/// All references outlive every instance.
struct Environment {
  store::Store& store;
  std::vector<net::EventLoop*> loops;  ///< at least one; an instance is pinned to one of them
  net::NetworkContext network;
  WorkerPool& workers;
  const Clock& clock;
  RandomSource& random;  ///< thread-safe
  InstanceOptions options;
};

}  // namespace ponte::instance
