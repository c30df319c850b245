#include "simulator/phone_media.h"

#include "base/hex.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "protocol/media/envelope.h"
#include "simulator/phone_messaging.h"
#include "simulator/world.h"

namespace ponte::simulator {

using protocol::wire::Node;

namespace {

struct File {
  Bytes media_key;
  std::string direct_path;
};

template <typename Part>
File file_in(const Part& part) {
  return {to_bytes(part.media_key()), part.direct_path()};
}

/// The file that a message names; without a path where it names none.
File file_of(const Bytes& content) {
  proto::Message message;
  message.ParseFromArray(content.data(), static_cast<int>(content.size()));
  if (message.protocol_message().has_history_sync_notification()) {
    return file_in(message.protocol_message().history_sync_notification());
  }
  if (message.has_image_message()) return file_in(message.image_message());
  if (message.has_video_message()) return file_in(message.video_message());
  if (message.has_audio_message()) return file_in(message.audio_message());
  if (message.has_document_message()) return file_in(message.document_message());
  if (message.has_sticker_message()) return file_in(message.sticker_message());
  return {};
}

/// Whether the companion's sealed request is for that message.
bool is_request(const Node& receipt, const std::string& id, crypto::Aes256Gcm& cipher) {
  const Node* encrypt = receipt.find("encrypt");
  const Node* sealed = encrypt == nullptr ? nullptr : encrypt->find("enc_p");
  const Node* iv = encrypt == nullptr ? nullptr : encrypt->find("enc_iv");
  if (sealed == nullptr || iv == nullptr || !sealed->leaf() || !iv->leaf_of_size(12).ok()) return false;
  const auto plain = cipher.open(to_array<12>(*iv->leaf()), *sealed->leaf(), as_bytes(id));
  proto::ServerErrorReceipt request;
  return plain.ok() && request.ParseFromArray(plain->data(), static_cast<int>(plain->size())) &&
         request.stanza_id() == id;
}

}  // namespace

Bytes image_message(World& world, PhoneMessaging& phone, ByteView file, std::string_view caption, unsigned status) {
  const Secret<32> key(phone.random().array<32>());
  auto sealed = protocol::media::seal_file(file, key, protocol::media::MediaType::kImage);
  proto::Message message;
  proto::ImageMessage& image = *message.mutable_image_message();
  image.set_mimetype("image/png");
  image.set_caption(std::string(caption));
  image.set_media_key(to_text(key.view()));
  image.set_file_sha256(to_text(*sealed.digests.plain_sha256));
  image.set_file_enc_sha256(to_text(*sealed.digests.sealed_sha256));
  image.set_file_length(file.size());
  const std::string name = "image " + to_hex(*sealed.digests.sealed_sha256);
  image.set_direct_path(world.blobs.put(name, {std::move(sealed.file), status, 0, 0}));
  return to_bytes(message.SerializeAsString());
}

void answer_media_retry(World& world, PhoneMessaging& phone, const Node& receipt, const Now& now) {
  const std::string id = receipt.attribute("id").value_or("");
  const auto from = receipt.jid("from");
  if (!from) return;
  Node answer("notification");
  answer.with("type", "mediaretry").with("id", id).with("from", phone.account().lid(0));
  answer.with("t", std::to_string(unix_seconds(now.wall)));
  if (const Node* rmr = receipt.find("rmr")) answer.child(*rmr);

  const auto content = phone.content_of(id);
  const File file = content ? file_of(*content) : File{};
  Secret<32> key;
  crypto::hkdf_sha256(file.media_key, {}, as_bytes("WhatsApp Media Retry Notification"), key.mutable_view());
  crypto::Aes256Gcm cipher(key);
  if (!file.direct_path.empty() && !is_request(receipt, id, cipher)) {
    return world.note_violation(0, "a request for a file that does not open with the file's key");
  }
  const auto renewed = file.direct_path.empty() ? std::nullopt : world.blobs.renew(file.direct_path);
  if (renewed) {
    proto::MediaRetryNotification news;
    news.set_stanza_id(id);
    news.set_direct_path(*renewed);
    news.set_result(proto::MediaRetryNotification::SUCCESS);
    const auto iv = phone.random().array<12>();
    answer.child(Node("encrypt")
                     .child(Node("enc_p").bytes(cipher.seal(iv, as_bytes(news.SerializeAsString()), as_bytes(id))))
                     .child(Node("enc_iv").bytes(iv)));
  } else {
    answer.child(Node("error").with("code", "2"));
  }
  world.router.deliver({phone.account().number, from->device}, std::move(answer), now);
}

}  // namespace ponte::simulator
