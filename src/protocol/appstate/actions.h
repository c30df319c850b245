// What a record of app state says, typed (wire: messages.md 5.7).
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app_state.pb.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "protocol/appstate/collection.h"
#include "protocol/wire/jid.h"

namespace ponte::protocol::appstate {

/// Which message a record is about. JIDs here are without device.
struct MessageRef {
  wire::Jid chat;
  std::string id;
  bool from_me = false;
  std::optional<wire::Jid> participant;  ///< who wrote it, in a group, where that is not us

  bool operator==(const MessageRef&) const = default;
};

/// Up to where a chat was read, archived, cleared or deleted.
struct Range {
  struct Message {
    MessageRef message;
    std::optional<Wall> at;

    bool operator==(const Message&) const = default;
  };
  std::optional<Wall> last_message;  ///< whole seconds
  std::optional<Wall> last_system_message;
  std::vector<Message> messages;

  bool operator==(const Range&) const = default;
};

namespace action {

/// An entry of the phone's address book, under a phone number or a LID.
struct Contact {
  wire::Jid jid;
  std::string full_name;
  std::string first_name;
  std::string username;
  std::optional<wire::Jid> pn;   ///< the same person's phone number, where said
  std::optional<wire::Jid> lid;  ///< the same person's LID, where said
};
struct ContactRemoved {
  wire::Jid jid;
};
/// How the account calls itself.
struct PushName {
  std::string name;
};
struct Mute {
  wire::Jid chat;
  bool muted = false;
  std::optional<Wall> until;  ///< absent: for ever
};
struct Pin {
  wire::Jid chat;
  bool pinned = false;
};
struct Archive {
  wire::Jid chat;
  bool archived = false;
  Range range;
};
/// False: marked as unread by hand.
struct MarkRead {
  wire::Jid chat;
  bool read = false;
  Range range;
};
struct Label {
  std::string id;
  std::string name;
  std::int32_t color = 0;
  std::optional<std::int32_t> predefined_id;  ///< of those that WhatsApp made
  std::int32_t order = 0;
  bool deleted = false;
};
struct LabelChat {
  std::string label_id;
  wire::Jid chat;
  bool labeled = false;
};
struct LabelMessage {
  std::string label_id;
  wire::Jid chat;
  std::string message_id;
  bool labeled = false;
};
struct Star {
  MessageRef message;
  bool starred = false;
};
struct DeleteForMe {
  MessageRef message;
  bool delete_media = false;
  std::optional<Wall> message_at;
};
/// Its messages go, the chat stays.
struct ClearChat {
  wire::Jid chat;
  bool delete_starred = false;
  bool delete_media = false;
  Range range;
};
struct DeleteChat {
  wire::Jid chat;
  bool delete_media = false;
  Range range;
};
/// Whether an archived chat comes back with its next message.
struct UnarchiveChats {
  bool unarchive = false;
};
/// Salt of the tokens for first contacts.
struct NctSalt {
  Bytes salt;
};
struct PnOfLid {
  wire::Jid lid;
  wire::Jid pn;
};

}  // namespace action

using Action = std::variant<action::Contact, action::ContactRemoved, action::PushName, action::Mute, action::Pin,
                            action::Archive, action::MarkRead, action::Label, action::LabelChat, action::LabelMessage,
                            action::Star, action::DeleteForMe, action::ClearChat, action::DeleteChat,
                            action::UnarchiveChats, action::NctSalt, action::PnOfLid>;

/// An action, and when it was taken.
struct TimedAction {
  Action action;
  Wall at{};
};

/// nullopt for what Ponte has no use for. kMalformed/kProtobufMalformed for an index that is none, or a value that
/// lacks what its index promises. What a removal means: a contact or label goes, what was switched on is off; of the
/// others nothing.
Result<std::optional<TimedAction>> read_action(const Mutation& mutation);

/// A record that says so, and the collection that it belongs to.
struct WrittenAction {
  Collection collection = Collection::kRegular;
  Mutation mutation;
};
WrittenAction write_action(const TimedAction& action);

}  // namespace ponte::protocol::appstate
