#include "crypto/signal/sessions.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "support/signal_store.h"
#include "support/vectors.h"

namespace ponte::crypto {
namespace {

using test::cause_of;
using test::MemorySignalStore;
using test::ScriptedRandom;
using test::SeededRandom;
using test::SignalPair;
using test::SignalParty;
using test::text;
using Type = SignalMessageType;

const SignalAddress kVectorAlice{"111000000000000_1", 0};

PublicKey untyped(const VecFile& file, std::string_view key) {
  const Bytes bytes = test::vector_bytes(file, key);
  EXPECT_EQ(bytes.at(0), 0x05);
  return to_array<32>(ByteView(bytes).subspan(1));
}

KeyPair pair_of(const VecFile& file, const std::string& name) {
  KeyPair pair = key_pair_from_private(PrivateKey::from(test::vector_bytes(file, name + "_private")));
  EXPECT_EQ(pair.public_key, untyped(file, name + "_public")) << name;
  return pair;
}

/// Bob of the vectors.
void set_up_bob(MemorySignalStore& store, const VecFile& file) {
  store.identity = pair_of(file, "bob_identity");
  store.registration_id = 2222;
  store.signed_prekeys.emplace(1, pair_of(file, "bob_signed_prekey"));
  store.records.prekeys.emplace(7, pair_of(file, "bob_onetime_prekey").private_key);
}

TEST(SignalSessions, DecryptsTheVectors) {
  const VecFile file = test::load_vectors("crypto/signal.vec");
  MemorySignalStore store;
  set_up_bob(store, file);
  SeededRandom random(1);
  SignalSessions bob(store, random);

  const auto first = bob.decrypt(kVectorAlice, Type::kPrekey, test::vector_bytes(file, "first"));
  EXPECT_EQ(text(first), "first");
  EXPECT_EQ(first->identity, PeerIdentity::kNew);
  EXPECT_EQ(store.records.identities.at(kVectorAlice), untyped(file, "alice_identity_public"));
  EXPECT_TRUE(store.records.prekeys.empty()) << "prekey 7 served";

  const auto second = bob.decrypt(kVectorAlice, Type::kPrekey, test::vector_bytes(file, "second"));
  EXPECT_EQ(text(second), "second");
  EXPECT_EQ(second->identity, PeerIdentity::kKnown);

  const auto again = bob.decrypt(kVectorAlice, Type::kPrekey, test::vector_bytes(file, "first"));
  EXPECT_EQ(again.error().code, Errc::kAlreadyExists);
  EXPECT_EQ(cause_of(again), Cause::kSignalDuplicate);

  const auto info = bob.session(kVectorAlice);
  ASSERT_TRUE(info.ok() && info->has_value());
  EXPECT_EQ((*info)->remote_registration_id, 1111u);
  EXPECT_EQ(to_hex((*info)->base_key), "56a8e6ac1f22fcc83ccc46bfc0b4b7267344169476c72fcbdf57974951599872");
  const auto reply = bob.encrypt(kVectorAlice, as_bytes("reply"));
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->type, Type::kMessage);
  EXPECT_EQ(reply->bytes.size(), test::vector_bytes(file, "reply").size());
  // Of the run that the vectors are from, where Bob drew another ratchet key.
  EXPECT_EQ(cause_of(bob.decrypt(kVectorAlice, Type::kMessage, test::vector_bytes(file, "third"))),
            Cause::kSignalInvalidMessage);
}

TEST(SignalSessions, DecryptsTheVectorsOutOfOrder) {
  const VecFile file = test::load_vectors("crypto/signal.vec");
  MemorySignalStore store;
  set_up_bob(store, file);
  SeededRandom random(1);
  SignalSessions bob(store, random);
  EXPECT_EQ(text(bob.decrypt(kVectorAlice, Type::kPrekey, test::vector_bytes(file, "second"))), "second");
  EXPECT_EQ(text(bob.decrypt(kVectorAlice, Type::kPrekey, test::vector_bytes(file, "first"))), "first");
}

TEST(SignalSessions, SignsAPrekeyAsTheVector) {
  const VecFile file = test::load_vectors("crypto/signal.vec");
  ScriptedRandom random(test::vector_bytes(file, "signed_prekey_random"));
  const Bytes signed_key = test::vector_bytes(file, "bob_signed_prekey_public");
  const KeyPair identity = pair_of(file, "bob_identity");
  const Signature signature = xeddsa_sign(identity.private_key, signed_key, random);
  EXPECT_EQ(to_hex(signature), test::vector_text(file, "signed_prekey_signature"));
  EXPECT_TRUE(xeddsa_verify(identity.public_key, signed_key, signature));
}

TEST(SignalSessions, TalkBothWays) {
  for (const std::optional<std::uint32_t> one_time :
       {std::optional<std::uint32_t>(5), std::optional<std::uint32_t>()}) {
    SignalPair pair;
    EXPECT_EQ(pair.begin(one_time), PeerIdentity::kNew);
    const auto hello = pair.from_alice("hello");
    EXPECT_EQ(hello.type, Type::kPrekey);
    EXPECT_EQ(text(pair.to_bob(hello)), "hello");
    EXPECT_EQ(pair.bob.store.records.prekeys.count(5), one_time ? 0u : 1u);
    EXPECT_EQ(pair.from_alice("still unanswered").type, Type::kPrekey);
    const auto answer = pair.from_bob("answer");
    EXPECT_EQ(answer.type, Type::kMessage);
    EXPECT_EQ(text(pair.to_alice(answer)), "answer");
    for (int round = 0; round < 20; ++round) {
      const std::string said = "round " + std::to_string(round);
      const auto there = pair.from_alice(said);
      EXPECT_EQ(there.type, Type::kMessage);
      EXPECT_EQ(text(pair.to_bob(there)), said);
      EXPECT_EQ(text(pair.to_alice(pair.from_bob(said))), said);
    }
  }
}

TEST(SignalSessions, EncryptNothingAndMuch) {
  SignalPair pair;
  pair.settle();
  EXPECT_EQ(text(pair.to_bob(pair.from_alice(""))), "");
  const std::string much(1 << 20, 'x');
  EXPECT_EQ(text(pair.to_bob(pair.from_alice(much))), much);
}

TEST(SignalSessions, TellWhatSessionThereIs) {
  SignalPair pair;
  EXPECT_FALSE(pair.alice.sessions().session(pair.bob.address)->has_value());
  pair.begin();
  const auto begun = *pair.alice.sessions().session(pair.bob.address);
  ASSERT_TRUE(begun.has_value());
  EXPECT_EQ(begun->remote_registration_id, pair.bob.store.registration_id);
  EXPECT_FALSE(begun->acknowledged);
  ASSERT_TRUE(pair.to_bob(pair.from_alice("hello")).ok());
  const auto received = *pair.bob.sessions().session(pair.alice.address);
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(received->remote_registration_id, pair.alice.store.registration_id);
  EXPECT_EQ(received->base_key, begun->base_key);
  EXPECT_TRUE(received->acknowledged);
  ASSERT_TRUE(pair.to_alice(pair.from_bob("hello")).ok());
  EXPECT_TRUE((*pair.alice.sessions().session(pair.bob.address))->acknowledged);
}

TEST(SignalSessions, RefuseWithoutASession) {
  SignalPair pair;
  const auto encrypted = pair.alice.sessions().encrypt(pair.bob.address, as_bytes("text"));
  ASSERT_FALSE(encrypted.ok());
  EXPECT_EQ(encrypted.error().code, Errc::kNotFound);
  EXPECT_EQ(encrypted.error().cause, Cause::kSignalNoSession);

  pair.settle();
  const auto message = pair.from_alice("text");
  pair.bob.store.records.sessions.clear();
  const auto decrypted = pair.to_bob(message);
  ASSERT_FALSE(decrypted.ok());
  EXPECT_EQ(decrypted.error().code, Errc::kNotFound);
  EXPECT_EQ(decrypted.error().cause, Cause::kSignalNoSession);
  EXPECT_EQ(pair.bob.sessions().archive(pair.alice.address).ok(), true) << "nothing to archive";
  EXPECT_TRUE(pair.bob.store.records.sessions.empty());
}

TEST(SignalSessions, ReportADuplicate) {
  SignalPair pair;
  pair.settle();
  const auto message = pair.from_alice("text");
  ASSERT_TRUE(pair.to_bob(message).ok());
  const auto before = pair.bob.store.records.copy();
  const auto again = pair.to_bob(message);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, Errc::kAlreadyExists);
  EXPECT_EQ(again.error().cause, Cause::kSignalDuplicate);
  EXPECT_TRUE(pair.bob.store.records == before);
}

