#include "portable/foreign_sessions.h"

#include <gtest/gtest.h>

#include "support/signal_store.h"
#include "support/vectors.h"

namespace ponte::portable {
namespace {

using crypto::SignalMessageType;

const crypto::SignalAddress kPeer{"111", 1};
const crypto::SenderKeyName kGroup{"1203630@g.us", kPeer};

/// Records that another implementation made, and messages to them.
class PortableForeign : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    file_ = test::load_vectors("portable/" + GetParam() + ".vec");
    store_.identity = crypto::key_pair_from_private(Secret<32>::from(bytes("own_identity_private")));
    const Bytes registration = bytes("registration_id");
    for (const std::uint8_t byte : registration) store_.registration_id = store_.registration_id << 8 | byte;
  }

  Bytes bytes(std::string_view key) const { return test::vector_bytes(file_, key); }
  crypto::PublicKey peer_identity() const { return to_array<32>(ByteView(bytes("peer_identity")).subspan(1)); }

  std::optional<ForeignSessions> sessions_of(ByteView json) const {
    const WipedJson parsed(json);
    if (!parsed.ok()) return std::nullopt;
    if (GetParam() == "whatsmeow") return sessions_of_whatsmeow(parsed.value());
    return sessions_of_baileys(parsed.value(), {store_.identity.public_key, store_.registration_id});
  }
  std::optional<ForeignSenderKeys> sender_keys_of(ByteView json) const {
    const WipedJson parsed(json);
    if (!parsed.ok()) return std::nullopt;
    return GetParam() == "whatsmeow" ? sender_keys_of_whatsmeow(parsed.value())
                                     : sender_keys_of_baileys(parsed.value());
  }

  /// The session, in the store.
  void take_session() {
    const auto sessions = sessions_of(bytes("session"));
    ASSERT_TRUE(sessions);
    auto record = crypto::session_record_of(sessions->sessions, sessions->current, random_);
    ASSERT_TRUE(record.ok()) << record.error().message;
    store_.records.sessions[kPeer] = std::move(*record);
  }

  Result<crypto::SignalPlaintext> decrypt(ByteView message) {
    return crypto::SignalSessions(store_, random_).decrypt(kPeer, SignalMessageType::kMessage, message);
  }

  test::SeededRandom random_{1};
  test::MemorySignalStore store_;
  VecFile file_;
};

TEST_P(PortableForeign, ReadsOnWhatWasOnItsWay) {
  take_session();
  EXPECT_EQ(test::text(decrypt(bytes("skipped"))), "skipped on the last chain");
  EXPECT_EQ(test::text(decrypt(bytes("next"))), "next on the last chain");
  EXPECT_EQ(test::text(decrypt(bytes("skipped_over"))), "skipped on a chain that is over");
  EXPECT_EQ(test::text(decrypt(bytes("turned"))), "on a chain to come");
  EXPECT_EQ(test::text(decrypt(bytes("old_session"))), "late on the old session");
}

TEST_P(PortableForeign, ReadsNothingTwice) {
  take_session();
  EXPECT_EQ(test::cause_of(decrypt(bytes("read"))), Cause::kSignalDuplicate);
  EXPECT_EQ(test::text(decrypt(bytes("skipped"))), "skipped on the last chain");
  EXPECT_EQ(test::cause_of(decrypt(bytes("skipped"))), Cause::kSignalDuplicate);
}

TEST_P(PortableForeign, RefusesMessagesThatAreAltered) {
  take_session();
  for (const std::string_view key : {"skipped_over", "skipped", "next", "turned", "old_session"}) {
    for (const Bytes& damaged : test::bit_flips(bytes(key), 29)) EXPECT_FALSE(decrypt(damaged).ok()) << key;
  }
  EXPECT_EQ(test::text(decrypt(bytes("next"))), "next on the last chain");
}

