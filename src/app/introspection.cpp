#include "app/introspection.h"

#include <utility>

#include "api/audit_log.h"
#include "api/dispatcher.h"
#include "api/pistache_server.h"
#include "instance/client_versions.h"
#include "instance/instance_service.h"
#include "instance/push_hub.h"
#include "instance/worker_pool.h"
#include "net/event_loop.h"

namespace ponte::app {
namespace {

constexpr Milliseconds kResponds{1'000};

/// The loops, then the workers.
std::vector<Responsiveness::Post> targets(const ServiceIntrospection::Parts& parts) {
  std::vector<Responsiveness::Post> out;
  for (net::EventLoop& loop : parts.loops) {
    out.emplace_back([&loop](Task task) {
      loop.post(std::move(task));
      return true;
    });
  }
  out.emplace_back([&workers = parts.workers](Task task) { return workers.submit(std::move(task)).ok(); });
  return out;
}

}  // namespace

ServiceIntrospection::ServiceIntrospection(Parts parts, Wall started)
    : parts_(std::move(parts)), started_(started), responsiveness_(targets(parts_), kResponds) {}

void ServiceIntrospection::attach(const api::Dispatcher& dispatcher, const api::PistacheServer& server) {
  dispatcher_ = &dispatcher;
  server_ = &server;
}

std::string ServiceIntrospection::metrics() const {
  return metrics_page(
      {parts_.metrics, parts_.instances, parts_.webhooks, parts_.workers, parts_.store, dispatcher_->metrics()},
      {started_, server_->connections(), server_->waiting(), parts_.hub.subscribers(),
       parts_.audit != nullptr ? parts_.audit->lost().value() : 0});
}

void ServiceIntrospection::report(Reply<api::ServiceReport> reply) {
  responsiveness_.ask(Reply<Responsiveness::Answers>(
      [this, reply = std::move(reply)](const Result<Responsiveness::Answers>& answers) mutable {
        if (!answers) return reply.answer(answers.error());
        reply.answer(report_of(*answers));
      }));
}

api::ServiceReport ServiceIntrospection::report_of(const Responsiveness::Answers& answers) const {
  api::ServiceReport out;
  out.version = PONTE_VERSION;
  for (std::size_t i = 0; i + 1 < answers.size(); ++i) out.loops.push_back({"loop-" + std::to_string(i), answers[i]});
  out.workers = {"workers", answers.back()};
  out.workers_queued = parts_.workers.queued();
  out.connections = server_->connections();
  const instance::ClientVersions::Look look = parts_.versions.last_look();
  out.client_version = look.current.to_string();
  out.client_version_fetched_at = look.fetched_at;
  out.client_version_error = look.error;
  if (parts_.audit != nullptr) out.audit_error = parts_.audit->problem();
  return out;
}

}  // namespace ponte::app
