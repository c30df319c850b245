#include "protocol/pairing/passkey_flow.h"

#include <utility>

#include "protocol/pairing/pair_device.h"
#include "protocol/pairing/webauthn.h"
#include "protocol/session/link_state.h"
#include "protocol/session/step.h"

namespace ponte::protocol::pairing {
namespace {

using event::Passkey;
using wire::Node;
using Stage = PasskeyFlow::Stage;

constexpr std::size_t kMaxRefSize = 512;

PasskeyFlow* flow_of(Step& step, std::uint64_t serial) {
  PasskeyFlow* flow = step.link.passkey.get();
  return flow != nullptr && flow->serial == serial ? flow : nullptr;
}

void tell(Step& step, const PasskeyFlow& flow, Passkey::Stage stage, std::optional<Error> why = std::nullopt) {
  step.emit(Passkey{stage, flow.options, flow.code, flow.valid_until, std::move(why)});
}

Status end_flow(Step& step, Error why) {
  tell(step, *step.link.passkey, Passkey::Stage::kEnded, why);
  step.end(event::Disposition::kStop, std::move(why));
  return Status::Ok();
}

Status refuse(Step& step, const char* what) {
  step.emit(event::Refused{Error{Errc::kRejected, Cause::kStanzaUnexpected, std::string("passkey: ") + what}});
  return Status::Ok();
}

Error rejected(const char* what, const IqAnswer& answer) {
  Error why = answer.error();
  if (why.code == Errc::kRejected) why.cause = Cause::kPasskeyRejected;
  why.message = std::string("passkey: ") + what + ": " + why.message;
  return why;
}

/// The options, where the node has some that an authenticator could be given.
std::optional<std::string> options_in(const Node& parent) {
  const Node* child = parent.find("passkey_request_options");
  const auto bytes = child ? child->leaf() : std::nullopt;
  if (!bytes || !parse_request_options(as_text(*bytes)).ok()) return std::nullopt;
  return to_text(*bytes);
}

void request_assertion(Step& step, PasskeyFlow& flow, std::string options, std::optional<Error> why) {
  flow.stage = Stage::kRequested;
  flow.options = std::move(options);
  flow.valid_until = step.now.mono + PasskeyFlow::kLifetime;
  tell(step, flow, Passkey::Stage::kRequested, std::move(why));
}

/// `why`: what made them necessary, for who waits to be told.
Status fetch_options(Step& step, PasskeyFlow& flow, std::optional<Error> why) {
  flow.stage = Stage::kOptions;
  return step.send_iq(wire::server_iq("md", "get").child(Node("passkey_request_options")),
                      [serial = flow.serial, why = std::move(why)](Step& later, const IqAnswer& answer) -> Status {
                        PasskeyFlow* flow = flow_of(later, serial);
                        if (flow == nullptr) return Status::Ok();
                        auto options = answer.ok() ? options_in(*answer) : std::nullopt;
                        if (options) {
                          request_assertion(later, *flow, std::move(*options), why);
                          return Status::Ok();
                        }
                        if (why) return end_flow(later, *why);
                        return end_flow(later, Error{Errc::kRejected, Cause::kPasskeyRequired,
                                                     "passkey: the server asks for one but gives no request options"});
                      });
}

Status on_prologue_answer(Step& step, std::uint64_t serial, const IqAnswer& answer) {
  PasskeyFlow* flow = flow_of(step, serial);
  if (flow == nullptr) return Status::Ok();
  if (!answer.ok()) return fetch_options(step, *flow, rejected("the assertion was refused", answer));
  // The phone may have been quicker than the answer.
  if (flow->stage == Stage::kPrologue) flow->stage = Stage::kPrimary;
  flow->handoff_key.reset();
  tell(step, *flow, Passkey::Stage::kSubmitted);
  return Status::Ok();
}

Status say_prologue(Step& step, PasskeyFlow& flow) {
  flow.ephemeral = crypto::generate_key_pair(step.random);
  flow.nonce = step.random.array<32>();
  const Bytes identity = companion_ephemeral_identity(flow.ephemeral.public_key, flow.ref);
  const Bytes payload = prologue_payload(identity, flow.nonce);
  Node prologue("passkey_prologue");
  prologue.child(Node("credential_id").bytes(flow.credential_id));
  prologue.child(Node("webauthn_assertion").bytes(as_bytes(flow.assertion)));
  prologue.child(Node("prologue_payload").bytes(payload));
  if (flow.handoff_key && step.now.mono < flow.handoff_until) {
    prologue.child(Node("pairing_handoff_proof").bytes(handoff_proof(*flow.handoff_key, payload)));
  }
  return step.send_iq(wire::server_iq("md", "set").child(std::move(prologue)),
                      [serial = flow.serial](Step& later, const IqAnswer& answer) {
                        return on_prologue_answer(later, serial, answer);
                      });
}

Status on_ref(Step& step, std::uint64_t serial, const IqAnswer& answer) {
  PasskeyFlow* flow = flow_of(step, serial);
  if (flow == nullptr) return Status::Ok();
  if (!answer.ok()) return end_flow(step, rejected("the server gives no ref", answer));
  const Node* ref = answer->find("ref");
  const auto bytes = ref ? ref->leaf() : std::nullopt;
  if (!bytes || bytes->empty() || bytes->size() > kMaxRefSize) {
    return end_flow(step, Error{Errc::kMalformed, Cause::kPairingMalformed,
                                "passkey: expected a ref of 1 to 512 bytes in the answer"});
  }
  flow->ref = to_text(*bytes);
  return say_prologue(step, *flow);
}

Status on_nonce_answer(Step& step, std::uint64_t serial, const IqAnswer& answer) {
  PasskeyFlow* flow = flow_of(step, serial);
  if (flow == nullptr) return Status::Ok();
  if (!answer.ok()) return end_flow(step, rejected("the nonce was refused", answer));
  flow->stage = Stage::kConfirm;
  tell(step, *flow, Passkey::Stage::kConfirm);
  return Status::Ok();
}

Status on_request_answer(Step& step, std::uint64_t serial, const IqAnswer& answer) {
  PasskeyFlow* flow = flow_of(step, serial);
  if (flow == nullptr) return Status::Ok();
  if (!answer.ok()) return end_flow(step, rejected("the pairing request was refused", answer));
  tell(step, *flow, Passkey::Stage::kConfirmed);
  return Status::Ok();
}

/// The pairing code that led here is over; what its phone knows proves that we are the companion it meant.
void supersede(Step& step) {
  if (!step.link.code) return;
  step.emit(event::PairingCodeEnded{step.link.code->number,
                                    Error{Errc::kRejected, Cause::kPasskeyRequired, "the account asks for a passkey"}});
  step.link.code.reset();
}

}  // namespace

Status on_passkey_request(Step& step, const Node& notification) {
  LinkState& link = step.link;
  if (link.phase != Phase::kPairing || link.account) return refuse(step, "asked for while not linking");
  auto flow = std::make_unique<PasskeyFlow>();
  flow->serial = link.next_work_id++;
  flow->valid_until = step.now.mono + PasskeyFlow::kLifetime;
  if (link.passkey) {
    // Asked again: the phone still knows the secret from before the first demand, and none since.
    flow->handoff_key = std::move(link.passkey->handoff_key);
    flow->handoff_until = link.passkey->handoff_until;
  } else {
    flow->handoff_key = handoff_key(link.credentials.adv_secret);
    flow->handoff_until = step.now.mono + PasskeyFlow::kHandoffLifetime;
    supersede(step);
    link.qr.stop();
    change_adv_secret(step);
  }
  link.passkey = std::move(flow);
  auto options = options_in(notification);
  if (!options) return fetch_options(step, *link.passkey, std::nullopt);
  request_assertion(step, *link.passkey, std::move(*options), std::nullopt);
  return Status::Ok();
}

Status submit_assertion(Step& step, const command::SubmitAssertion& assertion) {
  PasskeyFlow* flow = step.link.passkey.get();
  if (flow == nullptr || flow->stage != Stage::kRequested) return refuse(step, "an assertion that is not asked for");
  flow->stage = Stage::kPrologue;
  flow->credential_id = assertion.credential_id;
  flow->assertion = assertion.assertion;
  return step.send_iq(
      wire::server_iq("md", "get").child(Node("ref")),
      [serial = flow->serial](Step& later, const IqAnswer& answer) { return on_ref(later, serial, answer); });
}

Status on_passkey_continuation(Step& step, const Node& notification) {
  PasskeyFlow* flow = step.link.passkey.get();
  const bool due = flow != nullptr && (flow->stage == Stage::kPrologue || flow->stage == Stage::kPrimary);
  if (!due || flow->ref.empty()) return refuse(step, "a continuation of nothing");
  const Node* child = notification.find("primary_ephemeral_identity");
  const auto bytes = child ? child->leaf() : std::nullopt;
  auto primary = parse_primary_identity(bytes.value_or(ByteView{}));
  if (!primary.ok()) return end_flow(step, primary.error());
  auto agreement = crypto::agree(flow->ephemeral.private_key, primary->public_key);
  if (!agreement.ok()) return end_flow(step, agreement.error());
  flow->key = pairing_request_key(*agreement, kPasskeyDeviceType, flow->ref);
  flow->code = verification_code(flow->nonce, *primary);
  flow->stage = Stage::kNonce;
  return step.send_iq(
      wire::server_iq("md", "set").child(Node("companion_nonce").bytes(flow->nonce)),
      [serial = flow->serial](Step& later, const IqAnswer& answer) { return on_nonce_answer(later, serial, answer); });
}

Status confirm_passkey(Step& step) {
  PasskeyFlow* flow = step.link.passkey.get();
  if (flow == nullptr || flow->stage != Stage::kConfirm) return refuse(step, "a confirmation that is not asked for");
  flow->stage = Stage::kSealed;
  flow->valid_until = step.now.mono + PasskeyFlow::kPairSuccessWithin;
  const store::Credentials& own = step.link.credentials;
  const Bytes request = encrypted_pairing_request(flow->key, step.random.array<12>(), own.noise.public_key,
                                                  own.identity.public_key, own.adv_secret);
  return step.send_iq(wire::server_iq("md", "set").child(Node("encrypted_pairing_request").bytes(request)),
                      [serial = flow->serial](Step& later, const IqAnswer& answer) {
                        return on_request_answer(later, serial, answer);
                      });
}

Status on_passkey_deadline(Step& step) {
  const PasskeyFlow* flow = step.link.passkey.get();
  if (flow == nullptr || flow->valid_until > step.now.mono) return Status::Ok();
  if (flow->stage == Stage::kSealed) {
    return end_flow(step, Error{Errc::kTimedOut, Cause::kPairingUnanswered,
                                "passkey: the phone did not link within 60 s of the confirmation"});
  }
  return end_flow(step, Error{Errc::kTimedOut, Cause::kPasskeyRequired,
                              "passkey: nobody handed in an assertion and its confirmation within 10 minutes"});
}

}  // namespace ponte::protocol::pairing
