#include "protocol/messages/receipts.h"

#include "base/writer.h"
#include "protocol/devices/prekeys.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::messages {
namespace {

/// `<receipt id to>` with the addresses of the stanza unchanged, devices too.
wire::Node receipt_of(const wire::Node& message) {
  wire::Node receipt("receipt");
  receipt.with("id", message.attribute("id").value_or(""));
  if (const auto from = message.jid("from")) receipt.with("to", *from);
  if (const auto participant = message.jid("participant")) receipt.with("participant", *participant);
  if (const auto recipient = message.jid("recipient")) receipt.with("recipient", *recipient);
  return receipt;
}

std::string_view receipt_type(const Step& step, const Source& source) {
  if (source.peer) return "peer_msg";
  if (source.from_me) return "sender";
  return step.link.announced ? "" : "inactive";
}

/// wire: messages.md 2.5
std::string_view reason_code(const Error& why) {
  switch (why.cause) {
    case Cause::kSignalNoSession:
    case Cause::kSignalNoSenderKey: return "1";
    case Cause::kSignalInvalidKey: return "2";
    case Cause::kSignalUnknownPrekey: return "3";
    case Cause::kSignalInvalidMessage:
    case Cause::kSignalMalformed:
    case Cause::kSignalVersion: return "4";
    default: return "";
  }
}

Result<wire::Node> keys_of(Step& step) {
  const store::Credentials& credentials = step.link.credentials;
  const store::SignedPrekey& signed_prekey = credentials.signed_prekey;
  PONTE_ASSIGN(const devices::HandedPrekey prekey, devices::hand_out_prekey(step));
  return wire::Node("keys")
      .child(wire::Node("type").bytes(ByteArray<1>{0x05}))
      .child(wire::Node("identity").bytes(credentials.identity.public_key))
      .child(wire::Node("key")
                 .child(wire::Node("id").bytes(big_endian_array<3>(prekey.id)))
                 .child(wire::Node("value").bytes(prekey.public_key)))
      .child(wire::Node("skey")
                 .child(wire::Node("id").bytes(big_endian_array<3>(signed_prekey.id)))
                 .child(wire::Node("value").bytes(signed_prekey.pair.public_key))
                 .child(wire::Node("signature").bytes(signed_prekey.signature)))
      .child(wire::Node("device-identity").bytes(step.link.account->signed_device_identity));
}

}  // namespace

Status send_receipt(Step& step, const wire::Node& message, const Source& source) {
  wire::Node receipt = receipt_of(message);
  receipt.with("type", receipt_type(step, source));
  return step.send(receipt);
}

Status send_sender_receipt(Step& step, const wire::Node& message) {
  wire::Node receipt = receipt_of(message);
  receipt.with("type", "sender");
  return step.send(receipt);
}

Status send_retry_receipt(Step& step, const wire::Node& message, const Source& source, std::uint32_t count,
                          const Error& why, WithKeys with_keys) {
  wire::Node receipt = receipt_of(message);
  receipt.with("type", "retry");
  if (source.peer) receipt.with("category", "peer");
  receipt.child(wire::Node("retry")
                    .with("count", std::to_string(count))
                    .with("id", source.id)
                    .with("t", message.attribute("t").value_or(""))
                    .with("v", "1")
                    .with("error", reason_code(why)));
  receipt.child(wire::Node("registration").bytes(big_endian_array<4>(step.link.credentials.registration_id)));
  if (count > 1 || with_keys == WithKeys::kAlways) {
    auto keys = keys_of(step);
    if (!keys.ok() && keys.error().code == Errc::kStorage) return keys.error();
    if (keys.ok()) receipt.child(std::move(*keys));
  }
  return step.send(receipt);
}

Status send_read_receipt(Step& step, const wire::Jid& chat, const std::optional<wire::Jid>& participant,
                         const std::vector<std::string>& ids) {
  if (ids.empty()) return Status::Ok();
  wire::Node receipt("receipt");
  receipt.with("id", ids.front()).with("type", "read").with("to", chat);
  receipt.with("t", std::to_string(unix_seconds(step.link.server_time(step.now))));
  if (participant) receipt.with("participant", *participant);
  if (ids.size() > 1) {
    wire::Node list("list");
    for (std::size_t i = 1; i < ids.size(); ++i) list.child(wire::Node("item").with("id", ids[i]));
    receipt.child(std::move(list));
  }
  return step.send(receipt);
}

}  // namespace ponte::protocol::messages
