#include "protocol/media/retry.h"

#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "e2e.pb.h"
#include "protocol/media/location.h"

namespace ponte::protocol::media {
namespace {

using proto::MediaRetryNotification;
using wire::Node;

constexpr std::uint64_t kNotOnThePhone = 2;

crypto::Aes256Gcm retry_cipher(const Secret<32>& media_key) {
  Secret<32> key;
  crypto::hkdf_sha256(media_key.view(), {}, as_bytes("WhatsApp Media Retry Notification"), key.mutable_view());
  return crypto::Aes256Gcm(key);
}

Error gone(const char* why) {
  return {Errc::kNotFound, Cause::kMediaGone, std::string("media: ") + why};
}

ByteView leaf_of(const Node& parent, std::string_view tag) {
  const Node* child = parent.find(tag);
  return child != nullptr ? child->leaf().value_or(ByteView{}) : ByteView{};
}

Result<MediaRetryNotification> open_answer(const Node& encrypted, std::string_view id, const Secret<32>& media_key) {
  const ByteView iv = leaf_of(encrypted, "enc_iv");
  if (iv.size() != 12) {
    return Error{Errc::kMalformed, Cause::kProtobufMalformed,
                 "media retry: expected an IV of 12 bytes, got " + std::to_string(iv.size())};
  }
  PONTE_ASSIGN(const Bytes plaintext,
               retry_cipher(media_key).open(to_array<12>(iv), leaf_of(encrypted, "enc_p"), as_bytes(id)));
  MediaRetryNotification answer;
  if (!answer.ParseFromArray(plaintext.data(), static_cast<int>(plaintext.size())) || answer.stanza_id() != id) {
    return Error{Errc::kMalformed, Cause::kProtobufMalformed, "media retry: the answer is about no such message"};
  }
  return answer;
}

}  // namespace

Node server_error_receipt(const RetriedMessage& message, const wire::Jid& own_number, const Secret<32>& media_key,
                          const ByteArray<12>& iv) {
  proto::ServerErrorReceipt receipt;
  receipt.set_stanza_id(message.id);
  const Bytes sealed = retry_cipher(media_key).seal(iv, as_bytes(receipt.SerializeAsString()), as_bytes(message.id));
  Node rmr("rmr");
  rmr.with("jid", message.chat).with("from_me", message.from_me ? "true" : "false");
  if (message.participant) rmr.with("participant", *message.participant);
  return Node("receipt")
      .with("id", message.id)
      .with("to", own_number.without_device())
      .with("type", "server-error")
      .child(Node("encrypt").child(Node("enc_p").bytes(sealed)).child(Node("enc_iv").bytes(iv)))
      .child(std::move(rmr));
}

Result<std::string> read_media_retry(const Node& notification, const Secret<32>& media_key) {
  const std::string id = notification.attribute("id").value_or("");
  const Node* encrypted = notification.find("encrypt");
  if (encrypted == nullptr) {
    const Node* error = notification.find("error");
    if (error != nullptr && error->number("code") == kNotOnThePhone) return gone("the phone has the file no more");
    return Error{Errc::kUnavailable, Cause::kMediaUnavailable, "media: the phone could not give the file again"};
  }
  PONTE_ASSIGN(const MediaRetryNotification answer, open_answer(*encrypted, id, media_key));
  if (answer.result() == MediaRetryNotification::NOT_FOUND) return gone("the phone has the file no more");
  if (answer.result() != MediaRetryNotification::SUCCESS || !is_direct_path(answer.direct_path())) {
    return Error{Errc::kUnavailable, Cause::kMediaUnavailable, "media: the phone could not give the file again"};
  }
  return answer.direct_path();
}

}  // namespace ponte::protocol::media
