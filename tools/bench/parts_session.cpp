// What a session costs beside its sockets and its disk: CPU time inside the session alone, against the
// simulator's core on a virtual clock and a store in memory.
#include <benchmark/benchmark.h>

#include "bench/parts.h"
#include "bench/session_line.h"
#include "crypto/system_random.h"
#include "protocol/devices/prekeys.h"
#include "protocol/session/output.h"

namespace ponte::bench {
namespace {

const Now kStart{Mono(Milliseconds(1'000'000)), Wall(Milliseconds(1'750'000'000'000))};

/// Server, store and configuration of one line.
struct World {
  World() {
    config.root_key = server.root_key();
    config.version = {2, 3000, 1045649367};
    config.device_name = "Chrome (Linux)";
  }
  SessionLine line() { return SessionLine(config, store, "instance-1", server, random, kStart); }

  crypto::SystemRandom random;
  simulator::SimServer server{{}, random};
  store::MemoryStore store;
  protocol::SessionConfig config;
};

void connect_to_qr(benchmark::State& state) {
  for (auto _ : state) {
    World world;
    SessionLine line = world.line();
    line.open();
    if (line.qr_text().empty()) {
      state.SkipWithError("no QR");
      break;
    }
    state.SetIterationTime(line.session_seconds());
  }
}

void qr_to_online(benchmark::State& state) {
  for (auto _ : state) {
    World world;
    SessionLine line = world.line();
    line.open();
    const double before = line.session_seconds();
    if (!line.pair_and_log_in()) {
      state.SkipWithError("not logged in");
      break;
    }
    state.SetIterationTime(line.session_seconds() - before);
  }
}

/// By IK with the chain that is kept, or by XX.
void login(benchmark::State& state, protocol::Resumption resumption) {
  World world;
  SessionLine line = world.line();
  line.open();
  if (!line.pair_and_log_in()) return state.SkipWithError("not paired");
  const auto& counters = world.server.world().counters;
  const std::uint64_t resumed = counters.handshakes_ik;
  std::uint64_t logins = 0;
  for (auto _ : state) {
    const double before = line.session_seconds();
    line.open(resumption);
    state.SetIterationTime(line.session_seconds() - before);
    ++logins;
  }
  const std::uint64_t expected = resumption == protocol::Resumption::kAllowed ? logins : 0;
  if (counters.handshakes_ik - resumed != expected) state.SkipWithError("another handshake than was meant");
}

void next_qr(benchmark::State& state) {
  World world;
  SessionLine line = world.line();
  line.open();
  unsigned shown = 1;
  for (auto _ : state) {
    if (shown == 6) {
      line.open();
      shown = 1;
    }
    const std::string before = line.qr_text();
    double spent = 0;
    while (line.qr_text() == before) {
      const double start = line.session_seconds();
      if (!line.advance()) return state.SkipWithError("no further QR");
      spent = line.session_seconds() - start;
    }
    ++shown;
    state.SetIterationTime(spent);
  }
}

void prekeys(benchmark::State& state) {
  const protocol::GeneratePrekeys request{1, protocol::devices::kFirstUpload, {}};
  for (auto _ : state) benchmark::DoNotOptimize(protocol::run_work(request));
}

void code_key(benchmark::State& state) {
  const protocol::DeriveCodeKey request{"ABCD1234", {}};
  for (auto _ : state) benchmark::DoNotOptimize(protocol::run_work(request));
}

}  // namespace

void register_session_parts() {
  benchmark::RegisterBenchmark("session, open to QR", connect_to_qr)->UseManualTime();
  benchmark::RegisterBenchmark("session, next QR", next_qr)->UseManualTime();
  benchmark::RegisterBenchmark("session, scan to online", qr_to_online)->UseManualTime();
  benchmark::RegisterBenchmark("session, open to online, XX", [](benchmark::State& state) {
    login(state, protocol::Resumption::kForbidden);
  })->UseManualTime();
  benchmark::RegisterBenchmark("session, open to online, IK", [](benchmark::State& state) {
    login(state, protocol::Resumption::kAllowed);
  })->UseManualTime();
  benchmark::RegisterBenchmark("812 prekeys, on a worker", prekeys);
  benchmark::RegisterBenchmark("code key (PBKDF2), on a worker", code_key);
}

}  // namespace ponte::bench
