#include "replay/replay.h"

#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/hex.h"
#include "instance/recording.h"
#include "protocol/session/session.h"
#include "replay/recorded.h"
#include "replay/simulator_replay.h"
#include "store/keys.h"
#include "store/memory_store.h"

namespace ponte::replay {
namespace {

using instance::recording::parse_config;
using instance::recording::parse_now;
using instance::recording::render;

const store::Owner kOwner = "replay";

/// What was recorded after one input, and what comes now.
struct Block {
  Now now{};
  VecLine input;
  std::vector<VecLine> random;
  std::vector<VecLine> plain;
  std::vector<VecLine> outputs;
};

struct Recording {
  protocol::SessionConfig config;
  store::WriteBatch records;
  std::vector<Block> blocks;
};

Result<Recording> parse(const VecFile& file) {
  Recording out;
  out.records.owner = kOwner;
  out.records.beside.push_back({store::keys::chats_owner(kOwner), {}});
  std::optional<Now> now;
  bool versioned = false;
  for (const VecLine& line : file.lines()) {
    if (line.key == "Version") {
      if (line.value != std::to_string(instance::recording::kVersion)) return malformed(line, "unknown version");
      versioned = true;
    } else if (line.key == "Config") {
      PONTE_TRY(parse_config(line.value, out.config));
    } else if (line.key == "Store" || line.key == "Chats") {
      const auto space = line.value.find(' ');
      PONTE_ASSIGN(const Bytes key, from_hex(line.value.substr(0, space)));
      PONTE_ASSIGN(Bytes value, from_hex(space == std::string::npos ? "" : line.value.substr(space + 1)));
      auto& writes = line.key == "Store" ? out.records.writes : out.records.beside.front().writes;
      writes.push_back({to_text(key), std::move(value)});
    } else if (line.key == "Now") {
      PONTE_ASSIGN(now, parse_now(line.value));
    } else if (line.key == "In") {
      if (!now) return malformed(line, "an input without its time");
      out.blocks.push_back({*now, line, {}, {}, {}});
    } else if (!out.blocks.empty() && line.key == "Random") {
      out.blocks.back().random.push_back(line);
    } else if (!out.blocks.empty() && line.key == "Plain") {
      out.blocks.back().plain.push_back(line);
    } else if (!out.blocks.empty() && line.key == "Out") {
      out.blocks.back().outputs.push_back(line);
    } else {
      return malformed(line, "unknown or misplaced key '" + line.key + "'");
    }
  }
  if (!versioned || out.blocks.empty()) {
    return Error{Errc::kMalformed, Cause::kInvalidRequest, "recording: no Version line or no input"};
  }
  return out;
}

/// Drives one session through the blocks.
class Player final : public protocol::StanzaObserver {
 public:
  explicit Player(Recording& recording) : recording_(recording) {
    recording_.config.observer = this;
    if (!recording_.records.empty()) store_.commit(std::move(recording_.records), [](const Status&) {});
    session_.emplace(recording_.config, store_, kOwner, random_);
  }

  Result<Summary> play() {
    for (const Block& block : recording_.blocks) {
      for (const VecLine& line : block.random) {
        PONTE_ASSIGN(Bytes bytes, from_hex(line.value));
        random_.add(std::move(bytes));
      }
      PONTE_TRY(feed(block));
      PONTE_TRY(compare_outputs(block));
      PONTE_TRY(compare_stanzas(block));
      if (random_.overdrawn() || !random_.exhausted()) {
        return differs(block.input, "after this input the session drew other random bytes than recorded");
      }
      ++summary_.inputs;
    }
    return summary_;
  }

  /// Like play, but writes down what happens instead of comparing it.
  Result<std::string> transcribe(const VecFile& file) {
    std::string text;
    for (const VecLine& line : file.lines()) {
      if (line.key == "Now") break;
      text += line.key + "=" + line.value + "\n";
    }
    for (const Block& block : recording_.blocks) {
      text += "\nNow=" + instance::recording::render_now(block.now) + "\nIn=" + block.input.value + "\n";
      for (const VecLine& line : block.random) {
        text += "Random=" + line.value + "\n";
        PONTE_ASSIGN(Bytes bytes, from_hex(line.value));
        random_.add(std::move(bytes));
      }
      PONTE_TRY(feed(block));
      for (const std::string& stanza : std::exchange(stanzas_, {})) text += "Plain=" + stanza + "\n";
      while (auto output = session_->poll_output()) {
        text += "Out=" + render(*output) + "\n";
        note(std::move(*output));
      }
      if (random_.overdrawn() || !random_.exhausted()) {
        return differs(block.input, "after this input the session drew other random bytes than given");
      }
    }
    return text;
  }

  void on_stanza(Direction direction, ByteView plaintext) override {
    stanzas_.push_back((direction == Direction::kIn ? "in " : "out ") + to_hex(plaintext));
  }

