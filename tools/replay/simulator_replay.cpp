#include "replay/simulator_replay.h"

#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "base/hex.h"
#include "instance/recording.h"
#include "replay/recorded.h"
#include "simulator/recorder.h"
#include "simulator/sim_server.h"

namespace ponte::replay {
namespace {

namespace sim = simulator;

/// One input, and the lines that were recorded after it.
struct Block {
  Now now{};
  VecLine input;
  std::vector<VecLine> lines;
};

struct Recording {
  sim::Options options;
  std::vector<Block> blocks;
};

bool is_happening(const std::string& key) {
  return key == "Random" || key == "Plain" || key == "Violation" || key == "Answer" || key == "Out";
}

Result<Recording> parse(const VecFile& file) {
  Recording out;
  std::optional<Now> now;
  bool versioned = false;
  for (const VecLine& line : file.lines()) {
    if (line.key == "Kind" && line.value == sim::recording::kKind) {
      continue;
    } else if (line.key == "Version") {
      if (line.value != std::to_string(sim::recording::kVersion)) return malformed(line, "unknown version");
      versioned = true;
    } else if (line.key == "Option") {
      PONTE_TRY(sim::recording::parse_option(line.value, out.options));
    } else if (line.key == "Now") {
      PONTE_ASSIGN(now, instance::recording::parse_now(line.value));
    } else if (line.key == "In") {
      if (!now) return malformed(line, "an input without its time");
      out.blocks.push_back({*now, line, {}});
    } else if (!out.blocks.empty() && is_happening(line.key)) {
      out.blocks.back().lines.push_back(line);
    } else {
      return malformed(line, "unknown or misplaced key '" + line.key + "'");
    }
  }
  if (!versioned || out.blocks.empty() || !out.options.seed) {
    return Error{Errc::kMalformed, Cause::kInvalidRequest, "recording: no Version line, no input or no seed"};
  }
  return out;
}

/// Drives one simulator through the blocks as its shell did, and lets a recorder write down what happens.
class Player {
 public:
  explicit Player(const Recording& recording)
      : recording_(recording),
        text_(new std::ostringstream),
        recorder_(std::unique_ptr<std::ostream>(text_), recording.options, random_),
        server_(recording.options, recorder_) {
    server_.world().observer = &recorder_;
  }

  Result<Summary> play() {
    take_text();
    for (const Block& block : recording_.blocks) {
      PONTE_TRY(feed(block));
      PONTE_ASSIGN(const VecFile now, VecFile::parse(take_text()));
      PONTE_TRY(compare(block, now.lines()));
      ++summary_.inputs;
    }
    return summary_;
  }

  Result<std::string> transcribe() {
    for (const Block& block : recording_.blocks) {
      PONTE_TRY(feed(block));
      if (other_draws())
        return differs(block.input, "after this input the simulator drew other random bytes than given");
    }
    return take_text();
  }

 private:
  std::string take_text() {
    std::string out = text_->str();
    text_->str("");
    return out;
  }

  bool other_draws() const { return random_.overdrawn() || !random_.exhausted(); }

  Status feed(const Block& block) {
    for (const VecLine& line : block.lines) {
      if (line.key != "Random") continue;
      PONTE_ASSIGN(Bytes bytes, from_hex(line.value));
      random_.add(std::move(bytes));
    }
    const std::vector<std::string> input = words(block.input.value);
    if (input[0] == "admin") return call(block, input);
    if (input[0] == "upgrade") return upgrade(block);
    if (input[0] == "open") {
      sim::SimConnection& connection = server_.open(block.now);
      recorder_.opened(connection.id(), block.now);
      drain(connection);
      return Status::Ok();
    }
    sim::SimConnection* connection = input.size() > 1 ? server_.find(number(input[1])) : nullptr;
    if (connection == nullptr) return malformed(block.input, "expected an input of a connection that is open");
    return feed(block, input, *connection);
  }

  Status feed(const Block& block, const std::vector<std::string>& input, sim::SimConnection& connection) {
    const sim::ConnectionId id = connection.id();
    if (input[0] == "bytes" && input.size() == 3) {
      PONTE_ASSIGN(const Bytes bytes, from_hex(input[2]));
      recorder_.bytes(id, bytes, block.now);
      connection.on_bytes(bytes, block.now);
      drain(connection);
    } else if (input[0] == "deadline") {
      recorder_.deadline(id, block.now);
      connection.on_deadline(block.now);
      drain(connection);
    } else if (input[0] == "drain") {
      recorder_.drained(id, block.now);
      drain(connection);
    } else if (input[0] == "text") {
      recorder_.text(id, block.now);
      connection.on_text();
    } else if (input[0] == "closed") {
      recorder_.closed(id, block.now);
      connection.on_closed(block.now);
      server_.forget(id);
    } else {
      return malformed(block.input, "unknown input '" + block.input.value + "'");
    }
    return Status::Ok();
  }

