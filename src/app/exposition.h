// Figures as Prometheus reads them. The only place behind which prometheus-cpp stands (exposition.cpp).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metrics.h"

namespace ponte::app {

/// Collects the figures of one moment. Names and labels are the caller's: `ponte_..._total`, base units. Labels must
/// come from closed enumerations, never from what a client sent. One thread.
class Exposition {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

  Exposition();
  ~Exposition();

  /// Those of one name follow each other, with the same help.
  void counter(std::string_view name, std::string_view help, double value, const Labels& labels = {});
  void gauge(std::string_view name, std::string_view help, double value, const Labels& labels = {});
  void histogram(std::string_view name, std::string_view help, const Histogram::Snapshot& value,
                 const Labels& labels = {});
  /// Those causes that have come up, as the label `label`.
  void causes(std::string_view name, std::string_view help, const CauseCounters& counters, std::string_view label,
              const Labels& labels = {});

  /// Text format 0.0.4.
  std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ponte::app
