// Messages as they travel between the session and its owner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "protocol/wire/jid.h"

namespace ponte::protocol::messages {

/// Somebody under both of his addresses (wire: messages.md 1.1). At least one is there, both where the mapping is
/// known. Without device.
struct Party {
  std::optional<wire::Jid> pn;   ///< `digits@s.whatsapp.net`
  std::optional<wire::Jid> lid;  ///< `digits@lid`

  bool operator==(const Party&) const = default;
};

/// A chat: somebody, or a group, `status@broadcast`, a channel.
struct Chat {
  /// The address that its records are kept under: the LID where it is known, else what the stanza said.
  wire::Jid jid;
  Party other;       ///< of a chat with one; empty for groups and the like
  std::string name;  ///< subject of a group; empty where not known

  bool operator==(const Chat&) const = default;
};

/// How far a message of ours has got; numbers as in WebMessageInfo.status.
enum class MessageState : std::uint8_t {
  kError = 0,
  kPending = 1,    ///< not acknowledged by the server yet
  kServerAck = 2,  ///< sent
  kDelivered = 3,
  kRead = 4,
  kPlayed = 5,
};

/// One message with content, received or sent by any device of the account.
struct ChatMessage {
  std::string id;
  Chat chat;
  Party sender;  ///< who wrote it: of our own too
  bool from_me = false;
  Wall at{};                  ///< what the server says; of a message of ours that is not acknowledged, our own clock
  std::string push_name;      ///< as the sender calls himself; empty where not said
  Bytes content;              ///< serialized `Message` of e2e.proto without its wrappers
  bool from_offline = false;  ///< it waited for us at the server
  std::string source;         ///< label given when sending; empty for all that was not sent here
  MessageState state = MessageState::kDelivered;
};

/// A receipt, or the server's refusal, of messages (contract 1.3, message.status).
struct StatusChange {
  enum class Kind {
    kDelivered,
    kInactive,  ///< delivered to a device whose user is away
    kSender,    ///< another device of ours has it
    kRead,
    kReadSelf,  ///< read on another device of ours
    kPlayed,
    kPlayedSelf,
    kRetry,        ///< a device could not decrypt it and asked again
    kServerError,  ///< the server refused it, or it could not be delivered: `why`
  };
  Kind kind = Kind::kDelivered;
  std::vector<std::string> message_ids;
  Chat chat;
  Party actor;  ///< who received, read or played
  bool of_own_message = true;
  Wall at{};
  std::optional<Error> why;
};

/// A message that could not be had: what came could not be decrypted and no retry brought it, or the server has no copy
/// for this device (wire: messages.md 2.7).
struct LostMessage {
  enum class Reason {
    kUndecryptable,  ///< all retries were in vain
    kUnavailable,    ///< the server holds none for companions
    kMalformed,      ///< it decrypted to what is no message
  };
  std::string id;
  Chat chat;
  Party sender;
  bool from_me = false;
  Wall at{};
  Reason reason = Reason::kUndecryptable;
};

/// What another device of the account did with a label (contract 1.3, label.update).
struct LabelChange {
  enum class Kind {
    kEdited,    ///< made or changed: name and color
    kDeleted,   ///< and with it all that chats had of it
    kAssigned,  ///< `chat` has it
    kRemoved,   ///< `chat` has it no more
  };
  Kind kind = Kind::kEdited;
  std::string label_id;
  std::string name;        ///< as far as known
  std::int32_t color = 0;  ///< index into the app's palette
  Chat chat;               ///< kAssigned, kRemoved
};

/// What a caller wants to send.
struct OutgoingText {
  wire::Jid to;  ///< a PN, a LID or a group; without device
  std::string text;
  std::optional<std::string> id;  ///< drawn where absent; the same id again is the same message (wire: messages.md 3.1)
  std::string source = "api";
  /// The message that this one answers, where there is one in the store.
  std::optional<std::string> reply_to;
  std::optional<wire::Jid> reply_chat;  ///< the chat that one is in, where it is another than `to`
  std::vector<wire::Jid> mentions;
  bool mention_all = false;  ///< everybody in the group
};

/// A text that the server has taken.
struct SentMessage {
  std::string id;
  Chat chat;
  Party sender;
  Wall at{};  ///< the server's
  Bytes content;
};

/// What `composing` and `paused` tell a chat (wire: messages.md 8.2).
enum class ChatState { kComposing, kRecording, kPaused };

/// Tells one request of the owner from another.
using Ticket = std::uint64_t;

}  // namespace ponte::protocol::messages