TEST(SignalSessions, NameThePrekeyThatIsNotThere) {
  SignalPair pair;
  pair.begin(5);
  const auto hello = pair.from_alice("hello");
  pair.bob.store.records.prekeys.erase(5);
  const auto no_one_time = pair.to_bob(hello);
  ASSERT_FALSE(no_one_time.ok());
  EXPECT_EQ(no_one_time.error().code, Errc::kNotFound);
  EXPECT_EQ(no_one_time.error().cause, Cause::kSignalUnknownPrekey);
  EXPECT_NE(no_one_time.error().message.find("one-time prekey 5"), std::string::npos) << no_one_time.error().message;
  pair.bob.store.signed_prekeys.clear();
  const auto no_signed = pair.to_bob(hello);
  EXPECT_EQ(cause_of(no_signed), Cause::kSignalUnknownPrekey);
  EXPECT_NE(no_signed.error().message.find("signed prekey 1"), std::string::npos) << no_signed.error().message;
  EXPECT_TRUE(pair.bob.store.records.sessions.empty());
  EXPECT_TRUE(pair.bob.store.records.identities.empty());
}

TEST(SignalSessions, AskTheStoreForNoIdThatThereCannotBe) {
  for (const std::uint32_t id : {0u, 0x1000000u, 0xFFFFFFFFu}) {
    SignalPair pair;
    auto bundle = pair.bob.bundle(5);
    bundle.one_time->id = id;
    ASSERT_TRUE(pair.alice.sessions().process_bundle(pair.bob.address, bundle).ok());
    const std::size_t calls = pair.bob.store.calls();
    EXPECT_EQ(cause_of(pair.to_bob(pair.from_alice("hello"))), Cause::kSignalUnknownPrekey);
    EXPECT_EQ(pair.bob.store.calls() - calls, 4u) << "session, identity, signed prekey, own identity";
  }
}

