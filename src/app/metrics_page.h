// What /metrics shows: every name, its help and where its figure comes from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/time.h"

namespace ponte::api {
class HttpMetrics;
}
namespace ponte::instance {
struct InstanceMetrics;
class InstanceService;
class Webhooks;
class WorkerPool;
}  // namespace ponte::instance
namespace ponte::store {
class Store;
}

namespace ponte::app {

class Exposition;

/// Where the figures are. All outlive the page.
struct MetricsSources {
  const instance::InstanceMetrics& instance_metrics;
  const instance::InstanceService& instances;
  const instance::Webhooks& webhooks;
  const instance::WorkerPool& workers;
  const store::Store& store;
  const api::HttpMetrics& http;
};
/// What has to be asked for at the moment.
struct MetricsMoment {
  Wall started{};
  std::size_t connections = 0;
  std::size_t waiting_requests = 0;
  std::size_t event_subscribers = 0;
  std::uint64_t audit_records_lost = 0;
};

/// The page. Any thread.
std::string metrics_page(const MetricsSources& sources, const MetricsMoment& moment);

}  // namespace ponte::app
