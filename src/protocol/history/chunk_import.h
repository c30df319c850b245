// One chunk of history on its way into the store, a slice for each step.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "protocol/history/chunk_reader.h"
#include "protocol/session/step.h"

namespace ponte::store {
class MessageTally;
}

namespace ponte::protocol::history {

class WebMessageReader;

/// Holds a chunk as it was compressed, and goes through it twice: facts, then messages. What a step wrote may be
/// written again: records are the same whoever writes them. One thread.
class ChunkImport {
 public:
  struct Counts {
    std::uint64_t conversations = 0;
    std::uint64_t messages = 0;    ///< that were not known before
    std::uint64_t known = 0;       ///< that were
    std::uint64_t too_old = 0;     ///< from before the days that were asked for
    std::uint64_t unreadable = 0;  ///< items of any kind, the too large ones among them
  };
  /// Work of one step: a few milliseconds.
  static constexpr std::size_t kItemsAtOnce = 250;

  ChunkImport(Bytes chunk, std::optional<Wall> oldest);
  ~ChunkImport();
  ChunkImport(const ChunkImport&) = delete;
  ChunkImport& operator=(const ChunkImport&) = delete;

  /// Goes on; true when the whole chunk is in the step's transactions, or in those before. kMalformed as ChunkReader:
  /// what came before stays. kStorage. Precondition: step.link.account.
  Result<bool> advance(Step& step);
  const Counts& counts() const { return counts_; }

 private:
  Result<bool> end_pass();
  Result<bool> advance(Step& step, store::MessageTally& tally);
  Status take(Step& step, ChunkReader::Found found, store::MessageTally& tally);
  Status take_message(Step& step, const std::string& chat, store::MessageTally& tally);
  void count(bool readable) { counts_.unreadable += readable ? 0 : 1; }

  const Bytes chunk_;
  const std::optional<Wall> oldest_;
  ChunkReader::Pass pass_ = ChunkReader::Pass::kFacts;
  std::optional<ChunkReader> reader_;
  std::unique_ptr<WebMessageReader> messages_;
  Counts counts_;
};

}  // namespace ponte::protocol::history
