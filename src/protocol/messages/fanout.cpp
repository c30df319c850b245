#include "protocol/messages/fanout.h"

#include <algorithm>

#include "crypto/signal/padding.h"
#include "crypto/signal/sender_keys.h"
#include "crypto/signal/sessions.h"
#include "protocol/messages/groups.h"
#include "protocol/messages/lid_map.h"
#include "protocol/messages/message_id.h"
#include "protocol/messages/signal_records.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::messages {
namespace {

Bytes padded(const proto::Message& message, RandomSource& random) {
  Bytes bytes(message.ByteSizeLong());
  message.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
  Bytes out = crypto::pad(bytes, random);
  wipe(bytes);
  return out;
}

wire::Node enc_node(std::string_view type, ByteView ciphertext) {
  return wire::Node("enc").with("v", "2").with("type", type).bytes(ciphertext);
}

/// `<participants>` with one `<to>` for each device that could be encrypted for.
struct Participants {
  wire::Node node{"participants"};
  std::vector<wire::Jid> reached;
  bool begins_session = false;

  Status add(Step& step, const std::vector<wire::Jid>& devices, const proto::Message& message) {
    for (const wire::Jid& device : devices) {
      auto copy = encrypt_for(step, device, message);
      if (!copy.ok() && copy.error().code == Errc::kStorage) return copy.error();
      if (!copy.ok()) continue;
      node.child(wire::Node("to").with("jid", device).child(std::move(copy->enc)));
      reached.push_back(device);
      begins_session = begins_session || copy->begins_session;
    }
    return Status::Ok();
  }
};

Error no_device(const std::string& what) {
  return {Errc::kUnavailable, Cause::kSendNoDevice, "send: " + what};
}

void add_device_identity(const Step& step, wire::Node& stanza) {
  stanza.child(wire::Node("device-identity").bytes(step.link.account->signed_device_identity));
}

wire::Node stanza_of(const Draft& draft, const proto::Message& message, const wire::Jid& to) {
  wire::Node stanza("message");
  stanza.with("id", draft.id).with("to", to).with("type", stanza_type(message));
  return stanza;
}

/// The phone of the other side is the one that must not be missing: what only companions got is never seen there.
bool reaches_phone(const std::vector<wire::Jid>& reached) {
  return std::any_of(reached.begin(), reached.end(), [](const wire::Jid& device) { return device.device == 0; });
}

Result<wire::Node> encrypt_for_user(Step& step, const Draft& draft, const proto::Message& message,
                                    const Destination& destination) {
  Participants participants;
  PONTE_TRY(participants.add(step, destination.recipients, message));
  if (!destination.recipients.empty() && !reaches_phone(participants.reached))
    return no_device("no keys of the recipient's phone are to be had");
  PONTE_TRY(participants.add(step, destination.own_devices, for_own_devices(message, destination.to)));
  if (participants.reached.empty()) return no_device("no device to send to");
  wire::Node stanza = stanza_of(draft, message, destination.to);
  if (is_lid(destination.to)) {
    PONTE_ASSIGN(const auto pn, other_address(step, destination.to));
    if (pn) stanza.with("peer_recipient_pn", *pn);
  }
  stanza.child(std::move(participants.node));
  if (participants.begins_session) add_device_identity(step, stanza);
  return stanza;
}

Result<wire::Node> encrypt_for_group(Step& step, const Draft& draft, const proto::Message& message,
                                     const Destination& destination) {
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  PONTE_ASSIGN(auto distribution, sender_key_distribution(step, destination.to, own));
  PONTE_ASSIGN(const auto lacking, without_sender_key(step, destination.to, destination.recipients));
  proto::Message key;
  key.mutable_sender_key_distribution_message()->Swap(&distribution);
  Participants participants;
  PONTE_TRY(participants.add(step, lacking, key));
  PONTE_TRY(note_sender_key(step, destination.to, participants.reached));

  SignalRecords records(step.store, step.link.credentials);
  crypto::SenderKeys sender_keys(records, step.random);
  PONTE_ASSIGN(const Bytes ciphertext,
               sender_keys.encrypt({destination.to.to_string(), own_sender(own)}, padded(message, step.random)));
  std::vector<wire::Jid> all = destination.recipients;
  const bool lid = destination.addressing == Group::Addressing::kLid && own.lid;
  all.push_back(lid ? *own.lid : own.pn);
  wire::Node stanza = stanza_of(draft, message, destination.to);
  stanza.with("phash", phash(all)).with("addressing_mode", lid ? "lid" : "pn");
  if (!participants.reached.empty()) stanza.child(std::move(participants.node));
  stanza.child(enc_node("skmsg", ciphertext));
  if (participants.begins_session) add_device_identity(step, stanza);
  return stanza;
}

Result<wire::Node> encrypt_for_phone(Step& step, const Draft& draft, const proto::Message& message,
                                     const Destination& destination) {
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  PONTE_ASSIGN(DeviceCopy copy, encrypt_for(step, destination.recipients.front(), message));
  wire::Node stanza = stanza_of(draft, message, own.pn.without_device());
  stanza.with("category", "peer").with("push_priority", draft.push_priority);
  stanza.with("privacy_sensitive", draft.privacy_sensitive ? "1" : "");
  stanza.child(wire::Node("meta").with("appdata", "default"));
  stanza.child(std::move(copy.enc));
  if (copy.begins_session) add_device_identity(step, stanza);
  return stanza;
}

}  // namespace

