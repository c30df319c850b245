#include "simulator/phone_receiving.h"

#include <algorithm>

#include "crypto/signal/padding.h"
#include "crypto/signal/sender_keys.h"
#include "simulator/phone_content.h"
#include "simulator/phone_history.h"
#include "simulator/phone_media.h"
#include "simulator/world.h"

namespace ponte::simulator {

using protocol::wire::Jid;
using protocol::wire::Node;

namespace {

constexpr std::size_t kReadKept = 20'000;
constexpr std::size_t kReceiptsKept = 20'000;
constexpr std::size_t kPrekeysLow = 3;
constexpr std::size_t kPrekeysAtOnce = 10;

Error malformed(std::string message) {
  return {Errc::kMalformed, Cause::kProtobufMalformed, std::move(message)};
}

}  // namespace

PhoneMessaging::PhoneMessaging(World& world, Account& account, std::uint16_t device, const crypto::KeyPair& identity)
    : world_(world),
      account_(account),
      id_{account.number, device},
      random_(world.seed, "messaging " + account.number + ":" + std::to_string(device)),
      store_(identity, random_),
      published_(*account.device(device)) {
  const Registration registration = store_.registration();
  published_.device = device;
  published_.keys.registration_id = registration.registration_id;
  published_.keys.identity = registration.identity;
  published_.keys.signed_prekey = registration.signed_prekey;
  top_up_prekeys();
}

void PhoneMessaging::top_up_prekeys() {
  if (published_.uploads > 0 && published_.prekeys.size() >= kPrekeysLow) return;
  const auto more = store_.make_prekeys(kPrekeysAtOnce, random_);
  published_.prekeys.insert(published_.prekeys.end(), more.begin(), more.end());
  published_.highest_prekey_id = more.back().id;
  published_.prekeys_uploaded += more.size();
  ++published_.uploads;
}

void PhoneMessaging::forget_sessions() {
  store_.forget_peers();
  group_keys_.clear();
}

std::optional<Bytes> PhoneMessaging::content_of(const std::string& id) const {
  if (const auto sent = sent_.find(id); sent != sent_.end()) return sent->second.outgoing.message;
  const auto found = std::find_if(read_.rbegin(), read_.rend(), [&](const ReadMessage& one) { return one.id == id; });
  if (found == read_.rend()) return std::nullopt;
  return found->content;
}

void PhoneMessaging::on_stanza(const Node& stanza, const Now& now) {
  if (stanza.tag == "message") return on_message(stanza, now);
  if (stanza.tag == "ack") {
    if (stanza.attribute("error")) ++counts_.refused;
    if (stanza.attribute("phash")) ++counts_.hash_mismatches;
    return;
  }
  if (stanza.tag == "chatstate" || stanza.tag == "presence") {
    const std::string tag =
        stanza.children().empty() ? stanza.attribute("type").value_or("available") : stanza.children().front().tag;
    heard_[stanza.attribute("participant").value_or(stanza.attribute("from").value_or(""))] = tag;
    return;
  }
  if (stanza.tag != "receipt") return;
  const std::string type = stanza.attribute("type").value_or("");
  if (type == "retry") return on_retry(stanza, now);
  if (type == "server-error" && id_.device == 0) answer_media_retry(world_, *this, stanza, now);
  const Jid from = stanza.jid("participant").value_or(stanza.jid("from").value_or(Jid{}));
  const auto note = [&](const std::string& id) {
    if (receipts_.size() == kReceiptsKept) receipts_.pop_front();
    receipts_.push_back({id, type, from});
  };
  note(stanza.attribute("id").value_or(""));
  if (const Node* list = stanza.find("list")) {
    for (const Node& item : list->children()) note(item.attribute("id").value_or(""));
  }
}

void PhoneMessaging::on_message(const Node& stanza, const Now& now) {
  Receiving receiving{stanza, now};
  const auto from = stanza.jid("from");
  const auto participant = stanza.jid("participant");
  if (!from || !stanza.attribute("id")) return;
  receiving.id = *stanza.attribute("id");
  receiving.in_group = participant.has_value();
  receiving.from = participant.value_or(*from);
  receiving.sender = world_.accounts.find(receiving.from);
  if (receiving.sender == nullptr) return;
  receiving.own = receiving.sender == &account_;
  receiving.peer = stanza.attribute("category") == "peer";
  receiving.chat = receiving.in_group ? *from : from->without_device();
  if (receiving.own && !receiving.in_group) receiving.chat = stanza.jid("recipient").value_or(receiving.chat);

  // What is for this device alone comes first: it may bring the sender key for the rest (wire: messages.md 2.3).
  for (const bool shared : {false, true}) {
    for (const Node& child : stanza.children()) {
      if (child.tag != "enc" || (child.attribute("type") == "skmsg") != shared) continue;
      if (!receiving.failure) decrypt(receiving, child);
    }
  }
  answer(receiving);
}

Result<Bytes> PhoneMessaging::decrypt_bytes(const Receiving& receiving, const Node& enc) {
  const auto bytes = enc.leaf();
  const std::string type = enc.attribute("type").value_or("");
  if (!bytes) return malformed("enc without content");
  if (type == "skmsg") {
    crypto::SenderKeys keys(store_, random_);
    return keys.decrypt({receiving.chat.to_string(), receiving.address()}, *bytes);
  }
  crypto::SignalSessions sessions(store_, random_);
  const auto kind = type == "pkmsg" ? crypto::SignalMessageType::kPrekey : crypto::SignalMessageType::kMessage;
  PONTE_ASSIGN(crypto::SignalPlaintext plaintext, sessions.decrypt(receiving.address(), kind, *bytes));
  return std::move(plaintext.bytes);
}

void PhoneMessaging::decrypt(Receiving& receiving, const Node& enc) {
  const auto padded = decrypt_bytes(receiving, enc);
  if (!padded.ok()) {
    receiving.duplicate = padded.error().cause == Cause::kSignalDuplicate;
    if (!receiving.duplicate) receiving.failure = padded.error();
    return;
  }
  const auto plaintext = crypto::unpad(*padded);
  proto::Message message;
  if (!plaintext.ok()) {
    receiving.failure = plaintext.error();
  } else if (!message.ParseFromArray(plaintext->data(), static_cast<int>(plaintext->size()))) {
    receiving.failure = malformed("no Message");
  } else {
    take(receiving, std::move(message));
  }
}

void PhoneMessaging::take(Receiving& receiving, proto::Message message) {
  if (message.has_device_sent_message()) {
    // Only another device of the account may say what the account has written.
    if (!receiving.own) return;
    proto::Message inner = message.device_sent_message().message();
    message = std::move(inner);
  }
  if (message.has_sender_key_distribution_message() && receiving.in_group) {
    crypto::SenderKeys keys(store_, random_);
    const auto& field = message.sender_key_distribution_message();
    const Status taken = keys.process({receiving.chat.to_string(), receiving.address()},
                                      as_bytes(field.axolotl_sender_key_distribution_message()));
    if (!taken.ok()) receiving.failure = taken.error();
  }
  const proto::Message& content = unwrapped(message);
  const std::string_view kind = kind_of(content);
  if (kind.empty()) return;
  ReadMessage out;
  out.id = receiving.id;
  out.from = receiving.from;
  out.chat = receiving.chat;
  out.own = receiving.own;
  out.text = text_of(content);
  out.kind = kind;
  out.at = Wall(Seconds(static_cast<Seconds::rep>(receiving.stanza.number("t").value_or(0))));
  const auto asked = asked_.find(receiving.from.to_string() + " " + receiving.id);
  out.retries = asked == asked_.end() ? 0 : asked->second;
  out.content = to_bytes(content.SerializeAsString());
  receiving.read.push_back(std::move(out));
}

void PhoneMessaging::answer(const Receiving& receiving) {
  if (receiving.failure) {
    ++counts_.failures;
    last_failure_ = receiving.failure->message;
    return ask_again(receiving);
  }
  if (receiving.duplicate) ++counts_.duplicates;
  const bool asks = receiving.peer && receiving.own && id_.device == 0;
  for (const ReadMessage& message : receiving.read) {
    ++counts_.read;
    if (read_.size() == kReadKept) read_.pop_front();
    read_.push_back(message);
    if (world_.on_read) world_.on_read(id_, message);
  }
  Node receipt("receipt");
  receipt.with("id", receiving.id).with("to", *receiving.stanza.jid("from"));
  if (const auto participant = receiving.stanza.jid("participant")) receipt.with("participant", *participant);
  if (const auto recipient = receiving.stanza.jid("recipient")) receipt.with("recipient", *recipient);
  if (receiving.peer) {
    receipt.with("type", "peer_msg");
  } else if (receiving.own) {
    receipt.with("type", "sender");
  }
  post(std::move(receipt));
  for (const ReadMessage& message : receiving.read) {
    proto::Message content;
    if (!asks || !content.ParseFromArray(message.content.data(), static_cast<int>(message.content.size()))) continue;
    answer_companion(world_, *this, receiving.from.device, receiving.id, content.protocol_message(), receiving.now);
  }
  if (!reads_at_once_ || receiving.own || receiving.read.empty()) return;
  const Jid chat = receiving.in_group ? receiving.chat : receiving.from;
  send_receipt(chat, {receiving.id}, "read",
               receiving.in_group ? std::optional<Jid>(receiving.from.without_device()) : std::nullopt);
}

}  // namespace ponte::simulator
