// A connection whose device asks to be paired: QR refs, pairing codes and passkeys, and the phone that answers
// them (wire: pairing.md 5, 6, 7).
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/reply.h"
#include "base/result.h"
#include "base/secret.h"
#include "simulator/adv.h"
#include "simulator/client_payload.h"
#include "simulator/passkey_flow.h"
#include "simulator/phone.h"
#include "simulator/sim_connection.h"

namespace ponte::simulator {

/// How long a pairing code may be typed (wire: pairing.md 6.5).
inline constexpr Milliseconds kCodeLifetime = Seconds(180);

class PairingSide final : public Side {
 public:
  PairingSide(SimConnection& connection, ClientDetails details);
  ~PairingSide() override;

  void start() override;
  void note_uses(const protocol::wire::Node& stanza) override;
  void on_stanza(const protocol::wire::Node& stanza) override;
  void on_deadline() override;
  std::optional<Mono> next_deadline() const override;
  void on_closed() override;
  PairingSide* pairing() override { return this; }

  const ClientDetails& details() const { return details_; }
  const Registration& registration() const { return std::get<Registration>(details_.purpose); }
  const std::vector<std::string>& refs() const { return refs_; }

  /// The phone scans. `reply` comes with the companion's answer to pair-success. Errors: kRejected for a ref that is
  /// not on display or keys of another device, kUnavailable/kSuperseded when companion_reg_refresh was
  /// sent and the new code must be scanned, kRejected/kPairingRefused when the companion refuses,
  /// kRejected/kPasskeyRejected where the account demands a passkey and that goes wrong, kTimedOut, kNotConnected.
  void scan(const QrCode& code, const Phone& phone, Reply<Paired> reply);
  /// Sends companion_reg_refresh: the companion must change its ADV secret and show a new code.
  void rotate();

  /// The phone's user types the pairing code. As scan; kRejected where the code is older than 180 s, does not
  /// open the companion's bundle (another may be typed then), or where three primary_hello were sent for it.
  void enter_code(std::string_view code, const Phone& phone, Reply<Paired> reply);
  /// Notification refresh_code for the outstanding pairing code.
  Status refresh_code(bool force_manual);
  /// The number of the outstanding pairing code, empty without one.
  std::string code_number() const { return link_ ? link_->number : std::string(); }
  const PasskeyFlow& passkey() const { return passkey_; }

 private:
  /// A pair-success that waits for its answer.
  struct Attempt {
    Account* account;
    Companion companion;
    DeviceIdentity identity;
    Reply<Paired> reply;
    Mono deadline;
  };
  /// A code that the phone's user has typed: primary_hello was sent, companion_finish is waited for.
  struct Entry {
    Secret<32> ephemeral_shared;
    crypto::PublicKey companion_ephemeral{};  ///< the companion's, where the code was right
    Phone phone;
    Reply<Paired> reply;
    Mono deadline;
  };
  /// An outstanding pairing code.
  struct LinkCode {
    std::string number;
    std::string ref;
    Bytes wrapped_ephemeral;  ///< salt 32, iv 16, ciphertext 32
    Mono since;
    unsigned hellos = 0;  ///< primary_hello notifications so far
    std::optional<Entry> entry;
  };

  /// What the approval came with.
  enum class Approval { kPhone, kPasskey };

  /// The phone knows the companion's secret: pairs, or demands a passkey before.
  void approve(const Secret<32>& adv_secret, const Phone& phone, Reply<Paired> reply);
  void pair(const Secret<32>& adv_secret, const Phone& phone, Reply<Paired> reply, Approval approval);
  /// A phone has scanned or typed a code, and has no answer yet.
  bool phone_waits() const { return attempt_ || passkey_.active() || (link_ && link_->entry); }
  void on_pair_success_answer(const protocol::wire::Node& answer);
  Result<Companion> check_answer(const protocol::wire::Node& answer, Attempt& attempt) const;
  Status check_on_display(const QrCode& code) const;
  Mono refs_end() const;
  /// When the outstanding pairing code is too old to be typed.
  Mono code_end() const;
  CodeDefect code_defect() const { return connection_.faults().code_defect.value_or(CodeDefect::kNone); }

  void note_link_code(const protocol::wire::Node& request);
  void on_link_code(const protocol::wire::Node& iq, const protocol::wire::Node& request);
  std::optional<std::pair<unsigned, std::string>> start_link_code(const protocol::wire::Node& request);
  void send_primary_hello(std::string_view code, const crypto::PublicKey& ephemeral);
  void on_companion_finish(const protocol::wire::Node& request);
  Result<Secret<32>> open_bundle(const protocol::wire::Node& request, const Entry& entry);
  void drop_link_code();

  SimConnection& connection_;
  ClientDetails details_;
  std::vector<std::string> refs_;
  Mono refs_since_;
  std::optional<Secret<32>> superseded_secret_;  ///< seen at the scan that caused companion_reg_refresh
  std::optional<Attempt> attempt_;
  std::optional<LinkCode> link_;
  PasskeyFlow passkey_;
  unsigned unanswered_hellos_ = 0;  ///< primary_hello notifications without companion_finish
};

/// The `<pair-success>` iq, without id.
protocol::wire::Node pair_success_node(const Account& account, std::uint16_t device, Bytes sealed_identity,
                                       PairSuccessDefect defect, Wall wall);

}  // namespace ponte::simulator