TEST(SignalSessions, RemoveTheLastOfAllPrekeys) {
  SignalPair pair;
  pair.bob.add_prekey(0xFFFFFF);
  pair.begin(0xFFFFFF);
  ASSERT_TRUE(pair.to_bob(pair.from_alice("hello")).ok());
  EXPECT_EQ(pair.bob.store.records.prekeys.count(0xFFFFFF), 0u);
}

TEST(SignalSessions, CarryEveryDeviceNumberAndName) {
  SignalPair pair;
  pair.bob.address = {"123456789012345_1", 2147483647};
  pair.begin();
  const auto other = SignalAddress{pair.bob.address.name, 1};
  EXPECT_FALSE(pair.alice.sessions().session(other)->has_value());
  EXPECT_EQ(text(pair.to_bob(pair.from_alice("hello"))), "hello");
}

TEST(SignalSessions, AcceptAndReportAnotherIdentity) {
  SignalPair pair;
  pair.settle();
  SignalParty anew("alice", 33);  // the same user, installed anew
  ASSERT_TRUE(anew.sessions().process_bundle(pair.bob.address, pair.bob.bundle(6)).ok());
  const auto hello = *anew.sessions().encrypt(pair.bob.address, as_bytes("it is me"));
  const auto late = pair.from_alice("from before");
  const auto received = pair.to_bob(hello);
  EXPECT_EQ(text(received), "it is me");
  EXPECT_EQ(received->identity, PeerIdentity::kChanged);
  EXPECT_EQ(pair.bob.store.records.identities.at(pair.alice.address), anew.store.identity.public_key);
  const auto reply = pair.from_bob("welcome back");
  EXPECT_EQ(text(anew.sessions().decrypt(pair.bob.address, reply.type, reply.bytes)), "welcome back");
  EXPECT_EQ(text(pair.to_bob(late)), "from before") << "the archived session still reads";
}

