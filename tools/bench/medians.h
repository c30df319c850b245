// Medians over the repetitions of one run, and what is computed from them.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ponte::bench {

/// One benchmark over its repetitions, in nanoseconds. CPU time, unless the benchmark times itself (manual) or
/// waits for others (real).
struct Sample {
  double median = 0;
  double low = 0;   ///< first quartile
  double high = 0;  ///< third quartile
  std::size_t repetitions = 0;
};

/// Collects every repetition; nothing is printed while benchmarks run.
class MedianReporter final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override;

  /// The benchmarks that ran, in the order in which they were registered.
  std::vector<std::string> names() const;
  /// Precondition: `name` is one of names().
  Sample sample(const std::string& name) const;
  bool has(const std::string& name) const { return times_.count(name) > 0; }
  /// Messages of benchmarks that ended with an error.
  const std::vector<std::string>& errors() const { return errors_; }

 private:
  std::map<std::int64_t, std::string> names_;  ///< by place of registration
  std::map<std::string, std::vector<double>> times_;
  std::vector<std::string> errors_;
};

/// How often the client's XX handshake uses a primitive, by the name of its benchmark.
struct Share {
  const char* benchmark;
  unsigned times;
};
extern const std::vector<Share> kHandshakeShares;
/// The benchmark that kHandshakeShares add up to.
extern const char* const kHandshake;

}  // namespace ponte::bench
