#include "bench/medians.h"

#include <algorithm>

namespace ponte::bench {
namespace {

double quantile(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - static_cast<double>(below));
}

}  // namespace

void MedianReporter::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (run.run_type != Run::RT_Iteration) continue;
    const std::string& name = run.run_name.function_name;
    if (run.error_occurred) {
      errors_.push_back(name + ": " + run.error_message);
      continue;
    }
    const double seconds = run.run_name.time_type.empty() ? run.cpu_accumulated_time : run.real_accumulated_time;
    names_[run.family_index] = name;
    times_[name].push_back(seconds * 1e9 / static_cast<double>(run.iterations));
  }
}

std::vector<std::string> MedianReporter::names() const {
  std::vector<std::string> names;
  for (const auto& [place, name] : names_) names.push_back(name);
  return names;
}

Sample MedianReporter::sample(const std::string& name) const {
  std::vector<double> times = times_.at(name);
  std::sort(times.begin(), times.end());
  return {quantile(times, 0.5), quantile(times, 0.25), quantile(times, 0.75), times.size()};
}

}  // namespace ponte::bench