TEST(SignalSessions, ReportAnotherIdentityInABundle) {
  SignalPair pair;
  pair.begin();
  EXPECT_EQ(pair.begin(6), PeerIdentity::kKnown);
  SignalParty anew("bob", 44);
  const auto began = pair.alice.sessions().process_bundle(pair.bob.address, anew.bundle(1));
  ASSERT_TRUE(began.ok());
  EXPECT_EQ(*began, PeerIdentity::kChanged);
  EXPECT_EQ(pair.alice.store.records.identities.at(pair.bob.address), anew.store.identity.public_key);
}

TEST(SignalSessions, ArchiveAndOpenAgain) {
  SignalPair pair;
  pair.settle();
  const auto late = pair.from_bob("late");
  ASSERT_TRUE(pair.alice.sessions().archive(pair.bob.address).ok());
  EXPECT_FALSE(pair.alice.sessions().session(pair.bob.address)->has_value());
  const auto refused = pair.alice.sessions().encrypt(pair.bob.address, as_bytes("text"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().cause, Cause::kSignalNoSession);
  const auto archived = pair.alice.store.records.copy();
  ASSERT_TRUE(pair.alice.sessions().archive(pair.bob.address).ok());
  EXPECT_TRUE(pair.alice.store.records == archived) << "once is enough";
  EXPECT_EQ(text(pair.to_alice(late)), "late");
  EXPECT_TRUE(pair.alice.sessions().session(pair.bob.address)->has_value());
  EXPECT_EQ(text(pair.to_bob(pair.from_alice("again"))), "again");
}

TEST(SignalSessions, BeginAnewAfterAnArchivedOne) {
  SignalPair pair;
  pair.settle();
  for (std::uint32_t id = 6; id < 12; ++id) {
    ASSERT_TRUE(pair.alice.sessions().archive(pair.bob.address).ok());
    EXPECT_EQ(pair.begin(id), PeerIdentity::kKnown);
    const auto hello = pair.from_alice("anew");
    EXPECT_EQ(hello.type, Type::kPrekey);
    EXPECT_EQ(text(pair.to_bob(hello)), "anew");
    EXPECT_EQ(text(pair.to_alice(pair.from_bob("anew"))), "anew");
  }
}

TEST(SignalSessions, SurviveThatBothBeginAtOnce) {
  SignalPair pair;
  pair.begin(5);
  ASSERT_TRUE(pair.bob.sessions().process_bundle(pair.alice.address, pair.alice.bundle(5)).ok());
  const auto from_alice = pair.from_alice("from alice");
  const auto from_bob = pair.from_bob("from bob");
  EXPECT_EQ(text(pair.to_bob(from_alice)), "from alice");
  EXPECT_EQ(text(pair.to_alice(from_bob)), "from bob");
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(text(pair.to_bob(pair.from_alice("over"))), "over");
    EXPECT_EQ(text(pair.to_alice(pair.from_bob("and out"))), "and out");
  }
}

