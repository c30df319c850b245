// The service as its operator sees it: /metrics and /health?verbose.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/introspection.h"
#include "app/metrics_page.h"
#include "app/responsiveness.h"

namespace ponte::api {
class AuditLog;
class Dispatcher;
class PistacheServer;
}  // namespace ponte::api
namespace ponte::instance {
class ClientVersions;
class PushHub;
}  // namespace ponte::instance
namespace ponte::net {
class EventLoop;
}

namespace ponte::app {

/// Knows every part of the service and changes none. It is made before the REST layer, whose routes need it, and told
/// of it by attach() before anything is served. Thread-safe after that.
class ServiceIntrospection final : public api::Introspection {
 public:
  struct Parts {
    const instance::InstanceMetrics& metrics;
    const instance::InstanceService& instances;
    const instance::Webhooks& webhooks;
    instance::WorkerPool& workers;
    const store::Store& store;
    const instance::ClientVersions& versions;
    const instance::PushHub& hub;
    const api::AuditLog* audit;  ///< null: off
    std::vector<std::reference_wrapper<net::EventLoop>> loops;
  };
  ServiceIntrospection(Parts parts, Wall started);

  void attach(const api::Dispatcher& dispatcher, const api::PistacheServer& server);
  /// Nothing of the parts is asked any more for a report; who waits for one is answered. Before the loops stop.
  void stop() { responsiveness_.stop(); }

  std::string metrics() const override;
  void report(Reply<api::ServiceReport> reply) override;

 private:
  api::ServiceReport report_of(const Responsiveness::Answers& answers) const;

  const Parts parts_;
  const Wall started_;
  const api::Dispatcher* dispatcher_ = nullptr;
  const api::PistacheServer* server_ = nullptr;
  Responsiveness responsiveness_;
};

}  // namespace ponte::app
