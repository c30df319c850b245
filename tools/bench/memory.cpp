// bench_memory: the heap of one session waiting on a QR or online, and of one open WebSocket, each on its own.
// What destroying them gives back is what they held. Prints one JSON object; figures are bytes each.
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/session_line.h"
#include "crypto/digest.h"
#include "crypto/system_random.h"
#include "instance/instance.h"
#include "net/event_loop.h"
#include "net/resolver.h"
#include "net/tls_context.h"
#include "net/web_socket.h"
#include "protocol/session/connection.h"

namespace ponte::bench {
namespace {

/// Bytes that the program holds from malloc, all arenas together.
double heap_bytes() {
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

double resident_bytes() {
  long total = 0;
  long resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// ---- sessions -------------------------------------------------------------------------------------

/// How far a session has come.
enum class Stage { kMade, kShowsQr, kOnline };

/// Heap given back by `count` sessions, each.
double session_heap(std::size_t count, Stage stage) {
  crypto::SystemRandom random;
  simulator::SimServer server({}, random);
  store::MemoryStore store;
  protocol::SessionConfig config;
  config.root_key = server.root_key();
  config.version = {2, 3000, 1045649367};
  config.device_name = "Chrome (Linux)";
  const Now start{Mono(Milliseconds(1'000'000)), Wall(Milliseconds(1'750'000'000'000))};
  std::vector<std::unique_ptr<SessionLine>> lines;
  for (std::size_t i = 0; i < count; ++i) {
    lines.push_back(
        std::make_unique<SessionLine>(config, store, "instance-" + std::to_string(i), server, random, start));
    if (stage == Stage::kMade) continue;
    lines.back()->open();
    if (lines.back()->qr_text().empty()) throw std::runtime_error("a session shows no QR");
    if (stage == Stage::kShowsQr) continue;
    if (!lines.back()->pair_and_log_in()) throw std::runtime_error("a session does not log in");
    // The one that logs in after a start has never paired.
    lines.back()->begin_anew();
    if (!lines.back()->online()) throw std::runtime_error("a session does not log in again");
  }
  const double before = heap_bytes();
  for (auto& line : lines) line->drop_session();
  return (before - heap_bytes()) / static_cast<double>(count);
}

// ---- sockets --------------------------------------------------------------------------------------

struct Sockets {
  double heap = 0;
  double resident = 0;
  double open_milliseconds = 0;  ///< median
};

/// One socket after the other on one loop; the server answers the upgrade and then waits for a prologue.
Sockets measure_sockets(const std::string& url, const std::string& ca_file, std::size_t count) {
  auto parsed = net::WebSocketUrl::parse(url);
  if (!parsed.ok()) throw std::runtime_error(parsed.error().message);
  auto tls = net::TlsContext::create(ca_file);
  if (!tls.ok()) throw std::runtime_error(tls.error().message);
  net::EventLoop loop("bench");
  net::Resolver resolver;
  std::vector<std::unique_ptr<net::WebSocket>> sockets;
  sockets.reserve(count);
  std::vector<double> times;
  const auto open_one = [&] {
    std::promise<std::string> opened;
    auto outcome = opened.get_future();
    const auto start = std::chrono::steady_clock::now();
    loop.post([&] {
      net::WebSocketCallbacks callbacks;
      callbacks.on_open = [&opened] { opened.set_value(""); };
      callbacks.on_closed = [&opened, count = times.size(), &times](const Error& why) {
        if (count == times.size()) opened.set_value(why.message);
      };
      net::WebSocketOptions options;
      options.url = *parsed;
      sockets.push_back(net::open_web_socket(loop, {resolver, **tls}, std::move(options), std::move(callbacks)));
    });
    if (const std::string problem = outcome.get(); !problem.empty()) throw std::runtime_error(problem);
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  };
  constexpr std::size_t kWarm = 10;
  for (std::size_t i = 0; i < kWarm; ++i) open_one();
  const double resident = resident_bytes();
  while (sockets.size() < count) open_one();

  Sockets out;
  const auto divisor = static_cast<double>(count - kWarm);
  out.resident = (resident_bytes() - resident) / divisor;
  const double heap = heap_bytes();
  loop.run_and_wait([&] { sockets.resize(kWarm); });
  loop.run_and_wait([] {});  // cancelled handlers have run by then
  out.heap = (heap - heap_bytes()) / divisor;
  loop.run_and_wait([&] { sockets.clear(); });
  std::nth_element(times.begin(), times.begin() + static_cast<long>(times.size() / 2), times.end());
  out.open_milliseconds = times[times.size() / 2];
  return out;
}

}  // namespace
}  // namespace ponte::bench

int main(int argc, char** argv) {
  using namespace ponte;  // NOLINT(google-build-using-namespace)
  CLI::App cli("Heap of a session, waiting on a QR and online, and of an open WebSocket", "bench_memory");
  std::size_t count = 1000;
  std::string url;
  std::string ca_file;
  cli.add_option("--count", count)->check(CLI::Range(20, 100'000));
  cli.add_option("--url", url, "a simulator's; without it no WebSockets are measured");
  cli.add_option("--ca-file", ca_file);
  CLI11_PARSE(cli, argc, argv);
  crypto::initialize();
  try {
    nlohmann::ordered_json out;
    using bench::Stage;
    bench::session_heap(20, Stage::kShowsQr);  // what is made once
    // Each that goes online draws 812 prekeys: fewer do.
    out["session"] = {{"heap", bench::session_heap(count, Stage::kShowsQr)},
                      {"heap_unopened", bench::session_heap(count, Stage::kMade)},
                      {"heap_online", bench::session_heap(std::min<std::size_t>(count, 200), Stage::kOnline)}};
    if (!url.empty()) {
      const bench::Sockets sockets = bench::measure_sockets(url, ca_file, count);
      out["socket"] = {{"heap", sockets.heap}, {"rss", sockets.resident}, {"open_ms", sockets.open_milliseconds}};
    }
    out["sizeof"] = {{"Instance", sizeof(instance::Instance)},
                     {"Session", sizeof(protocol::Session)},
                     {"Connection", sizeof(protocol::Connection)},
                     {"Handshake", sizeof(protocol::noise::Handshake)}};
    std::printf("%s\n", out.dump().c_str());
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "bench_memory: %s\n", problem.what());
    return 1;
  }
  return 0;
}
