// What a Session asks of the world, and what it tells of itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "protocol/messages/types.h"
#include "protocol/session/app_state_events.h"
#include "protocol/session/requests.h"
#include "protocol/wire/jid.h"
#include "store/store.h"

namespace ponte::protocol {

/// Counts the connections of a session. An answer that carries an older epoch is dropped.
using Epoch = std::uint64_t;

/// What happened to the device, for the instance and its watchers.
namespace event {

/// A QR text is on display from now on, in place of any earlier one.
struct QrCode {
  std::string text;
  Mono valid_until{};
};
/// A pairing code is good for being typed: the server knows of it. In place of any earlier one.
struct PairingCode {
  std::string number;  ///< of the account that is to be linked, digits
  std::string code;    ///< 8 symbols, without dash
  Mono valid_until{};
};
/// No pairing code is out any more, or none came: refused, expired, superseded, or the phone fell silent.
struct PairingCodeEnded {
  std::string number;
  Error why;
  bool renewed = false;  ///< another one follows by itself
};
/// How far a link by passkey is (wire: pairing.md 7).
struct Passkey {
  enum class Stage {
    kRequested,  ///< the server wants an assertion for `options`
    kSubmitted,  ///< the server has taken the assertion; the phone is asked
    kConfirm,    ///< phone and companion show `code`: its user must find it the same on both
    kConfirmed,  ///< the phone has our keys; pair-success follows
    kEnded,      ///< refused or run out, see `why`
  };
  Stage stage = Stage::kRequested;
  std::string options;  ///< JSON, PublicKeyCredentialRequestOptions as the server wrote it
  std::string code;     ///< 8 symbols, without dash
  Mono valid_until{};
  std::optional<Error> why;
};
/// The phone's approval is verified and durable; a restart of the stream follows.
struct PairSuccess {
  wire::Jid jid;
  std::optional<wire::Jid> lid;
  std::string platform;
  std::string business_name;
};
/// A phone scanned that does not know multi-device.
struct ScannedWithoutMultidevice {};
/// `<success>` came: the device is logged in.
struct Online {};
/// The server confirms that the account has let this device go, as we asked.
struct Unlinked {};
/// What the peer sent was not acted upon; the connection goes on. For the log.
struct Refused {
  Error why;
};
/// The server key known from before did not fit: IK must not be tried again by this process.
struct ResumptionFailed {
  Error why;
};
/// A contact has another identity key than before: WhatsApp was installed anew there, or somebody is in between.
struct IdentityChanged {
  wire::Jid who;
};
/// The end of command::SendText: the server has taken the message, or why it is not sent. kTimedOut/kSendUnconfirmed
/// where nobody knows.
struct SendEnded {
  messages::Ticket ticket = 0;
  Result<messages::SentMessage> result;
};
/// The end of another command that has a ticket.
struct CommandEnded {
  messages::Ticket ticket = 0;
  Status status;
};
/// The end of command::FetchMedia: the file, decrypted and verified.
struct MediaFetched {
  messages::Ticket ticket = 0;
  Result<Bytes> bytes;
};
/// The server will refuse this client version after `when`.
struct ClientExpires {
  Wall when{};
};

/// What the owner of the session does after a connection has ended.
enum class Disposition {
  kRestart,    ///< connect again at once, without backoff (515, or a close right after pairing)
  kRetry,      ///< connect again with backoff
  kStop,       ///< stay down until asked; credentials are kept
  kLoggedOut,  ///< credentials are gone; only a new pairing helps
};
/// A message with content was received, or sent by any device of the account.
struct MessageExchanged {
  messages::ChatMessage message;
};
/// A message came that could not be had.
struct MessageLost {
  messages::LostMessage message;
};
/// Messages were received, read or played, or refused.
struct StatusChanged {
  messages::StatusChange change;
};
/// The connection is over; it comes once per connection, as its last output.
struct Ended {
  Disposition disposition = Disposition::kRetry;
  Error why;
};

}  // namespace event

using Event =
    std::variant<event::QrCode, event::PairingCode, event::PairingCodeEnded, event::Passkey, event::PairSuccess,
                 event::ScannedWithoutMultidevice, event::Online, event::Unlinked, event::Refused,
                 event::ResumptionFailed, event::ClientExpires, event::AppStateSync, event::PushNameChanged,
                 event::IdentityChanged, event::SendEnded, event::CommandEnded, event::MediaFetched, event::Ended>;

/// What watchers of the instance must be told once, neither lost nor doubled: it becomes durable with the records that
/// it is about.
using Told = std::variant<event::MessageExchanged, event::MessageLost, event::StatusChanged, event::LabelUpdated>;

/// One WebSocket message.
struct SendBytes {
  Bytes bytes;
};
/// Close the socket; nothing more is sent on it.
struct CloseChannel {};
/// Commit, then call on_committed. Later outputs of the same step follow after that.
struct Commit {
  store::WriteBatch batch;  ///< of the device, with what the step changed of its chats beside; may be empty
  std::vector<Told> told;   ///< in order; whoever commits adds them to the batch
};
/// Run run_work(request) elsewhere, then call on_work_done.
struct StartWork {
  WorkId id = 0;
  Epoch epoch = 0;
  WorkRequest request;
};
/// Fetch, by the way that the instance's proxy prescribes, then call on_fetched. Needless once the connection has
/// ended.
struct StartFetch {
  FetchId id = 0;
  Epoch epoch = 0;
  HttpFetch request;
};
struct Emit {
  Event event;
};

using Output = std::variant<SendBytes, CloseChannel, Commit, StartWork, StartFetch, Emit>;

}  // namespace ponte::protocol
