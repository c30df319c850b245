#include "protocol/messages/open.h"

#include "crypto/signal/padding.h"
#include "crypto/signal/sender_keys.h"
#include "crypto/signal/sessions.h"
#include "protocol/messages/lid_map.h"
#include "protocol/messages/signal_records.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::messages {
namespace {

enum class EncType { kPkmsg, kMsg, kSkmsg, kOther };

EncType type_of(const wire::Node& enc) {
  const std::string type = enc.attribute("type").value_or("");
  if (type == "pkmsg") return EncType::kPkmsg;
  if (type == "msg") return EncType::kMsg;
  return type == "skmsg" ? EncType::kSkmsg : EncType::kOther;
}

Result<proto::Message> parse(const wire::Node& enc, ByteView plaintext) {
  ByteView body = plaintext;
  if (enc.attribute("v") != "3") {
    PONTE_ASSIGN(body, crypto::unpad(plaintext));
  }
  proto::Message message;
  if (body.empty() || !message.ParseFromArray(body.data(), static_cast<int>(body.size())))
    return Error{Errc::kMalformed, Cause::kProtobufMalformed,
                 "message: its plaintext of " + std::to_string(body.size()) + " bytes is no Message"};
  return message;
}

/// Opens the children of one stanza one after the other, and remembers what came of them.
class Opener {
 public:
  Opener(Step& step, const Source& source, wire::Jid sender)
      : records_(step.store, step.link.credentials),
        sessions_(records_, step.random),
        sender_keys_(records_, step.random),
        source_(source),
        sender_(signal_address(sender)) {}

  Status open(const wire::Node& enc, EncType type) {
    out_.count = std::max(out_.count, static_cast<std::uint32_t>(std::min<std::uint64_t>(
                                          enc.number("count").value_or(0), std::uint64_t{1} << 16)));
    PONTE_ASSIGN(auto message, decrypt(enc, type));
    if (!message) return Status::Ok();
    if (source_.has_sender_keys() && message->has_sender_key_distribution_message())
      PONTE_TRY(take_sender_key(message->sender_key_distribution_message()));
    out_.messages.push_back(std::move(*message));
    return Status::Ok();
  }

  const Opened& outcome() const { return out_; }
  Opened take() { return std::move(out_); }

 private:
  /// nullopt where there is nothing to read: noted in out_. Errors are the store's.
  Result<std::optional<proto::Message>> decrypt(const wire::Node& enc, EncType type) {
    const auto ciphertext = enc.leaf();
    Result<Bytes> plaintext = ciphertext ? raw(type, *ciphertext)
                                         : Result<Bytes>(Error{Errc::kMalformed, Cause::kSignalMalformed,
                                                               "enc: expected bytes, got none or children"});
    if (!plaintext.ok()) return failed(plaintext.error());
    auto message = parse(enc, *plaintext);
    wipe(*plaintext);
    if (!message.ok()) return failed(message.error());
    return std::optional(std::move(*message));
  }

  Result<Bytes> raw(EncType type, ByteView ciphertext) {
    if (type == EncType::kSkmsg) {
      auto plaintext = sender_keys_.decrypt({source_.chat.to_string(), sender_}, ciphertext);
      // The key may have come under the bare address (wire: messages.md 1.1).
      if (plaintext.ok() || plaintext.error().cause != Cause::kSignalNoSenderKey || sender_.device == 0)
        return plaintext;
      return sender_keys_.decrypt({source_.chat.to_string(), {sender_.name, 0}}, ciphertext);
    }
    const auto kind =
        type == EncType::kPkmsg ? crypto::SignalMessageType::kPrekey : crypto::SignalMessageType::kMessage;
    PONTE_ASSIGN(crypto::SignalPlaintext plaintext, sessions_.decrypt(sender_, kind, ciphertext));
    out_.changed_identity = out_.changed_identity || plaintext.identity == crypto::PeerIdentity::kChanged;
    return std::move(plaintext.bytes);
  }

  Result<std::optional<proto::Message>> failed(const Error& why) {
    if (why.code == Errc::kStorage) return why;
    if (why.cause == Cause::kSignalDuplicate) {
      out_.duplicate = true;
    } else if (!out_.failure) {
      out_.failure = why;
      out_.only_sender_key_missing = why.cause == Cause::kSignalNoSenderKey;
    }
    return std::optional<proto::Message>();
  }

  Status take_sender_key(const proto::SenderKeyDistributionMessage& distribution) {
    const Status taken = sender_keys_.process({source_.chat.to_string(), sender_},
                                              as_bytes(distribution.axolotl_sender_key_distribution_message()));
    // The group's child will tell that the key is missing.
    return taken.ok() || taken.error().code != Errc::kStorage ? Status::Ok() : taken;
  }

  SignalRecords records_;
  crypto::SignalSessions sessions_;
  crypto::SenderKeys sender_keys_;
  const Source& source_;
  const crypto::SignalAddress sender_;
  Opened out_;
};

}  // namespace

Result<Opened> open_message(Step& step, const Source& source, const wire::Node& message) {
  PONTE_ASSIGN(const wire::Jid sender, encryption_jid(step, source.sender));
  Opener opener(step, source, sender);
  bool pairwise = false;
  for (const wire::Node& enc : message.children()) {
    const EncType type = enc.tag == "enc" ? type_of(enc) : EncType::kOther;
    if (type != EncType::kPkmsg && type != EncType::kMsg) continue;
    pairwise = true;
    PONTE_TRY(opener.open(enc, type));
  }
  // Without the key that the pairwise part carries, the group's child could only fail a second time.
  if (pairwise && opener.outcome().failure) return opener.take();
  for (const wire::Node& enc : message.children()) {
    if (enc.tag == "enc" && type_of(enc) == EncType::kSkmsg) PONTE_TRY(opener.open(enc, EncType::kSkmsg));
  }
  return opener.take();
}

}  // namespace ponte::protocol::messages