  Status call(const Block& block, const std::vector<std::string>& input) {
    if (input.size() < 4) return malformed(block.input, "expected admin, the call's number, its name and its body");
    const std::size_t body_at = input[0].size() + input[1].size() + input[2].size() + 3;
    PONTE_ASSIGN(std::string body, sim::recording::parse_text(block.input.value.substr(body_at)));
    const sim::AdminRequest request{"POST", "/admin/" + input[2], std::move(body)};
    auto reply = recorder_.admin(request, block.now, Reply<sim::AdminResponse>([](const auto&) {}));
    handle_admin(server_, request, block.now, std::move(reply));
    return Status::Ok();
  }

  Status upgrade(const Block& block) {
    const auto status = server_.upgrade_refusal();
    if (!status) return differs(block.input, "the upgrade was refused, and would be accepted now");
    recorder_.refused(*status, block.now);
    return Status::Ok();
  }

  void drain(sim::SimConnection& connection) {
    while (auto output = connection.poll_output()) recorder_.output(connection.id(), *output);
  }

  Status compare(const Block& block, const std::vector<VecLine>& lines) {
    constexpr std::size_t kHead = 2;  // Now and In
    if (lines.size() < kHead || lines[1].value != block.input.value) {
      return differs(block.input,
                     "this input would be noted as '" + (lines.size() < kHead ? "" : lines[1].value) + "'");
    }
    const std::vector<VecLine> now(lines.begin() + kHead, lines.end());
    for (std::size_t i = 0; i < std::max(block.lines.size(), now.size()); ++i) {
      const bool recorded = i < block.lines.size();
      const bool happened = i < now.size();
      if (recorded && happened && block.lines[i].key == now[i].key && block.lines[i].value == now[i].value) {
        count(now[i]);
        continue;
      }
      return differs(recorded ? block.lines[i] : block.input,
                     "\n  recorded: " + (recorded ? show(block.lines, i) : "nothing more") +
                         "\n  now:      " + (happened ? show(now, i) : "nothing more"));
    }
    if (other_draws()) {
      return differs(block.input, "after this input the simulator drew other random bytes than recorded");
    }
    return Status::Ok();
  }

  void count(const VecLine& line) {
    if (line.key == "Out") ++summary_.outputs;
    if (line.key == "Plain") ++summary_.stanzas;
  }

  /// A line for people: stanzas as XML; bytes that were sent together with the stanzas of the same input.
  static std::string show(const std::vector<VecLine>& lines, std::size_t index) {
    const VecLine& line = lines[index];
    if (line.key == "Plain") return decoded(line);
    std::string out = line.key + "=" + line.value;
    if (line.key != "Out" || line.value.substr(0, 4) != "send") return out;
    for (const VecLine& other : lines) {
      if (other.key == "Plain" && other.value.substr(0, 3) == "out") out += "\n    " + decoded(other);
    }
    return out;
  }

  /// `in|out <connection> <hex>` with the stanza in place of the hex.
  static std::string decoded(const VecLine& line) {
    const std::size_t hex_at = line.value.rfind(' ') + 1;
    return line.value.substr(0, hex_at) + picture(line.value.substr(hex_at));
  }

  const Recording& recording_;
  RecordedRandom random_;
  std::ostringstream* text_;  ///< the recorder's
  sim::Recorder recorder_;
  sim::SimServer server_;
  Summary summary_;
};

}  // namespace

bool is_of_simulator(const VecFile& file) {
  const auto kind = file.text("Kind");
  return kind.ok() && *kind == sim::recording::kKind;
}

Result<Summary> run_simulator(const VecFile& file) {
  PONTE_ASSIGN(const Recording recording, parse(file));
  return Player(recording).play();
}

Result<std::string> rewrite_simulator(const VecFile& file) {
  PONTE_ASSIGN(const Recording recording, parse(file));
  return Player(recording).transcribe();
}

}  // namespace ponte::replay
