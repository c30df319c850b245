#include "protocol/pairing/code_flow.h"

#include <algorithm>
#include <utility>

#include "protocol/pairing/link_code.h"
#include "protocol/pairing/pair_device.h"
#include "protocol/session/link_state.h"
#include "protocol/session/step.h"

namespace ponte::protocol::pairing {
namespace {

using wire::Node;
using Stage = CodeFlow::Stage;

constexpr std::size_t kMaxRefSize = 512;

struct Refusal {
  std::uint64_t code;
  Errc errc;
  Cause cause;
  const char* meaning;
};

// wire: pairing.md 6.2
constexpr Refusal kRefusals[] = {
    {400, Errc::kRejected, Cause::kPairingBadRequest,
     "the server calls the request malformed, which it also does while it throttles this number; wait, or use a QR"},
    {403, Errc::kRejected, Cause::kPairingRefused, "the server refuses a pairing code for this number"},
    {429, Errc::kRateLimited, Cause::kPairingThrottled, "too many pairing codes were asked for"},
    {452, Errc::kRejected, Cause::kPairingUnavailable, "linking by number is not enabled for this account; use a QR"},
    {500, Errc::kUnavailable, Cause::kServerError, "the server failed; try again later"},
};

Error refused(const IqAnswer& answer) {
  Error why = answer.error();
  const Refusal* row = std::find_if(std::begin(kRefusals), std::end(kRefusals),
                                    [&](const Refusal& refusal) { return refusal.code == answer.code(); });
  if (row == std::end(kRefusals)) return why;
  why.code = row->errc;
  why.cause = row->cause;
  why.message = std::string("pairing code: ") + row->meaning + " (" + why.message + ")";
  return why;
}

/// The flow that `serial` belongs to, or null where it was replaced meanwhile.
CodeFlow* flow_of(Step& step, std::uint64_t serial) {
  CodeFlow* flow = step.link.code.get();
  return flow != nullptr && flow->serial == serial ? flow : nullptr;
}

/// The code is good for nothing any more. A secret that only a phone knows which did not link is shed with it.
void retire(Step& step) {
  const bool secret_changed = step.link.code->secret_changed;
  step.link.code.reset();
  if (secret_changed) change_adv_secret(step);
}

Status end_flow(Step& step, Error why) {
  step.emit(event::PairingCodeEnded{step.link.code->number, why});
  retire(step);
  // The refs may have run out while the code was out.
  if (!step.link.qr.active() && !step.link.passkey && step.link.phase == Phase::kPairing) {
    step.end(event::Disposition::kStop, std::move(why));
  }
  return Status::Ok();
}

Status on_code_key(Step& step, CodeFlow& flow, const Result<Bytes>& key);

/// A later attempt's key takes the place of one that is still waited for.
Status derive(Step& step, CodeFlow& flow, const ByteArray<32>& salt) {
  step.start_work(DeriveCodeKey{flow.code, salt},
                  [serial = flow.serial, attempt = flow.attempts](Step& later, const Result<Bytes>& key) -> Status {
                    CodeFlow* waiting = flow_of(later, serial);
                    return waiting != nullptr && waiting->attempts == attempt ? on_code_key(later, *waiting, key)
                                                                              : Status::Ok();
                  });
  return Status::Ok();
}

/// Precondition: stage kWanted, and pair-device has come.
Status start(Step& step, CodeFlow& flow) {
  if (flow.code.empty()) flow.code = code_symbols(step.random.array<5>());
  flow.ephemeral = crypto::generate_key_pair(step.random);
  flow.salt = step.random.array<32>();
  flow.iv = step.random.array<16>();
  flow.stage = Stage::kDeriving;
  flow.serial = step.link.next_work_id;
  return derive(step, flow, flow.salt);
}

/// The server or the phone wants another code; bounded, since each costs a key derivation.
Status renew(Step& step, Error why) {
  CodeFlow& old = *step.link.code;
  if (old.renewals == CodeFlow::kMostRenewals) return end_flow(step, std::move(why));
  step.emit(event::PairingCodeEnded{old.number, std::move(why), true});
  auto next = std::make_unique<CodeFlow>();
  next->number = old.number;
  next->chosen = old.chosen;
  if (old.chosen) next->code = old.code;
  next->renewals = old.renewals + 1;
  retire(step);
  step.link.code = std::move(next);
  return start(step, *step.link.code);
}

Status on_hello_answer(Step& step, std::uint64_t serial, const IqAnswer& answer) {
  CodeFlow* flow = flow_of(step, serial);
  if (flow == nullptr) return Status::Ok();
  if (!answer.ok()) return end_flow(step, refused(answer));
  const Node* request = answer->find("link_code_companion_reg");
  const Node* ref = request ? request->find("link_code_pairing_ref") : nullptr;
  const auto bytes = ref ? ref->leaf() : std::nullopt;
  if (!bytes || bytes->empty() || bytes->size() > kMaxRefSize) {
    return end_flow(step, Error{Errc::kMalformed, Cause::kPairingMalformed,
                                "pairing code: expected a link_code_pairing_ref of 1 to 512 bytes in the answer"});
  }
  flow->ref = to_bytes(*bytes);
  flow->stage = Stage::kOut;
  step.emit(event::PairingCode{flow->number, flow->code, flow->valid_until});
  return Status::Ok();
}

Status say_hello(Step& step, CodeFlow& flow, const Secret<32>& key) {
  flow.stage = Stage::kRequested;
  flow.valid_until = step.now.mono + CodeFlow::kLifetime;
  const Bytes wrapped = wrap_key(key, flow.salt, flow.iv, flow.ephemeral.public_key);
  return step.send_iq(
      wire::server_iq("md", "set")
          .child(companion_hello(flow.number, wrapped, step.link.credentials.noise.public_key,
                                 platform_display(step.config.device_name))),
      [serial = flow.serial](Step& later, const IqAnswer& answer) { return on_hello_answer(later, serial, answer); },
      CodeFlow::kAnswerWithin);
}

Status on_finish_answer(Step& step, std::uint64_t serial, const IqAnswer& answer) {
  CodeFlow* flow = flow_of(step, serial);
  // Silence is what pair_success_by watches for.
  if (flow == nullptr || answer.ok() || answer.error().code == Errc::kTimedOut) return Status::Ok();
  return end_flow(step, refused(answer));
}

Status say_finish(Step& step, CodeFlow& flow, const Secret<32>& key) {
  const store::Credentials& own = step.link.credentials;
  auto bundle = make_key_bundle(flow.ephemeral, unwrap_key(key, flow.wrapped_primary), own.identity,
                                flow.primary_identity, step.random);
  if (!bundle.ok()) {
    step.emit(event::Refused{bundle.error()});
    flow.stage = flow.secret_changed ? Stage::kFinishing : Stage::kOut;
    if (!flow.secret_changed) flow.pair_success_by.reset();
    return Status::Ok();
  }
  flow.stage = Stage::kFinishing;
  flow.secret_changed = true;
  set_adv_secret(step, std::move(bundle->adv_secret));
  return step.send_iq(
      wire::server_iq("md", "set")
          .child(companion_finish(flow.number, bundle->wrapped, own.identity.public_key, flow.ref)),
      [serial = flow.serial](Step& later, const IqAnswer& answer) { return on_finish_answer(later, serial, answer); });
}

ByteView content(const Node& parent, std::string_view tag) {
  const Node* child = parent.find(tag);
  return child ? child->leaf().value_or(ByteView{}) : ByteView{};
}

Status refuse(Step& step, std::string what) {
  step.emit(event::Refused{Error{Errc::kRejected, Cause::kStanzaUnexpected, "pairing code: " + std::move(what)}});
  return Status::Ok();
}

Status on_primary_hello(Step& step, CodeFlow& flow, const Node& hello) {
  if (step.now.mono >= flow.valid_until) return refuse(step, "primary_hello for a code that has expired");
  const ByteView wrapped = content(hello, "link_code_pairing_wrapped_primary_ephemeral_pub");
  const ByteView identity = content(hello, "primary_identity_pub");
  if (wrapped.empty() && hello.find("link_code_pairing_wrapped_primary_ephemeral_pub") == nullptr) {
    // How accounts under a passkey answer (wire: pairing.md 6.5).
    return end_flow(step, Error{Errc::kRejected, Cause::kPasskeyRequired,
                                "the account asks for a passkey, which a pairing code cannot give; use a QR"});
  }
  if (wrapped.size() != kWrappedKeySize || identity.size() != 32) {
    return refuse(step, "primary_hello: expected a wrapped key of 80 bytes and an identity of 32, got " +
                            std::to_string(wrapped.size()) + " and " + std::to_string(identity.size()));
  }
  if (equal(wrapped, flow.wrapped_primary)) return refuse(step, "primary_hello came twice");
  if (flow.attempts == CodeFlow::kMostAttempts) return refuse(step, "more than 3 primary_hello for one code");
  ++flow.attempts;
  flow.wrapped_primary = to_bytes(wrapped);
  flow.primary_identity = to_array<32>(identity);
  flow.stage = Stage::kAnswering;
  flow.pair_success_by = step.now.mono + CodeFlow::kPairSuccessWithin;
  return derive(step, flow, salt_of(flow.wrapped_primary));
}

Status on_code_key(Step& step, CodeFlow& flow, const Result<Bytes>& key) {
  if (flow.stage == Stage::kDeriving) {
    return key.ok() ? say_hello(step, flow, Secret<32>::from(*key)) : end_flow(step, key.error());
  }
  if (flow.stage != Stage::kAnswering) return Status::Ok();
  return key.ok() ? say_finish(step, flow, Secret<32>::from(*key)) : renew(step, key.error());
}

Status on_refresh(Step& step, const Node& refresh) {
  Error why{Errc::kRejected, Cause::kPairingCodeExpired, "pairing code: the server asked for a new one"};
  if (refresh.attribute("force_manual_refresh") == "true") return end_flow(step, std::move(why));
  return renew(step, std::move(why));
}

}  // namespace

std::optional<Mono> CodeFlow::next_deadline() const {
  if (pair_success_by) return pair_success_by;
  return stage == Stage::kOut ? std::optional(valid_until) : std::nullopt;
}

Status request_code(Step& step, const command::RequestPairingCode& request) {
  LinkState& link = step.link;
  const bool soon = link.phase == Phase::kHandshake || link.phase == Phase::kAwaitAuth;
  if (link.account || (!soon && link.phase != Phase::kPairing)) {
    step.emit(event::PairingCodeEnded{request.number, Error{Errc::kNotConnected, Cause::kPairingUnavailable,
                                                            "pairing code: no connection to ask on"}});
    return Status::Ok();
  }
  if (link.code) {
    if (link.code->number != request.number) {
      step.emit(event::PairingCodeEnded{link.code->number, Error{Errc::kCancelled, Cause::kSuperseded,
                                                                 "a pairing code was asked for another number"}});
    }
    retire(step);
  }
  link.code = std::make_unique<CodeFlow>();
  link.code->number = request.number;
  link.code->chosen = request.code.has_value();
  link.code->code = request.code.value_or("");
  return soon ? Status::Ok() : start(step, *link.code);
}

Status on_pairing_ready(Step& step) {
  CodeFlow* flow = step.link.code.get();
  return flow != nullptr && flow->stage == Stage::kWanted ? start(step, *flow) : Status::Ok();
}

Status on_link_code(Step& step, const Node& notification) {
  const Node* request = notification.find("link_code_companion_reg");
  CodeFlow* flow = step.link.code.get();
  if (request == nullptr) return Status::Ok();
  const std::string stage = request->attribute("stage").value_or("");
  if (stage != "primary_hello" && stage != "refresh_code") return Status::Ok();
  if (flow == nullptr || flow->stage < Stage::kOut || !equal(content(*request, "link_code_pairing_ref"), flow->ref)) {
    return refuse(step, stage + " for another code than the one that is out");
  }
  return stage == "primary_hello" ? on_primary_hello(step, *flow, *request) : on_refresh(step, *request);
}

Status on_code_deadline(Step& step) {
  CodeFlow* flow = step.link.code.get();
  const auto deadline = flow ? flow->next_deadline() : std::nullopt;
  if (!deadline || *deadline > step.now.mono) return Status::Ok();
  if (flow->pair_success_by) {
    return renew(step, Error{Errc::kTimedOut, Cause::kPairingUnanswered,
                             "pairing code: the phone did not link within 60 s; it was mistyped, or given up"});
  }
  return end_flow(step, Error{Errc::kTimedOut, Cause::kPairingCodeExpired, "pairing code: nobody typed it in 180 s"});
}

}  // namespace ponte::protocol::pairing
