// What the REST layer asks of the messages of instances.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/reply.h"
#include "base/result.h"
#include "base/time.h"
#include "protocol/messages/types.h"
#include "store/history_records.h"
#include "store/message_counts.h"

namespace ponte::instance {

using protocol::messages::ChatMessage;
using protocol::messages::ChatState;
using protocol::wire::Jid;
/// How far the history of before the link has come.
using HistoryProgress = store::HistoryProgress;

struct TextRequest {
  protocol::messages::OutgoingText text;
  Milliseconds typing{};  ///< so long the chat is shown that somebody types, before it is sent
};
/// What became of a text. The same id again is the same message.
struct SendOutcome {
  std::string id;
  Result<ChatMessage> sent;
};

struct ReadRequest {
  Jid chat;
  std::vector<std::string> ids;
};

struct PresenceRequest {
  Jid to;
  ChatState state = ChatState::kPaused;
  Milliseconds duration{};  ///< after it the chat is shown that nobody types any more; 0: not by itself
};

struct OlderRequest {
  Jid chat;
  unsigned count = 50;
};

struct HistoryQuery {
  Jid chat;
  std::optional<Wall> from;  ///< at or after it
  std::optional<Wall> to;    ///< before it
  std::string cursor;        ///< HistoryPage::next of the page before
  std::size_t limit = 50;
};
struct HistoryPage {
  Jid chat;                           ///< the address that its messages are kept under
  std::vector<ChatMessage> messages;  ///< newest first
  std::string next;                   ///< empty: there are no older ones
};

/// Somebody whom the account knows. Texts are empty where nothing is known.
struct ContactInfo {
  protocol::messages::Party party;
  std::string full_name;  ///< as the phone's address book has it
  std::string first_name;
  std::string push_name;  ///< as he calls himself
  std::string business_name;
  std::string username;
};

struct MessageFigures {
  store::MessageTotals totals;
  store::MessageCounts last_7_days;
  store::MessageCounts last_30_days;
};

struct MediaBytes {
  std::string mimetype;
  std::string type;  ///< `image`, `ptt` ...
  std::string file_name;
  Bytes bytes;
};

/// Thread-safe: called from HTTP workers. Replies come on any thread, exactly once, also at shutdown. All answer
/// kNotFound/kInstanceNotFound for a name that is none, and kNotConnected/kNotConnected where they need WhatsApp and
/// the instance is not connected.
class MessageService {
 public:
  virtual ~MessageService() = default;

  /// Answers when WhatsApp has taken the text or will not; what was refused, or is not known to have been taken, is in
  /// the outcome beside the id. An error of its own: nothing was tried.
  virtual void send_text(std::string_view name, TextRequest request, Reply<SendOutcome> reply) = 0;
  virtual void mark_read(std::string_view name, ReadRequest request, Reply<std::monostate> reply) = 0;
  virtual void show_presence(std::string_view name, PresenceRequest request, Reply<std::monostate> reply) = 0;
  /// Has the phone tell messages that are older than all that are kept of a chat; answers when they are in the store.
  /// kNotFound/kMessageNotFound where none is kept; kTimedOut/kHistoryUnanswered.
  virtual void request_older(std::string_view name, OlderRequest request, Reply<std::monostate> reply) = 0;
  /// The decrypted file of the newest message with that id. kNotFound/kMediaNotAvailable.
  virtual void fetch_media(std::string_view name, std::string message_id, Reply<MediaBytes> reply) = 0;

  // What follows reads the store and needs no connection. kStorage.

  /// kInvalidArgument/kInvalidRequest for a cursor that is none.
  virtual Result<HistoryPage> history(std::string_view name, const HistoryQuery& query) const = 0;
  /// By address.
  virtual Result<std::vector<ContactInfo>> contacts(std::string_view name) const = 0;
  virtual Result<std::optional<ContactInfo>> find_contact(std::string_view name, const Jid& who) const = 0;
  /// The newest with that id. kNotFound/kMessageNotFound.
  virtual Result<ChatMessage> find_message(std::string_view name, std::string_view id) const = 0;
  virtual Result<MessageFigures> message_figures(std::string_view name) const = 0;
  /// nullopt where none has come.
  virtual Result<std::optional<HistoryProgress>> history_progress(std::string_view name) const = 0;
};

/// kNotConnected/kNotConnected.
Error not_connected();
/// kNotFound/kMessageNotFound.
Error message_not_found();

}  // namespace ponte::instance
