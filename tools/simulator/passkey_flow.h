// An account that demands a passkey: the server's and the phone's side of it (wire: pairing.md 7).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/reply.h"
#include "base/task.h"
#include "simulator/client_payload.h"
#include "simulator/passkey.h"
#include "simulator/phone.h"
#include "simulator/sim_connection.h"

namespace ponte::simulator {

///   kIdle -> kRequested -> kContinued -> kShowingCode -> kIdle
///
/// kIdle         no phone waits
/// kRequested    passkey_prologue_request was sent; waits for passkey_prologue
/// kContinued    crsc_continuation was sent; waits for companion_nonce
/// kShowingCode  the nonce fits its commitment and the phone shows the code; waits for encrypted_pairing_request
///
/// A wrong assertion leaves the state as it is: the user may try again. Whatever else is wrong ends the attempt.
/// Owned by a PairingSide, and used as it is.
class PasskeyFlow {
 public:
  enum class State { kIdle, kRequested, kContinued, kShowingCode };
  /// Goes on with the ADV secret that the companion chose: pair-success is due.
  using Approved = UniqueFunction<void(const Secret<32>& adv_secret, const Phone& phone, Reply<Paired> reply)>;

  /// `connection` and `registration` outlive it.
  PasskeyFlow(SimConnection& connection, const Registration& registration, Approved approved);

  /// The phone has scanned the code or opened the bundle that `previous_secret` belongs to. Only where idle.
  /// `reply` is answered here where the attempt fails: kRejected/kPasskeyRejected; else it goes to `approved`.
  void begin(const Secret<32>& previous_secret, const Phone& phone, Reply<Paired> reply);
  /// Notes what an iq of this flow has that may not be used twice.
  void note_uses(const protocol::wire::Node& iq);
  /// Answers an iq of this flow. False where the stanza is none; nothing was done then.
  bool on_iq(const protocol::wire::Node& iq);
  /// Answers the phone with `error`, where one waits.
  void end(Error error);

  bool active() const { return attempt_.has_value(); }
  std::string_view state_name() const;
  /// What the phone shows, XXXX-XXXX; empty before kShowingCode.
  std::string code() const { return attempt_ ? attempt_->code : std::string(); }
  /// When the phone gives up. Only where active.
  Mono deadline() const { return attempt_->begun + passkey::kTimeout; }

 private:
  struct Attempt {
    Secret<32> previous_secret;
    Phone phone;
    Reply<Paired> reply;
    Mono begun;
    std::string challenge;  ///< base64url
    passkey::Prologue prologue;
    crypto::KeyPair ephemeral;
    ByteArray<32> nonce{};
    std::string code;
  };
  using Handler = Status (PasskeyFlow::*)(const protocol::wire::Node& iq);

  Status on_options(const protocol::wire::Node& iq);
  Status on_ref(const protocol::wire::Node& iq);
  Status on_prologue(const protocol::wire::Node& iq);
  Status on_nonce(const protocol::wire::Node& iq);
  Status on_request(const protocol::wire::Node& iq);
  Status check_prologue(const protocol::wire::Node& prologue);
  Status check_handoff(const protocol::wire::Node& prologue, ByteView payload) const;
  void refuse(const protocol::wire::Node& iq, const Error& error);
  PasskeyDefect defect() const;
  std::optional<protocol::wire::Node> options_node() const;
  void send_notification(std::string_view type, std::optional<protocol::wire::Node> child);
  void send_continuation(ByteView key, ByteView nonce);

  SimConnection& connection_;
  const Registration& registration_;
  Approved approved_;
  State state_ = State::kIdle;
  std::optional<Attempt> attempt_;
  std::string ref_;                            ///< handed out last
  std::optional<crypto::PublicKey> last_key_;  ///< of the last passkey_prologue
};

}  // namespace ponte::simulator
