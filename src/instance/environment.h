// What instances need of the world. Filled in by the composition root.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/adjustable.h"
#include "base/random.h"
#include "base/time.h"
#include "net/executor.h"
#include "net/http_client.h"
#include "net/web_socket.h"
#include "protocol/session/config.h"
#include "store/store.h"

namespace ponte::instance {

class ClientVersions;
class DialPacer;
class EventJournal;
class InstanceWatcher;
struct InstanceMetrics;
class StateListener;
class Workers;

/// How a session's files are fetched.
struct MediaOptions {
  std::string ca_file;         ///< PEM: roots besides the system's; empty for none
  bool allow_private = false;  ///< of a server of one's own: its hosts may have addresses that are not public
};

struct InstanceOptions {
  protocol::SessionConfig session;
  net::WebSocketUrl url;
  Adjustable<Milliseconds> connect_timeout = Milliseconds(60'000);  ///< how long a connect call waits at most
  std::optional<net::Proxy> proxy;                                  ///< of every instance without one of its own
  std::string record_directory;                                     ///< empty: no recordings
  std::string public_url;  ///< where clients reach the REST API; empty: not known
  MediaOptions media;
};

/// A loop with its way to the network.
struct Lane {
  net::Executor& loop;
  /// As net::open_web_socket. Called on the loop.
  std::function<std::unique_ptr<net::WebSocket>(net::WebSocketOptions, net::WebSocketCallbacks)> open_web_socket;
};

/// All references outlive every instance.
struct Environment {
  store::Store& store;
  std::vector<Lane> lanes;  ///< at least one; an instance is pinned to one of them
  Workers& workers;
  ClientVersions& versions;
  DialPacer& pacer;
  StateListener& states;
  EventJournal& journal;  ///< `states` writes to it
  const Clock& clock;
  RandomSource& random;  ///< thread-safe
  InstanceMetrics& metrics;
  InstanceOptions options;
  InstanceWatcher* watcher = nullptr;  ///< null: nobody keeps anything with the instances
  net::HttpFetcher* http = nullptr;    ///< for files of messages; null: none are fetched
};

}  // namespace ponte::instance
