// A companion made by hand that reads and writes messages, for tests of the simulator's server and phones: it shares
// the codecs and the Signal layer with ours, and nothing of how messages are built.
#pragma once

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/reader.h"
#include "base/writer.h"
#include "crypto/signal/padding.h"
#include "e2e.pb.h"
#include "hand_made_client.h"
#include "simulator/admin.h"
#include "support/signal_store.h"

namespace ponte::test::by_hand {

using nlohmann::json;
using wire::Jid;

inline Node prekey_node_by_hand(std::uint32_t id, const crypto::PublicKey& key) {
  return Node("key").child(Node("id").bytes(big_endian_array<3>(id))).child(Node("value").bytes(key));
}

/// What came in one `<message>`.
struct Opened {
  Node stanza;
  proto::Message message;  ///< all parts merged
  std::string failure;     ///< of the first part that did not decrypt; empty: none

  std::string text() const { return message.conversation(); }
  const proto::Message& sent() const { return message.device_sent_message().message(); }
};

/// One linked device with its Signal state. Addresses are LIDs.
class HandMadeDevice {
 public:
  HandMadeDevice(simulator::SimServer& server, VirtualClock& clock, RandomSource& random)
      : server_(server), clock_(clock), random_(random), keys(random) {
    store.identity = keys.identity.copy();
    store.registration_id = 0x1234;
    store.signed_prekeys.emplace(1, keys.signed_prekey.copy());
  }

  /// Pairs as the next device of the phone, logs in, uploads prekeys and becomes active.
  void link(const std::string& number) {
    number_ = number;
    client.emplace(server_, clock_, random_);
    ASSERT_TRUE(client->connect(keys, registration_payload(keys)).ok());
    const auto refs = client->take_refs();
    std::optional<Result<simulator::Paired>> outcome;
    server_.scan(keys.qr(refs.at(0)), {number, "android", ""}, clock_.now(),
                 Reply<simulator::Paired>([&](Result<simulator::Paired> result) { outcome = std::move(result); }));
    const auto iq = client->next("iq");
    const auto answer = approve_by_hand(*iq->find("pair-success"), keys, keys.adv_secret.view(), random_);
    identity_ = to_bytes(*answer->find("device-identity")->leaf());
    client->answer(*iq, answer);
    client->hang_up();
    ASSERT_TRUE(outcome && outcome->ok());
    device = (*outcome)->device;
    lid = *Jid::parse((*outcome)->lid);
    restore_account_key();
    log_in();
    upload(20);
  }
  void log_in(bool active = true) {
    client.emplace(server_, clock_, random_);
    ASSERT_TRUE(client->connect(keys, login_payload(number_, device)).ok());
    if (active) activate();
  }
  void activate() { ASSERT_EQ(client->ask("passive", "set", Node("active"))->attribute("type"), "result"); }
  void upload(std::size_t count) {
    Node iq = Node("iq").with("id", "up").with("xmlns", "encrypt").with("type", "set").with("to", server_jid());
    iq.child(Node("registration").bytes(big_endian_array<4>(store.registration_id)));
    iq.child(Node("type").bytes(ByteArray<1>{5}));
    iq.child(Node("identity").bytes(keys.identity.public_key));
    Node list("list");
    for (std::size_t i = 0; i < count; ++i, ++next_prekey_) list.child(make_prekey(next_prekey_));
    iq.child(std::move(list));
    iq.child(skey());
    client->send(iq);
    ASSERT_EQ(client->next("iq")->attribute("type"), "result");
  }

  crypto::SignalSessions sessions() { return {store, random_}; }
  crypto::SenderKeys sender_keys() { return {store, random_}; }
  static crypto::SignalAddress address(const Jid& lid) { return {lid.user + "_1", lid.device}; }
  crypto::SignalAddress address() const { return address(lid); }