Result<wire::Node> encrypt_draft(Step& step, const Draft& draft, const Destination& destination) {
  proto::Message message;
  if (!message.ParseFromArray(draft.content.data(), static_cast<int>(draft.content.size())))
    return Error{Errc::kInternal, Cause::kInternal, "send: the draft holds no Message"};
  if (draft.kind == Draft::Kind::kPeer) return encrypt_for_phone(step, draft, message, destination);
  return destination.addressing ? encrypt_for_group(step, draft, message, destination)
                                : encrypt_for_user(step, draft, message, destination);
}

Result<DeviceCopy> encrypt_for(Step& step, const wire::Jid& device, const proto::Message& message) {
  PONTE_ASSIGN(const wire::Jid target, encryption_jid(step, device));
  SignalRecords records(step.store, step.link.credentials);
  crypto::SignalSessions sessions(records, step.random);
  Bytes plaintext = padded(message, step.random);
  auto ciphertext = sessions.encrypt(signal_address(target), plaintext);
  wipe(plaintext);
  if (!ciphertext.ok()) return ciphertext.error();
  const bool begins = ciphertext->type == crypto::SignalMessageType::kPrekey;
  return DeviceCopy{enc_node(begins ? "pkmsg" : "msg", ciphertext->bytes), begins};
}

proto::Message for_own_devices(const proto::Message& message, const wire::Jid& to) {
  proto::Message out;
  out.mutable_device_sent_message()->set_destination_jid(to.to_string());
  *out.mutable_device_sent_message()->mutable_message() = message;
  if (message.has_message_context_info()) *out.mutable_message_context_info() = message.message_context_info();
  return out;
}

Result<proto::SenderKeyDistributionMessage> sender_key_distribution(Step& step, const wire::Jid& group,
                                                                    const OwnAddress& own) {
  SignalRecords records(step.store, step.link.credentials);
  crypto::SenderKeys sender_keys(records, step.random);
  PONTE_ASSIGN(const Bytes distribution, sender_keys.distribution({group.to_string(), own_sender(own)}));
  proto::SenderKeyDistributionMessage out;
  out.set_group_id(group.to_string());
  out.set_axolotl_sender_key_distribution_message(to_text(distribution));
  return out;
}

std::string_view stanza_type(const proto::Message& message) {
  if (message.has_reaction_message()) return "reaction";
  if (message.has_poll_creation_message() || message.has_poll_update_message()) return "poll";
  return "text";
}

}  // namespace ponte::protocol::messages
