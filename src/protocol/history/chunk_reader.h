// A chunk of history, read one item at a time (wire: messages.md 4.4).
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/history/inflate_stream.h"
#include "protocol/history/protobuf_fields.h"

namespace ponte::protocol::history {

/// Goes through a compressed HistorySync whose conversations may have any size, in the memory of its largest item. One
/// thread.
///
/// What a message is about is known before the message only when the facts are read first, hence two readers, one after
/// the other, over the same bytes.
class ChunkReader {
 public:
  enum class Pass {
    kFacts,     ///< everything but messages
    kMessages,  ///< messages alone
  };
  struct Limits {
    InflateLimits inflate;
    std::size_t largest_item = 1u << 20;  ///< bytes; larger ones are left out, and counted
    std::uint64_t turn = 512u << 10;      ///< bytes that are inflated before a pause
  };
  enum class Found {
    kPause,         ///< enough for one turn; call again
    kField,         ///< a field of HistorySync other than 2 and 3: header(), bytes()
    kConversation,  ///< bytes() parse as a Conversation that has no messages
    kMessage,       ///< bytes() parse as a WebMessageInfo of chat()
    kStatus,        ///< bytes() parse as a WebMessageInfo of a status
    kEnd,
  };

  /// `compressed` outlives the reader.
  ChunkReader(ByteView compressed, Pass pass, const Limits& limits);
  ChunkReader(ByteView compressed, Pass pass) : ChunkReader(compressed, pass, Limits()) {}

  /// What is shown is there until the next call. Errors as those of InflateStream, and kMalformed/kHistoryMalformed
  /// where the bytes are no protobuf: where the next item begins is not known then.
  Result<Found> next();
  const FieldHeader& header() const { return header_; }
  ByteView bytes() const { return bytes_; }
  /// The id of the conversation as it stands there; empty where its messages come before it.
  const std::string& chat() const { return chat_; }
  /// Items that were too large.
  std::uint64_t left_out() const { return left_out_; }

 private:
  enum class Level { kTop, kConversation };

  ByteView window() const { return ByteView(buffer_).subspan(begin_, end_ - begin_); }
  void consume(std::size_t count);
  Result<bool> fill();
  Result<bool> ensure(std::size_t count);
  Status skip_some();
  Result<bool> read_header();
  Result<bool> take_content();
  Result<bool> on_top_field(Found& found);
  Result<bool> on_conversation_field(Found& found);
  Status keep_fact();
  bool turn_is_over();
  std::uint64_t room() const;

  const Pass pass_;
  const Limits limits_;
  InflateStream stream_;
  Bytes buffer_;  ///< inflated, not consumed: [begin_, end_)
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t turn_began_ = 0;

  Level level_ = Level::kTop;
  std::uint64_t left_ = 0;  ///< bytes of the conversation that are still to come
  std::uint64_t skip_ = 0;  ///< bytes that nobody wants, next
  std::size_t shown_ = 0;   ///< bytes that the caller looks at, consumed by the next call
  FieldHeader header_;
  ByteView bytes_;
  Bytes facts_;  ///< fields of the conversation
  std::string chat_;
  std::uint64_t left_out_ = 0;
};

}  // namespace ponte::protocol::history
