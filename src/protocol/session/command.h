// What an owner may ask of a session.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "protocol/messages/types.h"
#include "protocol/session/config.h"
#include "store/messaging_records.h"

namespace ponte::protocol {

namespace command {

/// Unlink from the account, then wipe; without a login: only wipe. Ends with Disposition::kLoggedOut.
struct Logout {};
/// Ask for a pairing code in place of any earlier one. Answered by event::PairingCode or PairingCodeEnded; waits
/// for pair-device where that has not come.
struct RequestPairingCode {
  std::string number;               ///< digits, international form
  std::optional<std::string> code;  ///< 8 symbols of the alphabet; drawn where absent
};
/// Hand the server a WebAuthn assertion for the options it sent. Answered by event::Passkey.
struct SubmitAssertion {
  Bytes credential_id;    ///< raw id
  std::string assertion;  ///< JSON
};
/// The code of Passkey::Stage::kConfirm is the same on the phone. Answered by event::Passkey.
struct ConfirmPasskey {};
/// Announce the account as available or not; remembered where not logged in.
/// From now on; nothing is answered.
struct SetReading {
  Reading reading = Reading::kWhenAsked;
};
struct SetPresence {
  Presence presence = Presence::kUnavailable;
};
/// Send a text. Answered by event::SendEnded.
struct SendText {
  messages::Ticket ticket = 0;
  messages::OutgoingText text;
};
/// Tell the senders that these were read. Answered by event::CommandEnded.
struct MarkRead {
  messages::Ticket ticket = 0;
  wire::Jid chat;
  std::vector<std::string> ids;
};
/// Show in a chat that somebody types, or no longer. Answered by event::CommandEnded.
struct SendChatState {
  messages::Ticket ticket = 0;
  wire::Jid to;
  messages::ChatState state = messages::ChatState::kPaused;
};

/// Fetch and decrypt the file of a message. Answered by event::MediaFetched.
struct FetchMedia {
  messages::Ticket ticket = 0;
  store::MessageName message;
};
/// Ask the phone for messages of a chat that are older than what is kept. Answered by event::CommandEnded when they are
/// in the store.
struct RequestOlder {
  messages::Ticket ticket = 0;
  wire::Jid chat;
  unsigned count = 50;
};

}  // namespace command

using Command = std::variant<command::Logout, command::RequestPairingCode, command::SubmitAssertion,
                             command::ConfirmPasskey, command::SetPresence, command::SetReading, command::SendText,
                             command::MarkRead, command::SendChatState, command::FetchMedia, command::RequestOlder>;

}  // namespace ponte::protocol
