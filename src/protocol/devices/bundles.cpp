#include "protocol/devices/bundles.h"

#include <algorithm>

#include "base/reader.h"
#include "protocol/messages/addresses.h"
#include "protocol/messages/lid_map.h"
#include "protocol/messages/signal_records.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::devices {
namespace {

Error malformed(const std::string& what) {
  return {Errc::kMalformed, Cause::kNodeMalformed, "keys of a device: " + what};
}

Result<ByteView> leaf_of(const wire::Node& parent, std::string_view tag, std::size_t size) {
  const wire::Node* child = parent.find(tag);
  if (child == nullptr) return malformed(parent.tag + " without " + std::string(tag));
  return child->leaf_of_size(size);
}

Result<std::uint32_t> number_of(const wire::Node& parent, std::string_view tag, std::size_t size) {
  PONTE_ASSIGN(const ByteView bytes, leaf_of(parent, tag, size));
  return static_cast<std::uint32_t>(*Reader(bytes).big_endian(size));
}

/// Identity, signed prekey and, where there is one, a one-time prekey.
Status read_keys(const wire::Node& node, crypto::PrekeyBundle& bundle) {
  PONTE_ASSIGN(const ByteView type, leaf_of(node, "type", 1));
  if (type[0] != 0x05) return malformed("type " + std::to_string(type[0]) + ", expected 5");
  PONTE_ASSIGN(const ByteView identity, leaf_of(node, "identity", 32));
  bundle.identity = to_array<32>(identity);
  const wire::Node* skey = node.find("skey");
  if (skey == nullptr) return malformed("no skey");
  PONTE_ASSIGN(bundle.signed_prekey_id, number_of(*skey, "id", 3));
  PONTE_ASSIGN(const ByteView value, leaf_of(*skey, "value", 32));
  bundle.signed_prekey = to_array<32>(value);
  PONTE_ASSIGN(const ByteView signature, leaf_of(*skey, "signature", 64));
  bundle.signature = to_array<64>(signature);
  const wire::Node* key = node.find("key");
  if (key == nullptr) return Status::Ok();
  crypto::PrekeyBundle::OneTime one_time;
  PONTE_ASSIGN(one_time.id, number_of(*key, "id", 3));
  PONTE_ASSIGN(const ByteView one_time_value, leaf_of(*key, "value", 32));
  one_time.key = to_array<32>(one_time_value);
  bundle.one_time = one_time;
  return Status::Ok();
}

std::string_view reason_text(BundleReason reason) {
  switch (reason) {
    case BundleReason::kFirst: return "";
    case BundleReason::kRetry: return "retry";
    case BundleReason::kIdentity: return "identity";
  }
  return "";
}

/// Only of devices that were asked for. Where a message of the device has begun a session meanwhile, that one stays: a
/// bundle would close it.
Status take_user(Step& step, const wire::Node& user, const std::vector<wire::Jid>& asked, BundleReason reason) {
  const auto jid = user.jid("jid");
  if (user.tag != "user" || !jid || std::find(asked.begin(), asked.end(), *jid) == asked.end()) return Status::Ok();
  if (reason == BundleReason::kFirst) {
    PONTE_ASSIGN(const bool begun, has_session(step, *jid));
    if (begun) return Status::Ok();
  }
  PONTE_ASSIGN(const crypto::PrekeyBundle bundle, parse_bundle(user));
  return begin_session(step, *jid, bundle);
}

Status take_answer(Step& step, const wire::Node& answer, const std::vector<wire::Jid>& asked, BundleReason reason) {
  const wire::Node* list = answer.find("list");
  if (list == nullptr) return malformed("an answer without list");
  for (const wire::Node& user : list->children()) {
    Status begun = take_user(step, user, asked, reason);
    if (begun.ok()) continue;
    if (begun.error().code == Errc::kStorage) return begun;
    step.emit(event::Refused{begun.error()});
  }
  return Status::Ok();
}

}  // namespace

Result<crypto::PrekeyBundle> parse_bundle(const wire::Node& user) {
  if (const wire::Node* error = user.find("error"))
    return Error{Errc::kRejected, Cause::kIqRejected,
                 "keys of a device: refused by the server: " + error->attribute("code").value_or("?")};
  crypto::PrekeyBundle bundle;
  PONTE_ASSIGN(bundle.registration_id, number_of(user, "registration", 4));
  PONTE_TRY(read_keys(user, bundle));
  return bundle;
}

Result<crypto::PrekeyBundle> parse_retry_keys(const wire::Node& receipt) {
  const wire::Node* keys = receipt.find("keys");
  if (keys == nullptr) return malformed("no keys");
  crypto::PrekeyBundle bundle;
  PONTE_ASSIGN(bundle.registration_id, number_of(receipt, "registration", 4));
  PONTE_TRY(read_keys(*keys, bundle));
  return bundle;
}

Result<bool> has_session(Step& step, const wire::Jid& device) {
  PONTE_ASSIGN(const wire::Jid target, messages::encryption_jid(step, device));
  messages::SignalRecords records(step.store, step.link.credentials);
  crypto::SignalSessions sessions(records, step.random);
  PONTE_ASSIGN(const auto session, sessions.session(messages::signal_address(target)));
  return session.has_value();
}

Status begin_session(Step& step, const wire::Jid& device, const crypto::PrekeyBundle& bundle) {
  PONTE_ASSIGN(const wire::Jid target, messages::encryption_jid(step, device));
  messages::SignalRecords records(step.store, step.link.credentials);
  crypto::SignalSessions sessions(records, step.random);
  const auto begun = sessions.process_bundle(messages::signal_address(target), bundle);
  return begun.ok() ? Status::Ok() : Status(begun.error());
}

Status begin_sessions(Step& step, const std::vector<wire::Jid>& devices, BundleReason reason,
                      UniqueFunction<Status(Step&, const Status&)> done) {
  wire::Node key("key");
  for (const wire::Jid& device : devices)
    key.child(wire::Node("user").with("jid", device).with("reason", reason_text(reason)));
  return step.send_iq(wire::server_iq("encrypt", "get").child(std::move(key)),
                      [devices, reason, done = std::move(done)](Step& later, const IqAnswer& answer) mutable -> Status {
                        Status taken =
                            answer.ok() ? take_answer(later, *answer, devices, reason) : Status(answer.error());
                        if (!taken.ok() && taken.error().code == Errc::kStorage) return taken;
                        return done(later, taken);
                      });
}

}  // namespace ponte::protocol::devices
