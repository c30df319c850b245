// What the service tells of itself to whoever operates it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/reply.h"
#include "base/time.h"

namespace ponte::api {

/// What /health?verbose says besides what /health and the instances say.
struct ServiceReport {
  /// A thread that serves others, and how long it took to come round to us; nullopt: not within a second.
  struct Thread {
    std::string name;
    std::optional<Milliseconds> responded_in;
  };
  std::string version;
  std::vector<Thread> loops;
  Thread workers;
  std::size_t workers_queued = 0;
  std::size_t connections = 0;  ///< of clients
  std::string client_version;
  std::optional<Wall> client_version_fetched_at;
  std::optional<std::string> client_version_error;  ///< of the last look, where it failed
  std::optional<std::string> audit_error;           ///< why changes are not written down
};

/// Thread-safe. The composition root implements it, which alone sees every part.
class Introspection {
 public:
  virtual ~Introspection() = default;
  /// All figures in Prometheus's text format, version 0.0.4.
  virtual std::string metrics() const = 0;
  /// Answers within about a second.
  virtual void report(Reply<ServiceReport> reply) = 0;
};

}  // namespace ponte::api