TEST_P(PortableForeign, KnowsWhomTheSessionIsWith) {
  const auto sessions = sessions_of(bytes("session"));
  ASSERT_TRUE(sessions);
  ASSERT_EQ(sessions->sessions.size(), 2u);
  EXPECT_EQ(sessions->current, crypto::CurrentSession::kOpen);
  for (const crypto::ForeignSession& session : sessions->sessions) {
    EXPECT_EQ(session.remote_identity, peer_identity());
    EXPECT_EQ(session.local_identity, store_.identity.public_key);
    EXPECT_EQ(session.local_registration_id, store_.registration_id);
    EXPECT_FALSE(session.pending);
  }
  take_session();
  const auto info = crypto::SignalSessions(store_, random_).session(kPeer);
  ASSERT_TRUE(info.ok() && *info);
  EXPECT_TRUE((*info)->acknowledged);
  EXPECT_EQ((*info)->base_key, sessions->sessions.front().base_key);
}

TEST_P(PortableForeign, GoesOnWithASessionThatWasNotAnswered) {
  const auto sessions = sessions_of(bytes("pending_session"));
  ASSERT_TRUE(sessions);
  ASSERT_TRUE(sessions->sessions.front().pending);
  EXPECT_TRUE(sessions->sessions.front().pending->prekey_id);
  store_.records.sessions[kPeer] = *crypto::session_record_of(sessions->sessions, sessions->current, random_);
  const auto sent = crypto::SignalSessions(store_, random_).encrypt(kPeer, as_bytes("again"));
  ASSERT_TRUE(sent.ok());
  EXPECT_EQ(sent->type, SignalMessageType::kPrekey);
}

TEST_P(PortableForeign, CountsFromNoughtWhereNothingWasSentBefore) {
  const bool go = GetParam() == "whatsmeow";
  Json record = WipedJson(bytes("session")).value();
  if (go) {
    record["SessionState"]["PreviousCounter"] = 0xFFFF'FFFF;
  } else {
    for (Json& one : record["_sessions"]) one["currentRatchet"]["previousCounter"] = -1;
  }
  const auto sessions = sessions_of(as_bytes(record.dump()));
  ASSERT_TRUE(sessions);
  EXPECT_EQ(sessions->sessions.front().previous_counter, 0u);
}

TEST_P(PortableForeign, LeavesOutASessionThatLacksSomething) {
  const WipedJson parsed(bytes("session"));
  ASSERT_TRUE(parsed.ok());
  // Every field of the open session away in turn: never half a session.
  const bool go = GetParam() == "whatsmeow";
  Json whole = parsed.value();
  const auto open = [&](Json& record) -> Json& {
    if (go) return record["SessionState"];
    for (Json& one : record["_sessions"]) {
      if (one["indexInfo"]["closed"] == -1) return one;
    }
    return record;
  };
  const std::vector<std::string> optional{"PendingKeyExchange", "PendingPreKey", "NeedsRefresh", "ReceiverChains"};
  std::size_t tried = 0;
  for (const auto& [name, value] : open(whole).items()) {
    if (std::find(optional.begin(), optional.end(), name) != optional.end()) continue;
    Json damaged = whole;
    open(damaged).erase(name);
    // Without what says that it is open, or begun, the others are still there.
    const auto sessions = sessions_of(as_bytes(damaged.dump()));
    EXPECT_TRUE(!sessions || sessions->current == crypto::CurrentSession::kNone) << name;
    ++tried;
  }
  EXPECT_GE(tried, 4u);
}

TEST_P(PortableForeign, LeavesOutASessionWithKeysThatAreNone) {
  const auto damaged = [this](auto damage) {
    auto sessions = sessions_of(bytes("session"));
    damage(sessions->sessions.front());
    return crypto::session_record_of(sessions->sessions, sessions->current, random_);
  };
  using Session = crypto::ForeignSession;
  EXPECT_TRUE(damaged([](Session&) {}).ok());
  EXPECT_FALSE(damaged([](Session& one) { one.remote_identity = {}; }).ok());
  EXPECT_FALSE(damaged([](Session& one) { one.base_key = {1}; }).ok());
  EXPECT_FALSE(damaged([](Session& one) { one.receiving.front().ratchet_key = {}; }).ok());
  EXPECT_FALSE(damaged([](Session& one) { one.sending.key.reset(); }).ok());
  EXPECT_FALSE(damaged([](Session& one) { one.sending.ratchet_private.reset(); }).ok());
  EXPECT_FALSE(damaged([](Session& one) { one.sending.ratchet_private->mutable_view()[5] ^= 1; }).ok());
  EXPECT_FALSE(damaged([](Session& one) { one.receiving.back().skipped.front().index = 1'000'000; }).ok());
  EXPECT_FALSE(damaged([](Session& one) { one.receiving.back().ratchet_key = one.receiving[0].ratchet_key; }).ok());
  EXPECT_FALSE(crypto::session_record_of({}, crypto::CurrentSession::kOpen, random_).ok());
}

