#include "simulator/passkey_flow.h"

#include <algorithm>
#include <array>

#include "crypto/base64.h"
#include "crypto/compare.h"
#include "crypto/digest.h"
#include "simulator/iq_answers.h"

namespace ponte::simulator {
namespace {

using protocol::wire::Node;
using protocol::wire::server_jid;

/// How far companion and server may differ about when the request came.
constexpr Milliseconds kHandoffGrace = Seconds(10);

Error malformed(std::string message) {
  return {Errc::kMalformed, Cause::kStanzaUnexpected, std::move(message)};
}

Error rejected(std::string message) {
  return {Errc::kRejected, Cause::kPasskeyRejected, std::move(message)};
}

Result<ByteView> content_of(const Node& parent, std::string_view tag) {
  const Node* child = parent.find(tag);
  if (child == nullptr) return malformed(parent.tag + ": " + std::string(tag) + " is missing");
  if (const auto leaf = child->leaf()) return *leaf;
  return malformed(parent.tag + ": " + std::string(tag) + " has no content");
}

}  // namespace

PasskeyFlow::PasskeyFlow(SimConnection& connection, const Registration& registration, Approved approved)
    : connection_(connection), registration_(registration), approved_(std::move(approved)) {}

std::string_view PasskeyFlow::state_name() const {
  switch (state_) {
    case State::kIdle: return "idle";
    case State::kRequested: return "requested";
    case State::kContinued: return "continued";
    case State::kShowingCode: return "showing-code";
  }
  return "";
}

void PasskeyFlow::begin(const Secret<32>& previous_secret, const Phone& phone, Reply<Paired> reply) {
  Attempt attempt;
  attempt.previous_secret = previous_secret.copy();
  attempt.phone = phone;
  attempt.reply = std::move(reply);
  attempt.begun = connection_.now().mono;
  attempt.challenge = crypto::base64_url(connection_.world().random.array<32>());
  attempt_ = std::move(attempt);
  state_ = State::kRequested;
  send_notification("passkey_prologue_request", options_node());
  if (defect() != PasskeyDefect::kUnsolicitedContinuation) return;
  RandomSource& random = connection_.world().random;
  const auto key = crypto::generate_key_pair(random).public_key;
  send_continuation(key, random.array<32>());
}

PasskeyDefect PasskeyFlow::defect() const {
  return connection_.faults().passkey_defect.value_or(PasskeyDefect::kNone);
}

std::optional<Node> PasskeyFlow::options_node() const {
  if (defect() == PasskeyDefect::kNoOptions) return std::nullopt;
  std::string options = passkey::request_options(attempt_->challenge);
  if (defect() == PasskeyDefect::kBadOptions) options.pop_back();
  return Node("passkey_request_options").bytes(as_bytes(options));
}

void PasskeyFlow::note_uses(const Node& iq) {
  if (const Node* prologue = iq.find("passkey_prologue")) {
    const auto payload = content_of(*prologue, "prologue_payload");
    const auto read = payload.ok() ? passkey::read_prologue(*payload) : payload.error();
    // Once its assertion was refused, a companion may send the rest again.
    if (read.ok() && last_key_ != read->key) connection_.note_use("the ephemeral key of passkey_prologue", read->key);
    if (read.ok()) last_key_ = read->key;
  }
  if (const Node* nonce = iq.find("companion_nonce")) {
    if (const auto content = nonce->leaf_of_size(32); content.ok()) connection_.note_use("companion_nonce", *content);
  }
  if (const auto content = content_of(iq, "encrypted_pairing_request"); content.ok()) {
    const auto iv = passkey::pairing_request_iv(*content);
    if (iv.ok()) connection_.note_use("the IV of encrypted_pairing_request", *iv);
  }
}

bool PasskeyFlow::on_iq(const Node& iq) {
  struct Row {
    std::string_view tag;
    std::string_view type;
    std::optional<State> state;  ///< absent: any
    Handler handler;
  };
  static constexpr std::array<Row, 5> kRows = {
      {{"passkey_request_options", "get", std::nullopt, &PasskeyFlow::on_options},
       {"ref", "get", std::nullopt, &PasskeyFlow::on_ref},
       {"passkey_prologue", "set", State::kRequested, &PasskeyFlow::on_prologue},
       {"companion_nonce", "set", State::kContinued, &PasskeyFlow::on_nonce},
       {"encrypted_pairing_request", "set", State::kShowingCode, &PasskeyFlow::on_request}}};
  const auto row =
      std::find_if(kRows.begin(), kRows.end(), [&iq](const Row& known) { return iq.find(known.tag) != nullptr; });
  if (row == kRows.end()) return false;
  const std::string tag(row->tag);
  Status status;
  if (iq.attribute("xmlns") != "md" || iq.attribute("type") != row->type) {
    status = malformed(tag + ": expected an iq of namespace md and type " + std::string(row->type));
  } else if (row->state && row->state != state_) {
    status = malformed(tag + " came in state " + std::string(state_name()));
  } else {
    status = (this->*row->handler)(iq);
  }
  if (!status.ok()) refuse(iq, status.error());
  return true;
}

void PasskeyFlow::refuse(const Node& iq, const Error& error) {
  if (error.cause == Cause::kPasskeyRejected) return connection_.send(iq_error(iq, 401, error.message));
  connection_.violation(error.message);
  connection_.send(iq_error(iq, 400, error.message));
  if (!attempt_) return;
  ++connection_.world().counters.pairings_failed;
  end(rejected(error.message));
}

void PasskeyFlow::end(Error error) {
  if (!attempt_) return;
  Reply<Paired> reply = std::move(attempt_->reply);
  attempt_.reset();
  state_ = State::kIdle;
  reply.answer(std::move(error));
}

Status PasskeyFlow::on_options(const Node& iq) {
  if (!attempt_) {
    connection_.send(iq_error(iq, 404, "item-not-found"));
    return Status::Ok();
  }
  Node answer = iq_result(iq);
  if (auto options = options_node()) answer.child(std::move(*options));
  connection_.send(answer);
  return Status::Ok();
}

Status PasskeyFlow::on_ref(const Node& iq) {
  ref_ = "2@" + crypto::base64(connection_.world().random.array<33>());
  Node answer = iq_result(iq);
  answer.child(Node("ref").bytes(as_bytes(ref_)));
  connection_.send(answer);
  return Status::Ok();
}

Status PasskeyFlow::on_prologue(const Node& iq) {
  if (defect() == PasskeyDefect::kSilentPrologue) return Status::Ok();
  PONTE_TRY(check_prologue(*iq.find("passkey_prologue")));
  if (defect() == PasskeyDefect::kRefuseAssertion) return rejected("not-authorized");
  World& world = connection_.world();
  attempt_->ephemeral = crypto::generate_key_pair(world.random);
  attempt_->nonce = world.random.array<32>();
  state_ = State::kContinued;
  connection_.send(iq_result(iq));
  const ByteView key = attempt_->ephemeral.public_key;
  const ByteView nonce = attempt_->nonce;
  send_continuation(defect() == PasskeyDefect::kShortPrimaryKey ? key.first(31) : key,
                    defect() == PasskeyDefect::kShortPrimaryNonce ? nonce.first(31) : nonce);
  return Status::Ok();
}

Status PasskeyFlow::check_prologue(const Node& prologue) {
  PONTE_ASSIGN(const ByteView credential_id, content_of(prologue, "credential_id"));
  PONTE_ASSIGN(const ByteView assertion, content_of(prologue, "webauthn_assertion"));
  PONTE_ASSIGN(const ByteView payload, content_of(prologue, "prologue_payload"));
  PONTE_TRY(connection_.world().authenticator.check(assertion, credential_id, attempt_->challenge));
  PONTE_ASSIGN(passkey::Prologue read, passkey::read_prologue(payload));
  if (read.device_type != registration_.platform_type) {
    return malformed("deviceType: expected the registration's " + std::to_string(registration_.platform_type) +
                     ", got " + std::to_string(read.device_type));
  }
  if (ref_.empty() || read.ref != ref_) return malformed("ref: not the one that was handed out last");
  PONTE_TRY(check_handoff(prologue, payload));
  attempt_->prologue = std::move(read);
  return Status::Ok();
}

Status PasskeyFlow::check_handoff(const Node& prologue, ByteView payload) const {
  if (prologue.find("pairing_handoff_proof") == nullptr) return Status::Ok();
  PONTE_ASSIGN(const ByteView proof, content_of(prologue, "pairing_handoff_proof"));
  if (connection_.now().mono > attempt_->begun + passkey::kHandoffLifetime + kHandoffGrace) {
    return malformed("pairing_handoff_proof: its key is older than 5 minutes");
  }
  const auto expected = passkey::handoff_proof(attempt_->previous_secret, payload);
  if (!crypto::equal_constant_time(proof, expected)) {
    return malformed("pairing_handoff_proof: not by the ADV secret that was on display");
  }
  return Status::Ok();
}

Status PasskeyFlow::on_nonce(const Node& iq) {
  PONTE_ASSIGN(const ByteView nonce, iq.find("companion_nonce")->leaf_of_size(32));
  const passkey::Prologue& prologue = attempt_->prologue;
  if (!equal(crypto::sha256(prologue.identity, nonce), prologue.commitment)) {
    return malformed("companion_nonce: does not fit the commitment");
  }
  if (defect() == PasskeyDefect::kRefuseNonce) {
    connection_.send(iq_error(iq, 400, "bad-request"));
    end(rejected("the server refused the companion's nonce"));
    return Status::Ok();
  }
  attempt_->code = passkey::verification_code({to_array<32>(nonce), attempt_->nonce, attempt_->ephemeral.public_key});
  state_ = State::kShowingCode;
  connection_.send(iq_result(iq));
  return Status::Ok();
}

Status PasskeyFlow::on_request(const Node& iq) {
  PONTE_ASSIGN(const ByteView content, content_of(iq, "encrypted_pairing_request"));
  const passkey::Prologue& prologue = attempt_->prologue;
  PONTE_ASSIGN(const Secret<32> shared, crypto::agree(attempt_->ephemeral.private_key, prologue.key));
  const Secret<32> key = passkey::pairing_key(shared, prologue.device_type, prologue.ref);
  PONTE_ASSIGN(const passkey::PairingRequest request, passkey::open_pairing_request(content, key));
  if (request.noise != registration_.noise) return malformed("companionPublicKey: not the handshake's");
  if (request.identity != registration_.identity) return malformed("companionIdentityKey: not the registration's");
  if (crypto::equal_constant_time(request.adv_secret.view(), attempt_->previous_secret.view())) {
    return malformed("advSecret: the one from before");
  }
  connection_.send(iq_result(iq));
  if (defect() == PasskeyDefect::kSilentAfterConfirmation) return Status::Ok();
  Attempt attempt = std::move(*attempt_);
  attempt_.reset();
  state_ = State::kIdle;
  approved_(request.adv_secret, attempt.phone, std::move(attempt.reply));
  return Status::Ok();
}

void PasskeyFlow::send_notification(std::string_view type, std::optional<Node> child) {
  Node notification("notification");
  notification.with("type", type).with("from", server_jid());
  notification.with("t", std::to_string(unix_seconds(connection_.now().wall)));
  if (child) notification.child(std::move(*child));
  connection_.send_for_ack(std::move(notification));
}

void PasskeyFlow::send_continuation(ByteView key, ByteView nonce) {
  send_notification("crsc_continuation",
                    Node("primary_ephemeral_identity").bytes(passkey::primary_identity(key, nonce)));
}

}  // namespace ponte::simulator