TEST(SignalSessions, RefuseABundleThatItsIdentityDidNotSign) {
  SignalPair pair;
  const auto refused = [&](const PrekeyBundle& bundle) {
    const auto began = pair.alice.sessions().process_bundle(pair.bob.address, bundle);
    EXPECT_FALSE(began.ok());
    EXPECT_TRUE(pair.alice.store.records.sessions.empty());
    EXPECT_TRUE(pair.alice.store.records.identities.empty());
    return began.ok() ? Cause::kInternal : began.error().cause;
  };
  const PrekeyBundle good = pair.bob.bundle(5);
  for (std::size_t bit = 0; bit < 512; bit += 3) {
    PrekeyBundle bad = good;
    bad.signature[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_EQ(refused(bad), Cause::kSignalInvalidKey);
  }
  for (std::size_t bit = 0; bit < 256; bit += 3) {
    PrekeyBundle bad = good;
    bad.signed_prekey[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_EQ(refused(bad), Cause::kSignalInvalidKey);
    bad = good;
    bad.identity[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_EQ(refused(bad), Cause::kSignalInvalidKey);
  }
  PrekeyBundle low = good;
  low.one_time->key = {1};
  EXPECT_EQ(refused(low), Cause::kSignalInvalidKey);
  low = good;
  low.signed_prekey = {};
  low.signature = pair.bob.sign_key(low.signed_prekey);
  EXPECT_EQ(refused(low), Cause::kSignalInvalidKey);
  EXPECT_TRUE(pair.alice.sessions().process_bundle(pair.bob.address, good).ok());
}

TEST(SignalSessions, DrawOnlyFromTheInjectedSource) {
  const auto talk = [] {
    SignalPair pair;
    std::vector<Bytes> sent;
    pair.begin();
    for (int round = 0; round < 5; ++round) {
      sent.push_back(pair.from_alice("text").bytes);
      EXPECT_TRUE(pair.to_bob({round == 0 ? Type::kPrekey : Type::kMessage, sent.back()}).ok());
      sent.push_back(pair.from_bob("text").bytes);
      EXPECT_TRUE(pair.to_alice({Type::kMessage, sent.back()}).ok());
    }
    for (const auto* party : {&pair.alice, &pair.bob}) {
      for (const auto& [address, record] : party->store.records.sessions) sent.push_back(record);
    }
    return sent;
  };
  EXPECT_EQ(talk(), talk());
}

TEST(SignalSessions, DrawAsMuchAsTheySay) {
  SignalPair pair;
  ScriptedRandom script;
  script.add_repeated(0x42, 64);  // base key, ratchet key
  SignalSessions alice(pair.alice.store, script);
  ASSERT_TRUE(alice.process_bundle(pair.bob.address, pair.bob.bundle(5)).ok());
  EXPECT_EQ(script.remaining(), 0u);
  const auto hello = alice.encrypt(pair.bob.address, as_bytes("hello"));
  ASSERT_TRUE(hello.ok()) << "encrypting draws nothing";
  ScriptedRandom for_bob;
  for_bob.add_repeated(0x17, 32);  // the next ratchet key
  EXPECT_EQ(text(SignalSessions(pair.bob.store, for_bob).decrypt(pair.alice.address, hello->type, hello->bytes)),
            "hello");
  EXPECT_EQ(for_bob.remaining(), 0u);
}

TEST(SignalSessions, ThrowOnWhatASourceThrows) {
  SignalPair pair;
  ScriptedRandom empty;
  SignalSessions alice(pair.alice.store, empty);
  EXPECT_THROW((void)alice.process_bundle(pair.bob.address, pair.bob.bundle(5)), std::runtime_error);
  EXPECT_TRUE(pair.alice.store.records.sessions.empty());
  pair.begin();
  const auto hello = pair.from_alice("hello");
  EXPECT_THROW((void)SignalSessions(pair.bob.store, empty).decrypt(pair.alice.address, hello.type, hello.bytes),
               std::runtime_error);
  EXPECT_TRUE(pair.bob.store.records.sessions.empty());
  EXPECT_EQ(text(pair.to_bob(hello)), "hello");
}

}  // namespace
}  // namespace ponte::crypto
