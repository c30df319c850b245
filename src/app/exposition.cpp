#include "app/exposition.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace ponte::app {

struct Exposition::Impl {
  std::vector<prometheus::MetricFamily> families;

  prometheus::ClientMetric& add(std::string_view name, std::string_view help, prometheus::MetricType type,
                                const Labels& labels) {
    if (families.empty() || families.back().name != name) {
      families.push_back({std::string(name), std::string(help), type, {}});
    }
    prometheus::ClientMetric& metric = families.back().metric.emplace_back();
    for (const auto& [label, value] : labels) metric.label.push_back({std::string(label), std::string(value)});
    return metric;
  }
};

Exposition::Exposition() : impl_(std::make_unique<Impl>()) {}
Exposition::~Exposition() = default;

void Exposition::counter(std::string_view name, std::string_view help, double value, const Labels& labels) {
  impl_->add(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
}

void Exposition::gauge(std::string_view name, std::string_view help, double value, const Labels& labels) {
  impl_->add(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
}

void Exposition::histogram(std::string_view name, std::string_view help, const Histogram::Snapshot& value,
                           const Labels& labels) {
  auto& histogram = impl_->add(name, help, prometheus::MetricType::Histogram, labels).histogram;
  histogram.sample_count = value.cumulative.back();
  histogram.sample_sum = value.sum;
  // The serializer adds +Inf by itself.
  for (std::size_t i = 0; i < value.bounds.size(); ++i) {
    histogram.bucket.push_back({value.cumulative[i], value.bounds[i]});
  }
}

void Exposition::causes(std::string_view name, std::string_view help, const CauseCounters& counters,
                        std::string_view label, const Labels& labels) {
  for (std::size_t i = 0; i < kCauses; ++i) {
    const auto cause = static_cast<Cause>(i);
    if (counters.value(cause) == 0) continue;
    Labels all = labels;
    all.emplace_back(label, cause_name(cause));
    counter(name, help, static_cast<double>(counters.value(cause)), all);
  }
}

std::string Exposition::text() const {
  return prometheus::TextSerializer().Serialize(impl_->families);
}

}  // namespace ponte::app
