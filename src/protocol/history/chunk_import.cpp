#include "protocol/history/chunk_import.h"

#include <utility>

#include "protocol/history/chunk_facts.h"
#include "protocol/history/web_message.h"
#include "store/message_counts.h"

namespace ponte::protocol::history {
namespace {

using Found = ChunkReader::Found;
using Pass = ChunkReader::Pass;

const std::string kStatusChat = "status@broadcast";

}  // namespace

ChunkImport::ChunkImport(Bytes chunk, std::optional<Wall> oldest)
    : chunk_(std::move(chunk)), oldest_(oldest), reader_(std::in_place, chunk_, pass_) {}

ChunkImport::~ChunkImport() = default;

Result<bool> ChunkImport::advance(Step& step) {
  if (!messages_) {
    PONTE_ASSIGN(auto reader, WebMessageReader::make(step));
    messages_ = std::make_unique<WebMessageReader>(std::move(reader));
  }
  store::MessageTally tally;
  const Result<bool> done = advance(step, tally);
  // Also where the chunk breaks off: what came before stays.
  PONTE_TRY(tally.write(step.chats));
  return done;
}

Result<bool> ChunkImport::advance(Step& step, store::MessageTally& tally) {
  for (std::size_t items = 0; items < kItemsAtOnce; ++items) {
    PONTE_ASSIGN(const Found found, reader_->next());
    if (found == Found::kPause) return false;
    if (found == Found::kEnd) return end_pass();
    PONTE_TRY(take(step, found, tally));
  }
  return false;
}

/// Whether it was the last.
Result<bool> ChunkImport::end_pass() {
  counts_.unreadable += reader_->left_out();
  if (pass_ == Pass::kMessages) return true;
  pass_ = Pass::kMessages;
  reader_.emplace(chunk_, pass_);
  return false;
}

Status ChunkImport::take(Step& step, Found found, store::MessageTally& tally) {
  switch (found) {
    case Found::kField: {
      PONTE_ASSIGN(const Taken taken, take_field(step, reader_->header(), reader_->bytes()));
      count(taken != Taken::kUnreadable);
      return Status::Ok();
    }
    case Found::kConversation: {
      PONTE_ASSIGN(const Taken taken, take_conversation(step, reader_->bytes()));
      count(taken != Taken::kUnreadable);
      counts_.conversations += taken == Taken::kYes ? 1 : 0;
      return Status::Ok();
    }
    case Found::kMessage: return take_message(step, reader_->chat(), tally);
    case Found::kStatus: return take_message(step, kStatusChat, tally);
    case Found::kPause:
    case Found::kEnd: return Status::Ok();
  }
  return Status::Ok();
}

Status ChunkImport::take_message(Step& step, const std::string& chat, store::MessageTally& tally) {
  using Outcome = WebMessageReader::Outcome;
  PONTE_ASSIGN(const Outcome outcome, messages_->read(step, reader_->bytes(), chat, oldest_));
  count(outcome != Outcome::kUnreadable);
  counts_.too_old += outcome == Outcome::kTooOld ? 1 : 0;
  if (outcome != Outcome::kMessage) return Status::Ok();
  PONTE_ASSIGN(const store::Put put,
               store::put_message(step.chats, messages_->record(), store::Origin::kHistory, tally));
  ++(put == store::Put::kAdded ? counts_.messages : counts_.known);
  return Status::Ok();
}

}  // namespace ponte::protocol::history
