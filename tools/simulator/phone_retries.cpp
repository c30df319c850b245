#include "base/reader.h"
#include "base/writer.h"
#include "crypto/signal/padding.h"
#include "simulator/messaging_bundles.h"
#include "simulator/phone_receiving.h"
#include "simulator/world.h"

namespace ponte::simulator {

using protocol::wire::Jid;
using protocol::wire::Node;

namespace {

constexpr unsigned kMostAsked = 5;      // wire: messages.md 2.5
constexpr unsigned kMostAnswered = 10;  // wire: messages.md 2.6

/// The reason that a retry receipt names.
unsigned reason_of(Cause cause) {
  switch (cause) {
    case Cause::kSignalNoSession: return 1;
    case Cause::kSignalInvalidKey: return 2;
    case Cause::kSignalUnknownPrekey: return 3;
    case Cause::kSignalNoSenderKey: return 8;
    default: return 4;
  }
}

std::optional<std::uint32_t> number_of(const Node& parent, std::string_view tag, std::size_t size) {
  const Node* child = parent.find(tag);
  if (child == nullptr) return std::nullopt;
  const auto bytes = child->leaf_of_size(size);
  if (!bytes.ok()) return std::nullopt;
  return static_cast<std::uint32_t>(*Reader(*bytes).big_endian(size));
}

template <std::size_t N>
std::optional<ByteArray<N>> bytes_of(const Node& parent, std::string_view tag) {
  const Node* child = parent.find(tag);
  if (child == nullptr) return std::nullopt;
  const auto bytes = child->leaf_of_size(N);
  if (!bytes.ok()) return std::nullopt;
  return to_array<N>(*bytes);
}

/// The bundle in a retry receipt; nullopt where it lacks something.
std::optional<crypto::PrekeyBundle> bundle_of(const Node& receipt, const Node& keys) {
  crypto::PrekeyBundle out;
  const auto registration = number_of(receipt, "registration", 4);
  const auto identity = bytes_of<32>(keys, "identity");
  const Node* skey = keys.find("skey");
  if (!registration || !identity || skey == nullptr) return std::nullopt;
  const auto id = number_of(*skey, "id", 3);
  const auto value = bytes_of<32>(*skey, "value");
  const auto signature = bytes_of<64>(*skey, "signature");
  if (!id || !value || !signature) return std::nullopt;
  out.registration_id = *registration;
  out.identity = *identity;
  out.signed_prekey_id = *id;
  out.signed_prekey = *value;
  out.signature = *signature;
  if (const Node* key = keys.find("key")) {
    const auto key_id = number_of(*key, "id", 3);
    const auto key_value = bytes_of<32>(*key, "value");
    if (!key_id || !key_value) return std::nullopt;
    out.one_time = {*key_id, *key_value};
  }
  return out;
}

}  // namespace

Node PhoneMessaging::own_keys() {
  Node keys("keys");
  keys.child(Node("type").bytes(ByteArray<1>{0x05}));
  keys.child(Node("identity").bytes(published_.keys.identity));
  keys.child(prekey_node(store_.make_prekeys(1, random_).front()));
  keys.child(signed_prekey_node(published_.keys.signed_prekey));
  add_identity(keys);
  return keys;
}

void PhoneMessaging::ask_again(const Receiving& receiving) {
  const Node& stanza = receiving.stanza;
  unsigned& asked = asked_[receiving.from.to_string() + " " + receiving.id];
  if (asked >= kMostAsked) return;
  ++asked;
  ++counts_.retries_asked;
  Node retry("retry");
  retry.with("v", "1").with("count", std::to_string(asked)).with("id", receiving.id);
  retry.with("t", stanza.attribute("t").value_or("0"));
  retry.with("error", std::to_string(reason_of(receiving.failure->cause)));
  Node receipt("receipt");
  receipt.with("id", receiving.id).with("to", *stanza.jid("from")).with("type", "retry");
  if (const auto participant = stanza.jid("participant")) receipt.with("participant", *participant);
  if (const auto recipient = stanza.jid("recipient")) receipt.with("recipient", *recipient);
  if (receiving.peer) receipt.with("category", "peer");
  receipt.child(std::move(retry));
  receipt.child(Node("registration").bytes(big_endian_array<4>(published_.keys.registration_id)));
  if (asked >= 2) receipt.child(own_keys());
  post(std::move(receipt));
}

Status PhoneMessaging::repair_session(const DeviceId& device, const Node& receipt, unsigned count) {
  const Account* account = world_.accounts.find(device.number);
  const crypto::SignalAddress address = signal_address(*account, device.device);
  crypto::SignalSessions sessions(store_, random_);
  if (const Node* keys = receipt.find("keys")) {
    const auto bundle = bundle_of(receipt, *keys);
    if (!bundle) return Error{Errc::kMalformed, Cause::kStanzaUnexpected, "the keys of a retry receipt are incomplete"};
    auto began = sessions.process_bundle(address, *bundle);
    return began.ok() ? Status::Ok() : Status(began.error());
  }
  PONTE_ASSIGN(const auto open, sessions.session(address));
  const auto registration = number_of(receipt, "registration", 4);
  const bool another = open && registration && *registration != open->remote_registration_id;
  // Without keys a first request is answered on the session that there is.
  if (open && !another && count < 2) return Status::Ok();
  return begin_session(device);
}

void PhoneMessaging::on_retry(const Node& receipt, const Now& now) {
  const Node* retry = receipt.find("retry");
  const auto from = receipt.jid("from");
  if (retry == nullptr || !from) return;
  const Jid requester = receipt.jid("participant").value_or(*from);
  const Account* account = world_.accounts.find(requester);
  const auto found = sent_.find(receipt.attribute("id").value_or(""));
  if (account == nullptr || found == sent_.end()) {
    ++counts_.retries_unanswered;
    return;
  }
  Sent& sent = found->second;
  const DeviceId device{account->number, requester.device};
  const auto count = static_cast<unsigned>(retry->number("count").value_or(1));
  if (count > kMostAsked || ++sent.resent[device] > kMostAnswered || !repair_session(device, receipt, count).ok()) {
    ++counts_.retries_unanswered;
    return;
  }
  const Outgoing& outgoing = sent.outgoing;
  const Group* group = world_.groups.find(outgoing.chat);
  proto::Message message;
  message.ParseFromArray(outgoing.message.data(), static_cast<int>(outgoing.message.size()));
  if (group != nullptr) {
    const auto distribution = distribution_message(*group);
    proto::Message with_key;
    if (distribution.ok()) with_key.ParseFromArray(distribution->data(), static_cast<int>(distribution->size()));
    message.MergeFrom(with_key);
  } else if (account == &account_ && !outgoing.peer) {
    proto::Message copy;
    copy.mutable_device_sent_message()->set_destination_jid(outgoing.chat.to_string());
    *copy.mutable_device_sent_message()->mutable_message() = std::move(message);
    message = std::move(copy);
  }
  auto enc = encrypt_for(device, crypto::pad(to_bytes(message.SerializeAsString()), random_), SendDefect::kNone);
  if (!enc.ok()) {
    ++counts_.retries_unanswered;
    return;
  }
  enc->with("count", std::to_string(count));
  ++counts_.retries_answered;
  Node out("message");
  out.with("id", outgoing.id).with("to", *from).with("type", outgoing.type);
  if (group != nullptr) {
    out.with("participant", requester).with("addressing_mode", addressing_name(group->addressing));
  } else if (outgoing.addressing == Addressing::kPn) {
    out.with("addressing_mode", "pn");
  }
  if (const auto recipient = receipt.jid("recipient")) out.with("recipient", *recipient);
  if (outgoing.peer) out.with("category", "peer");
  out.with("t", std::to_string(unix_seconds(now.wall)));
  out.child(std::move(*enc));
  add_identity(out);
  post(std::move(out));
}

}  // namespace ponte::simulator
