// A message as the phone tells of it later, as a record (wire: messages.md 4.5).
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "history.pb.h"
#include "protocol/messages/types.h"
#include "protocol/session/step.h"
#include "store/message_records.h"

namespace ponte::protocol::history {

/// Makes records of the messages of one chunk. Remembers whose addresses it has looked up. One thread.
class WebMessageReader {
 public:
  /// Precondition: step.link.account. kStorage.
  static Result<WebMessageReader> make(Step& step);

  enum class Outcome {
    kMessage,    ///< record() holds it
    kEvent,      ///< something of the system, without content
    kTooOld,     ///< from before `oldest`
    kUnreadable  ///< no protobuf, or without an id, a time or a sender
  };
  /// `info`: a serialized WebMessageInfo. `chat`: the id of its conversation, as it stands there; empty: what the
  /// message itself says. What is kept of the content are its bytes as they came. kStorage.
  Result<Outcome> read(Step& step, ByteView info, const std::string& chat, std::optional<Wall> oldest);
  const store::MessageRecord& record() const { return record_; }

 private:
  explicit WebMessageReader(messages::Party own) : own_(std::move(own)) {}

  Result<const messages::Chat*> chat_of(Step& step, const std::string& jid);
  Result<const messages::Party*> party_of(Step& step, const std::string& jid);
  Result<bool> read_sender(Step& step, const messages::Chat& chat);
  void read_state();
  Outcome read_content(ByteView info);
  bool take_edit(const proto::Message& message);

  messages::Party own_;
  proto::WebMessageInfo info_;  ///< kept for its memory
  store::MessageRecord record_;
  std::string chat_jid_;  ///< what chat_ was looked up for
  std::optional<messages::Chat> chat_;
  std::unordered_map<std::string, std::optional<messages::Party>> parties_;  ///< by JID as it stands there
};

}  // namespace ponte::protocol::history