 private:
  Status feed(const Block& block) {
    const std::vector<std::string> input = words(block.input.value);
    const std::string& kind = input[0];
    const std::string argument = input.size() > 1 ? input[1] : "";
    if (kind == "open") {
      PONTE_ASSIGN(const protocol::OpenOptions options, instance::recording::parse_open(input));
      session_->on_channel_open(options, block.now);
    } else if (kind == "bytes") {
      PONTE_ASSIGN(const Bytes bytes, from_hex(argument));
      session_->on_bytes(bytes, block.now);
    } else if (kind == "closed") {
      session_->on_channel_closed(closed_error(argument), block.now);
    } else if (kind == "dropped") {
      session_->on_channel_dropped();
    } else if (kind == "deadline") {
      session_->on_deadline(block.now);
    } else if (kind == "committed") {
      return committed(block.input, argument == "ok");
    } else if (kind == "work" && input.size() >= 3) {
      return work_done(block, input);
    } else if (kind == "fetched") {
      PONTE_ASSIGN(auto fetched, instance::recording::parse_fetched(input));
      session_->on_fetched(fetched.id, fetched.epoch, std::move(fetched.answer), block.now);
    } else if (kind == "command") {
      PONTE_ASSIGN(protocol::Command command, instance::recording::parse_command(input));
      session_->run(std::move(command), block.now);
    } else {
      return malformed(block.input, "unknown input '" + block.input.value + "'");
    }
    return Status::Ok();
  }

  Status work_done(const Block& block, const std::vector<std::string>& input) {
    const auto found = works_.find(number(input[1]));
    if (found == works_.end()) return malformed(block.input, "an answer to work that nobody asked for");
    const Error overloaded{Errc::kUnavailable, Cause::kOverloaded, "the recorded work was not run"};
    Result<Bytes> result = input.size() == 3 ? protocol::run_work(std::move(found->second)) : overloaded;
    works_.erase(found);
    session_->on_work_done(number(input[1]), number(input[2]), std::move(result), block.now);
    return Status::Ok();
  }

  static Error closed_error(const std::string& name) {
    Error error{Errc::kUnavailable, Cause::kConnectionClosed, "closed"};
    error.cause = cause_from_name(name).value_or(error.cause);
    return error;
  }

  Status committed(const VecLine& line, bool ok) {
    if (!batch_) return malformed(line, "a commit that nobody asked for");
    if (ok) store_.commit(std::move(*batch_), [](const Status&) {});
    batch_.reset();
    session_->on_committed(ok ? Status::Ok()
                              : Status(Error{Errc::kStorage, Cause::kStoreUnavailable, "the recorded commit failed"}));
    return Status::Ok();
  }

  /// Keeps what a later input refers to.
  void note(protocol::Output output) {
    if (auto* commit = std::get_if<protocol::Commit>(&output)) batch_ = std::move(commit->batch);
    if (auto* work = std::get_if<protocol::StartWork>(&output)) works_.emplace(work->id, work->request);
  }

  Status compare_outputs(const Block& block) {
    std::size_t index = 0;
    while (auto output = session_->poll_output()) {
      const std::string got = render(*output);
      if (index == block.outputs.size()) {
        return differs(block.input, "after this input the session also put out:\n  " + got + last_stanza());
      }
      const VecLine& expected = block.outputs[index++];
      if (got != expected.value) {
        return differs(expected, "\n  recorded: " + expected.value + decoded(block, "out ") + "\n  now:      " + got +
                                     last_stanza());
      }
      note(std::move(*output));
      ++summary_.outputs;
    }
    if (index < block.outputs.size()) {
      return differs(block.outputs[index],
                     "recorded but not put out now:\n  " + block.outputs[index].value + decoded(block, "out "));
    }
    return Status::Ok();
  }

  Status compare_stanzas(const Block& block) {
    for (const VecLine& line : block.plain) {
      if (stanzas_.empty() || stanzas_.front() != line.value) {
        const std::string recorded = line.value.substr(line.value.find(' ') + 1);
        const std::string now =
            stanzas_.empty() ? "nothing" : picture(stanzas_.front().substr(stanzas_.front().find(' ') + 1));
        return differs(line, "\n  recorded: " + picture(recorded) + "\n  now:      " + now);
      }
      stanzas_.pop_front();
      ++summary_.stanzas;
    }
    if (!stanzas_.empty()) {
      return differs(block.input, "after this input there is a stanza that was not recorded:\n  " + last_stanza());
    }
    return Status::Ok();
  }

  /// The recorded stanzas of this block in one direction, for a difference between ciphertexts.
  static std::string decoded(const Block& block, std::string_view direction) {
    std::string out;
    for (const VecLine& line : block.plain) {
      if (line.value.starts_with(direction)) out += "\n    " + picture(line.value.substr(direction.size()));
    }
    return out;
  }
  std::string last_stanza() const {
    std::string out;
    for (const std::string& stanza : stanzas_) out += "\n    " + picture(stanza.substr(stanza.find(' ') + 1));
    return out;
  }

  Recording& recording_;
  store::MemoryStore store_;
  RecordedRandom random_;
  std::optional<protocol::Session> session_;
  std::optional<store::WriteBatch> batch_;
  std::map<protocol::WorkId, protocol::WorkRequest> works_;
  std::deque<std::string> stanzas_;
  Summary summary_;
};

}  // namespace

Result<Summary> run(const VecFile& file) {
  if (is_of_simulator(file)) return run_simulator(file);
  PONTE_ASSIGN(Recording recording, parse(file));
  return Player(recording).play();
}

Result<std::string> rewrite(const VecFile& file) {
  if (is_of_simulator(file)) return rewrite_simulator(file);
  PONTE_ASSIGN(Recording recording, parse(file));
  return Player(recording).transcribe(file);
}

}  // namespace ponte::replay
