// bench_parts: the parts, one by one, with Google Benchmark. Prints medians, and the handshake against the sum of
// its primitives from the same run. `--json` prints one JSON object instead. Every option of Google Benchmark works.
#include "bench/parts.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "bench/medians.h"
#include "crypto/digest.h"

namespace ponte::bench {
namespace {

std::string time_text(double nanoseconds) {
  const auto [divisor, unit] = nanoseconds < 1e4   ? std::pair(1.0, "ns")
                               : nanoseconds < 1e7 ? std::pair(1e3, "us")
                                                   : std::pair(1e6, "ms");
  char text[32];
  std::snprintf(text, sizeof text, "%.*f %s", nanoseconds < 100 ? 1 : 0, nanoseconds / divisor, unit);
  return text;
}

/// The sum of the handshake's primitives by their medians; nullopt where one was filtered out.
std::optional<double> sum_of_shares(const MedianReporter& reporter) {
  double sum = 0;
  for (const Share& share : kHandshakeShares) {
    if (!reporter.has(share.benchmark)) return std::nullopt;
    sum += share.times * reporter.sample(share.benchmark).median;
  }
  return sum;
}

void print_table(const MedianReporter& reporter) {
  std::printf("%-28s %10s   %s\n", "", "median", "quartiles");
  for (const std::string& name : reporter.names()) {
    const Sample sample = reporter.sample(name);
    std::printf("%-28s %10s   %s to %s\n", name.c_str(), time_text(sample.median).c_str(),
                time_text(sample.low).c_str(), time_text(sample.high).c_str());
  }
  const auto sum = sum_of_shares(reporter);
  if (!sum || !reporter.has(kHandshake)) return;
  std::printf("\nThe handshake's primitives:\n");
  for (const Share& share : kHandshakeShares) {
    const double part = share.times * reporter.sample(share.benchmark).median;
    std::printf("  %u x %-22s %10s  %4.1f %%\n", share.times, share.benchmark, time_text(part).c_str(),
                100 * part / *sum);
  }
  const double whole = reporter.sample(kHandshake).median;
  std::printf("  %-26s %10s\nhandshake / sum of primitives: %.3f (target: at most 1.3)\n", "sum",
              time_text(*sum).c_str(), whole / *sum);
}

void print_json(const MedianReporter& reporter) {
  nlohmann::ordered_json out;
  for (const std::string& name : reporter.names()) {
    const Sample sample = reporter.sample(name);
    out["parts"][name] = {{"median_ns", sample.median}, {"q1_ns", sample.low}, {"q3_ns", sample.high}};
  }
  const auto sum = sum_of_shares(reporter);
  if (sum && reporter.has(kHandshake)) {
    out["handshake"] = {{"sum_ns", *sum}, {"ratio", reporter.sample(kHandshake).median / *sum}};
  }
  std::printf("%s\n", out.dump().c_str());
}

int run(std::vector<char*> arguments) {
  // Repetitions of all benchmarks are mixed, so that what else the machine does falls on all alike.
  static char repetitions[] = "--benchmark_repetitions=11";
  static char mixed[] = "--benchmark_enable_random_interleaving=true";
  static char shortest[] = "--benchmark_min_time=0.02";
  arguments.insert(arguments.begin() + 1, {repetitions, mixed, shortest});
  const auto json = std::find(arguments.begin(), arguments.end(), std::string_view("--json"));
  const bool as_json = json != arguments.end();
  if (as_json) arguments.erase(json);
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;

  // The stores that are made here would each say so.
  log::configure(log::Level::kWarn, log::Format::kText);
  register_handshake_parts();
  register_wire_parts();
  register_store_parts();
  register_session_parts();
  register_signal_parts();
  register_message_parts();
  MedianReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  if (as_json) {
    print_json(reporter);
  } else {
    print_table(reporter);
  }
  for (const std::string& error : reporter.errors()) std::fprintf(stderr, "bench_parts: %s\n", error.c_str());
  return reporter.errors().empty() ? 0 : 1;
}

}  // namespace
}  // namespace ponte::bench

int main(int argc, char** argv) {
  ponte::crypto::initialize();
  return ponte::bench::run({argv, argv + argc});
}
