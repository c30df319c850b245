#include "protocol/history/chunk_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

namespace ponte::protocol::history {
namespace {

constexpr std::size_t kPiece = 64u << 10;

// Fields of HistorySync, Conversation and HistorySyncMsg (wire: messages.md 4.4).
constexpr std::uint32_t kConversations = 2;
constexpr std::uint32_t kStatusMessages = 3;
constexpr std::uint32_t kId = 1;
constexpr std::uint32_t kMessages = 2;
constexpr std::uint32_t kWebMessageInfo = 1;

Error malformed(const char* what) {
  return {Errc::kMalformed, Cause::kHistoryMalformed, std::string("history: ") + what};
}

}  // namespace

ChunkReader::ChunkReader(ByteView compressed, Pass pass, const Limits& limits)
    : pass_(pass), limits_(limits), stream_(compressed, limits.inflate), buffer_(kPiece) {}

void ChunkReader::consume(std::size_t count) {
  begin_ += count;
  if (level_ == Level::kConversation) left_ -= count;
}

/// More of the stream behind what is there; false at its end.
Result<bool> ChunkReader::fill() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_.size() && begin_ != 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(buffer_.size() + kPiece);
  PONTE_ASSIGN(const std::size_t count, stream_.read(MutableByteView(buffer_).subspan(end_)));
  end_ += count;
  return count != 0;
}

/// Whether the window has so many bytes now.
Result<bool> ChunkReader::ensure(std::size_t count) {
  while (end_ - begin_ < count) {
    PONTE_ASSIGN(const bool more, fill());
    if (!more) return false;
  }
  return true;
}

bool ChunkReader::turn_is_over() {
  if (stream_.produced() - turn_began_ < limits_.turn) return false;
  turn_began_ = stream_.produced();
  return true;
}

/// Bytes that the next field may have.
std::uint64_t ChunkReader::room() const {
  return level_ == Level::kConversation ? left_ : std::numeric_limits<std::uint64_t>::max();
}

Status ChunkReader::skip_some() {
  if (begin_ == end_) {
    PONTE_ASSIGN(const bool more, fill());
    if (!more) return malformed("a chunk ends within a field");
  }
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, end_ - begin_));
  skip_ -= count;
  consume(count);
  return Status::Ok();
}

/// False at the end of the chunk.
Result<bool> ChunkReader::read_header() {
  PONTE_TRY(ensure(kLongestHeader));
  if (begin_ == end_ && level_ == Level::kTop) return false;
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(room(), end_ - begin_));
  const auto header = read_field_header(window().first(most));
  if (!header) return malformed("a chunk holds what is no field");
  if (header->content() > room() - header->size) return malformed("a field is longer than what it is in");
  header_ = *header;
  return true;
}

/// Shows the content of the field, if it is not too large. The header is still in front of it.
Result<bool> ChunkReader::take_content() {
  if (header_.content() > limits_.largest_item) {
    ++left_out_;
    consume(header_.size);
    skip_ = header_.content();
    return false;
  }
  shown_ = header_.size + static_cast<std::size_t>(header_.content());
  PONTE_ASSIGN(const bool whole, ensure(shown_));
  if (!whole) return malformed("a chunk ends within a field");
  bytes_ = window().subspan(header_.size, static_cast<std::size_t>(header_.content()));
  return true;
}

Result<bool> ChunkReader::on_top_field(Found& found) {
  const bool bytes = header_.type == WireType::kBytes;
  if (bytes && header_.number == kConversations) {
    consume(header_.size);
    level_ = Level::kConversation;
    left_ = header_.content();
    facts_.clear();
    chat_.clear();
    return false;
  }
  const bool is_status = bytes && header_.number == kStatusMessages;
  if (is_status != (pass_ == Pass::kMessages)) {
    consume(header_.size);
    skip_ = header_.content();
    return false;
  }
  found = is_status ? Found::kStatus : Found::kField;
  return take_content();
}

/// Puts a field of the conversation beside the others.
Status ChunkReader::keep_fact() {
  if (facts_.size() + header_.content() > limits_.largest_item) {
    ++left_out_;
    consume(header_.size);
    skip_ = header_.content();
    return Status::Ok();
  }
  PONTE_ASSIGN(const bool taken, take_content());
  if (!taken) return Status::Ok();
  append(facts_, window().first(shown_));
  return Status::Ok();
}

Result<bool> ChunkReader::on_conversation_field(Found& found) {
  const bool bytes = header_.type == WireType::kBytes;
  const bool is_message = bytes && header_.number == kMessages;
  if (pass_ == Pass::kFacts && !is_message) {
    PONTE_TRY(keep_fact());
    return false;
  }
  const bool is_id = bytes && header_.number == kId;
  if (pass_ == Pass::kFacts || (!is_message && !is_id)) {
    consume(header_.size);
    skip_ = header_.content();
    return false;
  }
  PONTE_ASSIGN(const bool taken, take_content());
  if (!taken) return false;
  if (is_id) {
    chat_ = as_text(bytes_);
    return false;
  }
  const auto message = only_field(bytes_, kWebMessageInfo);
  if (!message) {
    // Nothing in it, or it is broken: the others are not.
    ++left_out_;
    return false;
  }
  bytes_ = *message;
  found = Found::kMessage;
  return true;
}

Result<ChunkReader::Found> ChunkReader::next() {
  for (;;) {
    consume(std::exchange(shown_, 0));
    bytes_ = {};
    if (turn_is_over()) return Found::kPause;
    if (skip_ != 0) {
      PONTE_TRY(skip_some());
      continue;
    }
    if (level_ == Level::kConversation && left_ == 0) {
      level_ = Level::kTop;
      if (pass_ == Pass::kMessages) continue;
      bytes_ = facts_;
      return Found::kConversation;
    }
    PONTE_ASSIGN(const bool more, read_header());
    if (!more) return Found::kEnd;
    Found found = Found::kEnd;
    PONTE_ASSIGN(const bool shown, level_ == Level::kTop ? on_top_field(found) : on_conversation_field(found));
    if (shown) return found;
  }
}

}  // namespace ponte::protocol::history