  /// The next message that has come, decrypted; nullopt where there is none. Acks and notifications before it are kept.
  std::optional<Opened> open() {
    for (;;) {
      std::optional<Node> node = next();
      if (!node) return std::nullopt;
      if (node->tag == "message") return opened(std::move(*node));
      aside.push_back(std::move(*node));
    }
  }
  /// The same, and answers it with a receipt.
  std::optional<Opened> read(std::string_view type = "") {
    auto out = open();
    if (out) receipt(out->stanza, type);
    return out;
  }
  Opened opened(Node stanza) {
    Opened out{std::move(stanza), {}, {}};
    const Jid from = out.stanza.jid("participant").value_or(*out.stanza.jid("from"));
    for (const Node& enc : out.stanza.children()) {
      if (enc.tag != "enc") continue;
      const auto padded = decrypted(out.stanza, from, enc);
      if (!padded.ok()) {
        if (out.failure.empty()) out.failure = padded.error().message;
        continue;
      }
      const auto plaintext = crypto::unpad(*padded);
      proto::Message part;
      if (!plaintext.ok() || !part.ParseFromArray(plaintext->data(), static_cast<int>(plaintext->size()))) {
        if (out.failure.empty()) out.failure = "no Message";
        continue;
      }
      if (part.has_sender_key_distribution_message()) {
        const auto& field = part.sender_key_distribution_message();
        EXPECT_TRUE(sender_keys()
                        .process({out.stanza.jid("from")->to_string(), address(from)},
                                 as_bytes(field.axolotl_sender_key_distribution_message()))
                        .ok());
      }
      out.message.MergeFrom(part);
    }
    return out;
  }
  void receipt(const Node& stanza, std::string_view type = "") {
    Node out("receipt");
    out.with("id", *stanza.attribute("id")).with("to", *stanza.jid("from")).with("type", type);
    if (const auto participant = stanza.jid("participant")) out.with("participant", *participant);
    if (const auto recipient = stanza.jid("recipient")) out.with("recipient", *recipient);
    client->send(out);
  }
  /// Asks for a message again, with a bundle in the request.
  void ask_again(const Node& stanza, unsigned count) {
    Node out("receipt");
    out.with("id", *stanza.attribute("id")).with("to", *stanza.jid("from")).with("type", "retry");
    if (const auto participant = stanza.jid("participant")) out.with("participant", *participant);
    if (const auto recipient = stanza.jid("recipient")) out.with("recipient", *recipient);
    out.child(Node("retry").with("v", "1").with("count", std::to_string(count)).with("id", *stanza.attribute("id")));
    out.child(Node("registration").bytes(big_endian_array<4>(store.registration_id)));
    if (count > 1) {
      Node bundle("keys");
      bundle.child(Node("type").bytes(ByteArray<1>{5})).child(Node("identity").bytes(keys.identity.public_key));
      bundle.child(make_prekey(next_prekey_++)).child(skey()).child(Node("device-identity").bytes(identity_));
      out.child(std::move(bundle));
    }
    client->send(out);
    client->send(
        Node("ack").with("class", "message").with("id", *stanza.attribute("id")).with("to", *stanza.jid("from")));
  }

  /// The devices of those users, as usync lists them; without this one.
  std::vector<Jid> devices(const std::vector<Jid>& users) {
    Node list("list");
    for (const Jid& user : users) list.child(Node("user").with("jid", user));
    Node usync("usync");
    usync.with("sid", "1").with("mode", "query").with("last", "true").with("index", "0").with("context", "message");
    usync.child(Node("query").child(Node("devices").with("version", "2"))).child(std::move(list));
    const auto answer = client->ask("usync", "get", std::move(usync));
    std::vector<Jid> out;
    for (const Node& user : answer->find("usync")->find("list")->children()) {
      for (const Node& one : user.find("devices")->find("device-list")->children()) {
        Jid jid = *user.jid("jid");
        jid.device = static_cast<std::uint16_t>(*one.number("id"));
        if (jid != lid) out.push_back(jid);
      }
    }
    return out;
  }
  /// Begins sessions with those that there are none with.
  void begin(const std::vector<Jid>& jids) {
    Node key("key");
    for (const Jid& jid : jids) {
      if (!sessions().session(address(jid))->has_value()) key.child(Node("user").with("jid", jid));
    }
    if (key.children().empty()) return;
    const auto answer = client->ask("encrypt", "get", std::move(key));
    for (const Node& user : answer->find("list")->children()) {
      ASSERT_EQ(user.find("error"), nullptr) << user.to_xml();
      ASSERT_TRUE(sessions().process_bundle(address(*user.jid("jid")), bundle(user)).ok());
    }
  }
  static crypto::PrekeyBundle bundle(const Node& user) {
    const auto number = [](const Node& parent, const char* tag, std::size_t size) {
      return static_cast<std::uint32_t>(*Reader(*parent.find(tag)->leaf_of_size(size)).big_endian(size));
    };
    crypto::PrekeyBundle out;
    out.registration_id = number(user, "registration", 4);
    out.identity = to_array<32>(*user.find("identity")->leaf());
    const Node& skey = *user.find("skey");
    out.signed_prekey_id = number(skey, "id", 3);
    out.signed_prekey = to_array<32>(*skey.find("value")->leaf());
    out.signature = to_array<64>(*skey.find("signature")->leaf());
    if (const Node* key = user.find("key")) {
      out.one_time = {number(*key, "id", 3), to_array<32>(*key->find("value")->leaf())};
    }
    return out;
  }
  Node enc(const Jid& to, const proto::Message& message) {
    auto out = sessions().encrypt(address(to), crypto::pad(as_bytes(message.SerializeAsString()), random_));
    EXPECT_TRUE(out.ok());
    return Node("enc")
        .with("v", "2")
        .with("type", out->type == crypto::SignalMessageType::kPrekey ? "pkmsg" : "msg")
        .bytes(out->bytes);
  }
  /// `<message>` to one, for all devices of both sides.
  Node message_to(const Jid& user, const std::string& text, const std::string& id) {
    proto::Message message;
    message.set_conversation(text);
    proto::Message copy;
    copy.mutable_device_sent_message()->set_destination_jid(user.to_string());
    *copy.mutable_device_sent_message()->mutable_message() = message;
    const std::vector<Jid> jids = devices({user, lid.without_device()});
    begin(jids);
    Node participants("participants");
    for (const Jid& jid : jids) {
      participants.child(Node("to").with("jid", jid).child(enc(jid, jid.user == lid.user ? copy : message)));
    }
    return Node("message")
        .with("id", id)
        .with("to", user)
        .with("type", "text")
        .child(std::move(participants))
        .child(Node("device-identity").bytes(identity_));
  }
  /// `<message>` to a group, with the sender key for everybody.
  Node message_to_group(const Jid& group, const std::vector<Jid>& users, const std::string& text,
                        const std::string& id) {
    proto::Message key;
    auto& field = *key.mutable_sender_key_distribution_message();
    field.set_group_id(group.to_string());
    const crypto::SenderKeyName own{group.to_string(), address()};
    field.set_axolotl_sender_key_distribution_message(to_text(*sender_keys().distribution(own)));
    const std::vector<Jid> jids = devices(users);
    begin(jids);
    Node participants("participants");
    for (const Jid& jid : jids) participants.child(Node("to").with("jid", jid).child(enc(jid, key)));
    proto::Message message;
    message.set_conversation(text);
    const Bytes shared = *sender_keys().encrypt(own, crypto::pad(as_bytes(message.SerializeAsString()), random_));
    return Node("message")
        .with("id", id)
        .with("to", group)
        .with("type", "text")
        .with("addressing_mode", "lid")
        .child(std::move(participants))
        .child(Node("enc").with("v", "2").with("type", "skmsg").bytes(shared))
        .child(Node("device-identity").bytes(identity_));
  }
  /// Sends it; the ack.
  std::optional<Node> post(const Node& message) {
    client->send(message);
    for (;;) {
      auto node = client->next();
      if (!node || node->tag == "ack") return node;
      aside.push_back(std::move(*node));
    }
  }
  /// The next stanza of that kind, from those set aside or new; a receipt or notification is acknowledged.
  std::optional<Node> take(std::string_view tag) {
    while (auto node = next()) aside.push_back(std::move(*node));
    const auto found = std::find_if(aside.begin(), aside.end(), [&](const Node& node) { return node.tag == tag; });
    if (found == aside.end()) return std::nullopt;
    Node out = std::move(*found);
    aside.erase(found);
    if (tag == "receipt" || tag == "notification") client->acknowledge(out);
    return out;
  }

