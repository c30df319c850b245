#include "protocol/pairing/pair_device.h"

#include "protocol/history/jobs.h"
#include "protocol/pairing/code_flow.h"
#include "protocol/pairing/device_identity.h"
#include "protocol/session/link_state.h"
#include "protocol/session/unified_session.h"

namespace ponte::protocol::pairing {
namespace {

constexpr Milliseconds kRestartWithin{20'000};  // 515 comes within a second or two (wire: pairing.md 5.6)
constexpr std::size_t kMaxRefs = 64;
constexpr unsigned kMaxPairDevices = 10;
constexpr std::size_t kMaxRefSize = 512;  // a QR of level L holds 2953 bytes in all

wire::Node result_iq(const wire::Node& iq, std::string_view type = "result") {
  return wire::Node("iq").with("to", wire::server_jid()).with("type", type).with("id", iq.attribute("id").value_or(""));
}

Error malformed(std::string what) {
  return {Errc::kMalformed, Cause::kPairingMalformed, "pair-device: " + std::move(what)};
}

/// A ref goes into the QR as it is, so it must be printable, and a comma would shift the fields.
bool is_ref(std::string_view text) {
  if (text.empty() || text.size() > kMaxRefSize) return false;
  for (const char c : text) {
    // A comma separates the fields of a QR text.
    if (c <= 0x20 || c >= 0x7F || c == ',') return false;
  }
  return true;
}

}  // namespace

void show_qr(Step& step) {
  const QrRotation& qr = step.link.qr;
  step.emit(event::QrCode{qr_text(qr.current(), step.link.credentials, step.config.qr_format), qr.valid_until()});
}

void set_adv_secret(Step& step, Secret<32> secret) {
  step.link.credentials.adv_secret = std::move(secret);
  store::put_credentials(step.store, step.link.credentials);
  if (step.link.qr.active()) show_qr(step);
}

void change_adv_secret(Step& step) {
  Secret<32> secret;
  step.random.fill(secret.mutable_view());
  set_adv_secret(step, std::move(secret));
}

Status on_pair_device(Step& step, const wire::Node& iq, const wire::Node& pair_device) {
  if (step.link.account) return malformed("came to a device that is linked");
  if (step.link.phase != Phase::kAwaitAuth && step.link.phase != Phase::kPairing) return Status::Ok();
  std::deque<std::string> refs;
  for (const wire::Node& child : pair_device.children()) {
    if (child.tag != "ref") continue;
    const auto ref = child.leaf();
    if (!ref || !is_ref(as_text(*ref)))
      return malformed("a ref is empty, over 512 bytes, or has what no QR text can hold");
    if (refs.size() == kMaxRefs) return malformed("more than 64 refs");
    refs.push_back(to_text(*ref));
  }
  if (refs.empty()) return malformed("no ref");
  if (++step.link.pair_devices > kMaxPairDevices) return malformed("sent over and over: a link must end some time");
  PONTE_TRY(step.send(result_iq(iq)));
  step.link.phase = Phase::kPairing;
  step.link.phase_deadline.reset();
  step.link.qr.start(std::move(refs), step.now.mono, step.config.qr_first_ttl, step.config.qr_ttl);
  show_qr(step);
  return on_pairing_ready(step);
}

Status on_pair_success(Step& step, const wire::Node& iq, const wire::Node& pair_success) {
  LinkState& link = step.link;
  if (link.account || (link.phase != Phase::kPairing && link.phase != Phase::kAwaitAuth)) {
    step.emit(event::Refused{
        Error{Errc::kRejected, Cause::kStanzaUnexpected, "pair-success came to a device that is linked already"}});
    return Status::Ok();
  }
  if (const auto t = iq.number("t")) link.set_server_time(*t, step.now);
  auto approval = approve(pair_success, link.credentials, step.random);
  if (!approval.ok()) {
    PONTE_TRY(step.send(result_iq(iq, "error").child(refusal(approval.error()))));
    step.end(event::Disposition::kStop, approval.error());
    return Status::Ok();
  }
  approval->account.paired_at = step.now.wall;
  store::put_account(step.store, approval->account);
  PONTE_TRY(history::on_linked(step));
  // Kept from an earlier link under another account, it would send the new one to the wrong place.
  store::erase_routing_info(step.store);
  store::erase_logged_out(step.store);

  PONTE_TRY(step.send(result_iq(iq).child(
      wire::Node("pair-device-sign")
          .child(
              wire::Node("device-identity").with("key-index", approval->key_index).bytes(approval->reply_identity)))));
  PONTE_TRY(send_unified_session(step));
  link.account = std::move(approval->account);
  link.phase = Phase::kPaired;
  link.phase_deadline = step.now.mono + kRestartWithin;
  link.qr.stop();
  link.code.reset();
  link.passkey.reset();

  const store::Account& account = *link.account;
  step.emit(event::PairSuccess{*wire::Jid::parse(account.jid), wire::Jid::parse(account.lid), account.platform,
                               account.business_name});
  return Status::Ok();
}

Status on_registration_refresh(Step& step, const wire::Node& notification) {
  const LinkState& link = step.link;
  if (link.phase != Phase::kPairing || link.account || !link.qr.active()) return Status::Ok();
  if (notification.find("companion_reg_refresh") == nullptr && notification.find("pair-device-rotate-qr") == nullptr) {
    return Status::Ok();
  }
  // The phone that was sent the bundle of a pairing code answers with the secret in it.
  if (!link.code || !link.code->secret_changed) change_adv_secret(step);
  return Status::Ok();
}

}  // namespace ponte::protocol::pairing