TEST_P(PortableForeign, ArchivesTheSessionWhereNoneIsOpen) {
  const auto sessions = sessions_of(bytes("session"));
  store_.records.sessions[kPeer] =
      *crypto::session_record_of(sessions->sessions, crypto::CurrentSession::kNone, random_);
  crypto::SignalSessions here(store_, random_);
  EXPECT_FALSE(here.session(kPeer)->has_value());
  EXPECT_EQ(test::text(decrypt(bytes("next"))), "next on the last chain");
}

TEST_P(PortableForeign, ReadsOnInAGroup) {
  const auto keys = sender_keys_of(bytes("sender_key"));
  ASSERT_TRUE(keys);
  EXPECT_FALSE(keys->own);
  auto record = crypto::sender_key_record_of(keys->keys, random_);
  ASSERT_TRUE(record.ok()) << record.error().message;
  store_.records.sender_keys[kGroup] = std::move(*record);
  crypto::SenderKeys here(store_, random_);
  const auto text = [&](std::string_view key) {
    const auto plaintext = here.decrypt(kGroup, bytes(key));
    return plaintext.ok() ? to_text(*plaintext) : std::string(cause_name(plaintext.error().cause));
  };
  EXPECT_EQ(text("group_read"), "SIGNAL_DUPLICATE");
  EXPECT_EQ(text("group_skipped"), "skipped in the group");
  EXPECT_EQ(text("group_skipped"), "SIGNAL_DUPLICATE");
  EXPECT_EQ(text("group_next"), "next in the group");
}

TEST_P(PortableForeign, TellsAKeyOfOurOwn) {
  const auto keys = sender_keys_of(bytes("own_sender_key"));
  ASSERT_TRUE(keys);
  EXPECT_TRUE(keys->own);
}

TEST_P(PortableForeign, LeavesOutSenderKeysThatAreNotWhole) {
  auto keys = sender_keys_of(bytes("sender_key"));
  ASSERT_TRUE(keys && keys->keys.size() == 1 && !keys->keys[0].skipped.empty());
  keys->keys[0].skipped[0].iteration = 1'000'000;
  EXPECT_FALSE(crypto::sender_key_record_of(keys->keys, random_).ok());
  keys->keys[0].skipped.clear();
  keys->keys[0].signing_key = {};
  EXPECT_FALSE(crypto::sender_key_record_of(keys->keys, random_).ok());
  EXPECT_FALSE(crypto::sender_key_record_of({}, random_).ok());
}

TEST_P(PortableForeign, TakesNothingOutOfDamagedJson) {
  for (const std::string_view key : {"session", "sender_key"}) {
    const Bytes whole = bytes(key);
    for (std::size_t at = 0; at < whole.size(); at += 11) {
      Bytes damaged = whole;
      damaged[at] ^= 0x08;
      // What still is a session makes a record, or is refused: nothing worse.
      if (const auto sessions = sessions_of(damaged))
        (void)crypto::session_record_of(sessions->sessions, sessions->current, random_);
      if (const auto keys = sender_keys_of(damaged)) (void)crypto::sender_key_record_of(keys->keys, random_);
    }
    EXPECT_FALSE(sessions_of(ByteView(whole).first(whole.size() / 2)));
    EXPECT_FALSE(sender_keys_of(ByteView(whole).first(whole.size() / 2)));
  }
  for (const std::string_view text : {"", "null", "[]", "{}", "1", "\"x\"", "[[[[", "{\"SenderKeyStates\":[1]}"}) {
    EXPECT_FALSE(sessions_of(as_bytes(text))) << text;
    EXPECT_FALSE(sender_keys_of(as_bytes(text))) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Clients, PortableForeign, ::testing::Values("whatsmeow", "baileys"));

}  // namespace
}  // namespace ponte::portable