  std::optional<HandMadeClient> client;
  std::vector<Node> aside;
  MemorySignalStore store;
  std::uint16_t device = 0;
  Jid lid;

 private:
  std::optional<Node> next() {
    if (!client->others.empty()) {
      Node out = std::move(client->others.front());
      client->others.erase(client->others.begin());
      return out;
    }
    return client->next();
  }
  Node make_prekey(std::uint32_t id) {
    crypto::KeyPair pair = crypto::generate_key_pair(random_);
    Node out = prekey_node_by_hand(id, pair.public_key);
    store.records.prekeys.insert_or_assign(id, std::move(pair.private_key));
    return out;
  }
  Node skey() const {
    return Node("skey")
        .child(Node("id").bytes(big_endian_array<3>(1)))
        .child(Node("value").bytes(keys.signed_prekey.public_key))
        .child(Node("signature").bytes(keys.signature));
  }
  /// What the answer to pair-success leaves out, others need.
  void restore_account_key() {
    proto::ADVSignedDeviceIdentity identity;
    identity.ParseFromArray(identity_.data(), static_cast<int>(identity_.size()));
    identity.set_account_signature_key(to_text(server_.world().accounts.find(number_)->identity.public_key));
    identity_ = to_bytes(identity.SerializeAsString());
  }
  Result<Bytes> decrypted(const Node& stanza, const Jid& from, const Node& enc) {
    const std::string type = enc.attribute("type").value_or("");
    if (type == "skmsg") return sender_keys().decrypt({stanza.jid("from")->to_string(), address(from)}, *enc.leaf());
    const auto kind = type == "pkmsg" ? crypto::SignalMessageType::kPrekey : crypto::SignalMessageType::kMessage;
    PONTE_ASSIGN(auto plaintext, sessions().decrypt(address(from), kind, *enc.leaf()));
    return std::move(plaintext.bytes);
  }

  simulator::SimServer& server_;
  VirtualClock& clock_;
  RandomSource& random_;
  std::string number_;
  Bytes identity_;
  std::uint32_t next_prekey_ = 1;

 public:
  DeviceKeys keys;
};

}  // namespace ponte::test::by_hand
