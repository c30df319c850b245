// Devices whose messages a test writes by hand, towards a session on the simulator's server.
#pragma once

#include <string>
#include <vector>

#include "crypto/signal/padding.h"
#include "e2e.pb.h"
#include "protocol/devices/bundles.h"
#include "protocol/messages/addresses.h"
#include "protocol/wire/node_codec.h"
#include "sim/session_line.h"
#include "support/signal_store.h"

namespace ponte::test {

inline protocol::wire::Jid jid_of(const std::string& text) {
  return *protocol::wire::Jid::parse(text);
}

/// Keeps each stanza that the session under test sends.
class SentStanzas final : public protocol::StanzaObserver {
 public:
  void on_stanza(Direction direction, ByteView plaintext) override {
    if (direction != Direction::kOut) return;
    if (auto node = protocol::wire::decode_frame(plaintext); node.ok()) nodes.push_back(std::move(*node));
  }
  /// The stanzas with that tag, and that `type` where it is given.
  std::vector<protocol::wire::Node> all(std::string_view tag, std::optional<std::string_view> type = {}) const {
    std::vector<protocol::wire::Node> out;
    for (const auto& node : nodes) {
      if (node.tag == tag && (!type || node.attribute("type").value_or("") == *type)) out.push_back(node);
    }
    return out;
  }
  std::vector<protocol::wire::Node> nodes;
};

/// A linked session that somebody writes to.
class MessageLine : public SessionLine {
 public:
  explicit MessageLine(std::uint64_t seed = 1) : SessionLine({}, seed) { config_.observer = &sent_; }

  void log_in(std::optional<std::uint32_t> history_days = std::nullopt) {
    pair_and_log_in(history_days);
    sent_.nodes.clear();
  }

  /// As after a crash: only the store is left; logs in again.
  void restart() {
    make_session();
    open();
  }

  protocol::wire::Jid own() const { return *protocol::wire::Jid::parse(account()->jid); }
  protocol::wire::Jid own_lid() const {
    auto lid = *protocol::wire::Jid::parse(account()->lid);
    lid.device = own().device;
    return lid;
  }
  crypto::SignalAddress own_address() const { return protocol::messages::signal_address(own_lid()); }

  /// What the server hands out of the device under test, with a one-time prekey that it still has.
  crypto::PrekeyBundle bundle() const {
    const auto credentials = *store::get_credentials({store_, kOwner});
    crypto::PrekeyBundle out;
    out.registration_id = credentials->registration_id;
    out.identity = credentials->identity.public_key;
    out.signed_prekey_id = credentials->signed_prekey.id;
    out.signed_prekey = credentials->signed_prekey.pair.public_key;
    out.signature = credentials->signed_prekey.signature;
    const auto prekeys = *store::get_prekeys({store_, kOwner}, 1, 0xFFFFFF);
    if (!prekeys.empty()) out.one_time = {prekeys[0].id, prekeys[0].pair.public_key};
    return out;
  }

  void deliver(const protocol::wire::Node& stanza) {
    ASSERT_EQ(server_.send_stanza({}, stanza, now()), 1u);
    settle();
  }

  /// What was told, in order.
  template <typename Event>
  std::vector<Event> told() const {
    std::vector<Event> out;
    for (const auto& told : told_) {
      if (const auto* event = std::get_if<Event>(&told)) out.push_back(*event);
    }
    return out;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (const auto& event : told<protocol::event::MessageExchanged>()) {
      proto::Message message;
      EXPECT_TRUE(message.ParseFromArray(event.message.content.data(), static_cast<int>(event.message.content.size())));
      out.push_back(message.conversation());
    }
    return out;
  }

  SentStanzas sent_;
};

inline proto::Message text_of(const std::string& text) {
  proto::Message message;
  message.set_conversation(text);
  return message;
}

/// One device of somebody, that writes to a MessageLine.
class HandMadePeer {
 public:
  HandMadePeer(const std::string& jid, std::uint64_t seed)
      : jid_(jid_of(jid)), party_(protocol::messages::signal_address(jid_).name, seed) {
    party_.address.device = jid_.device;
  }

  void begin(const MessageLine& line) {
    ASSERT_TRUE(party_.sessions().process_bundle(line.own_address(), line.bundle()).ok());
  }

  protocol::wire::Node enc(const MessageLine& line, const proto::Message& message) {
    const auto sealed = party_.sessions().encrypt(line.own_address(), padded(message));
    EXPECT_TRUE(sealed.ok());
    protocol::wire::Node enc("enc");
    enc.with("v", "2").with("type", sealed->type == crypto::SignalMessageType::kPrekey ? "pkmsg" : "msg");
    enc.bytes(sealed->bytes);
    return enc;
  }

  protocol::wire::Node group_enc(const std::string& group, const proto::Message& message) {
    const auto sealed = party_.sender_keys().encrypt({group, party_.address}, padded(message));
    EXPECT_TRUE(sealed.ok());
    protocol::wire::Node enc("enc");
    enc.with("v", "2").with("type", "skmsg").bytes(*sealed);
    return enc;
  }

  proto::Message distribution(const std::string& group) {
    const auto bytes = party_.sender_keys().distribution({group, party_.address});
    EXPECT_TRUE(bytes.ok());
    proto::Message message;
    message.mutable_sender_key_distribution_message()->set_group_id(group);
    message.mutable_sender_key_distribution_message()->set_axolotl_sender_key_distribution_message(to_text(*bytes));
    return message;
  }

  protocol::wire::Node stanza(const std::string& id) const {
    return protocol::wire::Node("message")
        .with("from", jid_)
        .with("id", id)
        .with("t", "1700000000")
        .with("type", "text");
  }
  protocol::wire::Node group_stanza(const std::string& id, const std::string& group) const {
    return protocol::wire::Node("message")
        .with("from", jid_of(group))
        .with("participant", jid_)
        .with("id", id)
        .with("t", "1700000000")
        .with("type", "text");
  }

  /// A whole message with one child.
  protocol::wire::Node message(const MessageLine& line, const std::string& id, const std::string& text) {
    return stanza(id).child(enc(line, text_of(text)));
  }

  /// Begins anew with the keys of a retry receipt.
  void take_keys(const MessageLine& line, const protocol::wire::Node& receipt) {
    const auto bundle = protocol::devices::parse_retry_keys(receipt);
    ASSERT_TRUE(bundle.ok()) << bundle.error().message;
    ASSERT_TRUE(party_.sessions().process_bundle(line.own_address(), *bundle).ok());
  }

  const protocol::wire::Jid& jid() const { return jid_; }
  SignalParty& party() { return party_; }

 private:
  Bytes padded(const proto::Message& message) {
    return crypto::pad(as_bytes(message.SerializeAsString()), party_.random);
  }

  protocol::wire::Jid jid_;
  SignalParty party_;
};

}  // namespace ponte::test
