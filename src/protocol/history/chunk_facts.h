// What a chunk of history tells beside messages (wire: messages.md 4.4).
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/history/protobuf_fields.h"
#include "protocol/session/step.h"

namespace ponte::protocol::history {

enum class Taken {
  kYes,
  kNo,          ///< nothing that is kept
  kUnreadable,  ///< no protobuf, or about nobody
};

/// A field of HistorySync: names, addresses, the salt. What is known already, from newer sources, stays. kStorage.
Result<Taken> take_field(Step& step, const FieldHeader& header, ByteView bytes);

/// A Conversation without its messages: the chat's record, and the token that its other side has given us. Of a chat
/// that is known only what lacks is taken: the phone tells the past. kStorage.
Result<Taken> take_conversation(Step& step, ByteView bytes);

}  // namespace ponte::protocol::history
