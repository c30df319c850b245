// bench_history: a chunk of history on its way into the store, slice by slice as a session does it. Prints one JSON
// object: messages a second of each stage alone, and how far the resident memory rises above where it stood before.
//
// The stages do what the ones before do, and more: inflate and read items; make records of them; put them into
// transactions; commit to a store in memory; commit to one on disk, sealed and logged.
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/time.h"
#include "bench/history_chunk.h"
#include "crypto/digest.h"
#include "crypto/system_random.h"
#include "protocol/history/chunk_import.h"
#include "protocol/history/web_message.h"
#include "protocol/session/link_state.h"
#include "protocol/session/step.h"
#include "store/keys.h"
#include "store/memory_store.h"
#include "store/rocksdb_store.h"

namespace ponte::bench {
namespace {

namespace history = protocol::history;

const store::Owner kOwner = "bench";

/// Steps of a linked device over some store.
class Line {
 public:
  explicit Line(store::Store& store) : store_(store), chats_owner_(store::keys::chats_owner(kOwner)) {
    store::Account account;
    account.jid = "15559999999:3@s.whatsapp.net";
    account.lid = "888000000000000:3@lid";
    link_.account = account;
  }

  /// What a step does is committed, or dropped.
  enum class Ends { kCommitted, kDropped };
  void step(Ends ends, const std::function<Status(protocol::Step&)>& body) {
    const Now now = clock_.now();
    store::Transaction device(store_, kOwner);
    store::Transaction chats(store_, chats_owner_);
    std::deque<protocol::Output> outputs;
    std::vector<protocol::Told> told;
    protocol::Step step{now, device, chats, random_, config_, link_, iqs_, nullptr, outputs, told};
    if (const Status status = body(step); !status.ok()) throw std::runtime_error(status.error().message);
    if (ends == Ends::kDropped) return;
    store::WriteBatch batch = device.take();
    batch.join(chats.take());
    store_.commit(std::move(batch), [](const Status& status) {
      if (!status.ok()) throw std::runtime_error(status.error().message);
    });
  }

  std::uint64_t import(Bytes chunk, Ends ends) {
    history::ChunkImport import(std::move(chunk), std::nullopt);
    for (bool done = false; !done;) {
      step(ends, [&](protocol::Step& step) -> Status {
        PONTE_ASSIGN(done, import.advance(step));
        return Status::Ok();
      });
    }
    return import.counts().messages;
  }

 private:
  store::Store& store_;
  const store::Owner chats_owner_;
  SystemClock clock_;
  crypto::SystemRandom random_;
  protocol::SessionConfig config_;
  protocol::LinkState link_;
  protocol::IqTracker iqs_;
};

/// Messages that two passes see.
std::uint64_t read_items(ByteView chunk, const std::function<void(const history::ChunkReader&)>& on_message) {
  using Reader = history::ChunkReader;
  std::uint64_t messages = 0;
  for (const auto pass : {Reader::Pass::kFacts, Reader::Pass::kMessages}) {
    Reader reader(chunk, pass);
    for (;;) {
      const auto found = reader.next();
      if (!found.ok()) throw std::runtime_error(found.error().message);
      if (*found == Reader::Found::kEnd) break;
      if (*found != Reader::Found::kMessage) continue;
      ++messages;
      on_message(reader);
    }
  }
  return messages;
}

Bytes load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Bytes out(std::filesystem::file_size(path));
  file.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  return out;
}

/// A number of /proc/self/status, in bytes.
double status_bytes(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1)) * 1024;
  }
  return 0;
}

/// VmHWM begins anew.
void forget_peak() {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";
}

struct Rate {
  double wall = 0;
  double cpu = 0;
};
/// Messages a second, by the clock and by CPU time of this process.
Rate rate_of(const std::function<std::uint64_t()>& work) {
  const SystemClock clock;
  const Mono start = clock.now().mono;
  const std::clock_t cpu = std::clock();
  const auto messages = static_cast<double>(work());
  const double seconds = std::max(0.001, std::chrono::duration<double>(clock.now().mono - start).count());
  const double cpu_seconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  return {messages / seconds, messages / std::max(cpu_seconds, 0.001)};
}

/// The chunk is made by another process, whose memory is no business of this one.
std::uint64_t make_chunk(const std::string& path, std::uint64_t messages) {
  const pid_t child = fork();
  if (child == 0) {
    const std::uint64_t size = write_history_chunk(path, messages);
    std::ofstream(path + ".size") << size;
    _exit(0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) throw std::runtime_error("no chunk was made");
  std::uint64_t size = 0;
  std::ifstream(path + ".size") >> size;
  return size;
}

nlohmann::json measure(const std::string& directory, std::uint64_t messages) {
  const std::string path = directory + "/chunk";
  const std::uint64_t inflated = make_chunk(path, messages);
  nlohmann::json out = {
      {"messages", messages}, {"inflated_bytes", inflated}, {"compressed_bytes", std::filesystem::file_size(path)}};
  const auto note = [&out](const char* stage, const Rate& rate) {
    out[stage] = {{"messages_per_second", rate.wall}, {"messages_per_cpu_second", rate.cpu}};
  };
  crypto::SystemRandom random;
  {
    auto disk = store::open_rocksdb({directory + "/data", directory + "/master.key"}, random);
    if (!disk.ok()) throw std::runtime_error(disk.error().message);
    Line line(**disk);
    forget_peak();
    const double idle = status_bytes("VmRSS");
    note("disk", rate_of([&] { return line.import(load(path), Line::Ends::kCommitted); }));
    out["peak_rss_above_idle"] = status_bytes("VmHWM") - idle;
    note("again", rate_of([&] {
           line.import(load(path), Line::Ends::kCommitted);
           return messages;
         }));
  }
  const Bytes chunk = load(path);
  note("read", rate_of([&] { return read_items(chunk, [](const auto&) {}); }));
  store::MemoryStore memory;
  Line line(memory);
  note("records", rate_of([&] {
         std::uint64_t count = 0;
         line.step(Line::Ends::kDropped, [&](protocol::Step& step) -> Status {
           PONTE_ASSIGN(auto reader, history::WebMessageReader::make(step));
           count = read_items(chunk, [&](const history::ChunkReader& items) {
             (void)reader.read(step, items.bytes(), items.chat(), std::nullopt);
           });
           return Status::Ok();
         });
         return count;
       }));
  note("put", rate_of([&] {
         line.import(chunk, Line::Ends::kDropped);
         return messages;
       }));
  note("memory", rate_of([&] { return line.import(chunk, Line::Ends::kCommitted); }));
  return out;
}

}  // namespace
}  // namespace ponte::bench

int main(int argc, char** argv) {
  CLI::App app("A chunk of history on its way into the store");
  std::uint64_t messages = 100'000;
  app.add_option("--messages", messages, "in the chunk");
  CLI11_PARSE(app, argc, argv);
  ponte::crypto::initialize();
  const std::string directory = std::filesystem::temp_directory_path() / ("ponte-bench-" + std::to_string(getpid()));
  std::filesystem::create_directories(directory);
  int result = 0;
  try {
    std::puts(ponte::bench::measure(directory, messages).dump(2).c_str());
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "bench_history: %s\n", problem.what());
    result = 1;
  }
  std::filesystem::remove_all(directory);
  return result;
}
