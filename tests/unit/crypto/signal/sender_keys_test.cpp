#include "crypto/signal/sender_keys.h"

#include <gtest/gtest.h>

#include <set>

#include "base/hex.h"
#include "crypto/signal/sender_key_states.h"
#include "support/signal_store.h"
#include "support/vectors.h"

namespace ponte::crypto {
namespace {

using test::MemorySignalStore;
using test::ScriptedRandom;
using test::SeededRandom;
using test::SignalParty;

const std::string kGroup = "120363000000000001@g.us";

std::string text(const Result<Bytes>& plaintext) {
  return plaintext.ok() ? to_text(*plaintext) : plaintext.error().message;
}

Cause cause_of(const Result<Bytes>& result) {
  EXPECT_FALSE(result.ok());
  return result.ok() ? Cause::kInternal : result.error().cause;
}

/// Alice writes to a group of which Bob is a member.
struct Group {
  SignalParty alice{"alice", 11};
  SignalParty bob{"bob", 22};
  SenderKeyName name{kGroup, alice.address};

  Bytes distribution() { return *alice.sender_keys().distribution(name); }
  Status to_bob_distribution(const Bytes& bytes) { return bob.sender_keys().process(name, bytes); }
  Bytes from_alice(std::string_view plaintext) { return *alice.sender_keys().encrypt(name, as_bytes(plaintext)); }
  Result<Bytes> to_bob(const Bytes& message) { return bob.sender_keys().decrypt(name, message); }
  void join() { ASSERT_TRUE(to_bob_distribution(distribution()).ok()); }
  /// Alice makes another key.
  void rotate() { alice.store.records.sender_keys.clear(); }
  std::vector<SenderKeyState> states() {
    SignalContext context(bob.random);
    return *sender_key_states(bob.store.records.sender_keys.at(name), context);
  }
};

TEST(SenderKeys, DecryptTheVectors) {
  const VecFile file = test::load_vectors("crypto/signal.vec");
  const SenderKeyName name{kGroup, {"111000000000000_1", 2}};
  for (const bool in_order : {true, false}) {
    MemorySignalStore store;
    SeededRandom random(1);
    SenderKeys keys(store, random);
    ASSERT_TRUE(keys.process(name, test::vector_bytes(file, "distribution")).ok());
    const auto zero = [&] { return text(keys.decrypt(name, test::vector_bytes(file, "group_zero"))); };
    const auto one = [&] { return text(keys.decrypt(name, test::vector_bytes(file, "group_one"))); };
    if (in_order) {
      EXPECT_EQ(zero(), "group-zero");
      EXPECT_EQ(one(), "group-one");
    } else {
      EXPECT_EQ(one(), "group-one");
      EXPECT_EQ(zero(), "group-zero");
    }
    EXPECT_EQ(cause_of(keys.decrypt(name, test::vector_bytes(file, "group_zero"))), Cause::kSignalDuplicate);
  }
}

TEST(SenderKeys, CarryMessagesInOrderAndOutOfIt) {
  Group group;
  group.join();
  std::vector<Bytes> sent;
  for (int i = 0; i < 12; ++i) sent.push_back(group.from_alice(std::to_string(i)));
  for (const int at : {0, 1, 5, 3, 11, 2, 4, 10, 6, 7, 9, 8}) {
    EXPECT_EQ(text(group.to_bob(sent[static_cast<std::size_t>(at)])), std::to_string(at));
  }
  for (const Bytes& message : sent) EXPECT_EQ(cause_of(group.to_bob(message)), Cause::kSignalDuplicate);
}

TEST(SenderKeys, HandOutTheKeyAsItStands) {
  Group group;
  const Bytes first = group.distribution();
  EXPECT_EQ(group.distribution(), first);
  const Bytes early = group.from_alice("early");
  const Bytes second = group.distribution();
  EXPECT_NE(second, first);
  ASSERT_TRUE(group.to_bob_distribution(second).ok());
  EXPECT_EQ(text(group.to_bob(group.from_alice("late"))), "late");
  EXPECT_EQ(cause_of(group.to_bob(early)), Cause::kSignalDuplicate) << "who joins later does not read what was before";
}

TEST(SenderKeys, RefuseWithoutAKey) {
  Group group;
  const auto unsent = group.alice.sender_keys().encrypt(group.name, as_bytes("text"));
  ASSERT_FALSE(unsent.ok());
  EXPECT_EQ(unsent.error().code, Errc::kNotFound);
  EXPECT_EQ(unsent.error().cause, Cause::kSignalNoSenderKey);
  (void)group.distribution();
  const auto unread = group.to_bob(group.from_alice("text"));
  ASSERT_FALSE(unread.ok());
  EXPECT_EQ(unread.error().code, Errc::kNotFound);
  EXPECT_EQ(unread.error().cause, Cause::kSignalNoSenderKey);
  // Under another key than the one that came.
  group.join();
  group.rotate();
  (void)group.distribution();
  EXPECT_EQ(cause_of(group.to_bob(group.from_alice("text"))), Cause::kSignalNoSenderKey);
  EXPECT_TRUE(group.bob.store.records.sender_keys.count({kGroup, group.bob.address}) == 0);
}

TEST(SenderKeys, BelongToOneGroupAndOneDevice) {
  Group group;
  group.join();
  const Bytes message = group.from_alice("text");
  EXPECT_EQ(cause_of(group.bob.sender_keys().decrypt({"other@g.us", group.alice.address}, message)),
            Cause::kSignalNoSenderKey);
  EXPECT_EQ(cause_of(group.bob.sender_keys().decrypt({kGroup, {"alice", 1}}, message)), Cause::kSignalNoSenderKey);
  EXPECT_EQ(text(group.to_bob(message)), "text");
}

// --- Distribution messages that come again (wire: messages.md 1.5) ---

TEST(SenderKeys, ALaterCopyHidesNothing) {
  Group group;
  group.join();
  const Bytes skipped = group.from_alice("skipped");
  EXPECT_EQ(text(group.to_bob(group.from_alice("next"))), "next");
  (void)group.from_alice("lost");
  const auto before = group.bob.store.records.copy();
  group.join();
  EXPECT_TRUE(group.bob.store.records == before) << "it is known, and the newest";
  EXPECT_EQ(group.states().size(), 1u);
  EXPECT_EQ(text(group.to_bob(skipped)), "skipped");
  EXPECT_EQ(text(group.to_bob(group.from_alice("after"))), "after");
}

TEST(SenderKeys, AnEarlierCopyOpensNothingAgain) {
  Group group;
  const Bytes first = group.distribution();
  ASSERT_TRUE(group.to_bob_distribution(first).ok());
  const Bytes message = group.from_alice("text");
  EXPECT_EQ(text(group.to_bob(message)), "text");
  ASSERT_TRUE(group.to_bob_distribution(first).ok());
  EXPECT_EQ(cause_of(group.to_bob(message)), Cause::kSignalDuplicate);
}

TEST(SenderKeys, AKnownKeyMovesToTheFront) {
  Group group;
  const Bytes first = group.distribution();
  ASSERT_TRUE(group.to_bob_distribution(first).ok());
  const std::uint32_t oldest = group.states().front().id;
  for (int i = 0; i < 4; ++i) {
    group.rotate();
    group.join();
  }
  ASSERT_EQ(group.states().size(), 5u);
  EXPECT_EQ(group.states().back().id, oldest);
  ASSERT_TRUE(group.to_bob_distribution(first).ok());
  EXPECT_EQ(group.states().size(), 5u);
  EXPECT_EQ(group.states().front().id, oldest);
  group.rotate();
  group.join();
  EXPECT_EQ(group.states().size(), 5u);
  EXPECT_EQ(group.states()[1].id, oldest) << "the least recent one went";
}

/// A distribution message with the id of `like` and the chain and signing key of `from`.
Bytes with_id_of(const Bytes& like, const Bytes& from) {
  const auto id_end = [](const Bytes& message) {
    std::size_t at = 2;
    while (message.at(at) & 0x80) ++at;
    return at + 1;
  };
  EXPECT_EQ(like.at(1), 0x08);
  return concat({ByteView(like).first(id_end(like)), ByteView(from).subspan(id_end(from))});
}

TEST(SenderKeys, AnotherKeyUnderTheSameIdReplacesTheFirst) {
  Group group;
  const Bytes first = group.distribution();
  ASSERT_TRUE(group.to_bob_distribution(first).ok());
  const Bytes under_first = group.from_alice("under the first");
  group.rotate();
  const Bytes second = with_id_of(first, group.distribution());
  ASSERT_TRUE(group.to_bob_distribution(second).ok());
  ASSERT_EQ(group.states().size(), 1u);
  EXPECT_EQ(cause_of(group.to_bob(under_first)), Cause::kSignalInvalidMessage) << "signed by a key that is gone";
  // And the others stay.
  group.rotate();
  group.join();
  ASSERT_TRUE(group.to_bob_distribution(first).ok());
  EXPECT_EQ(group.states().size(), 2u);
  EXPECT_EQ(text(group.to_bob(under_first)), "under the first");
}

TEST(SenderKeys, ACopyTooFarAheadBeginsAnew) {
  Group group;
  group.join();
  for (int i = 0; i <= 2000; ++i) (void)group.from_alice("lost");
  const Bytes far = group.from_alice("far");
  EXPECT_EQ(cause_of(group.to_bob(far)), Cause::kSignalInvalidMessage);
  group.join();
  EXPECT_EQ(group.states().size(), 1u);
  EXPECT_EQ(text(group.to_bob(group.from_alice("near again"))), "near again");
}

TEST(SenderKeys, AMessageTwoThousandAheadIsTheLast) {
  Group group;
  group.join();
  for (int i = 0; i < 2000; ++i) (void)group.from_alice("lost");
  const Bytes near = group.from_alice("near");
  const Bytes far = group.from_alice("far");
  EXPECT_EQ(cause_of(group.to_bob(far)), Cause::kSignalInvalidMessage);
  EXPECT_EQ(text(group.to_bob(near)), "near");
  EXPECT_EQ(text(group.to_bob(far)), "far");
}

TEST(SenderKeys, NobodyElseSetsOurOwnKey) {
  Group group;
  const Bytes own = group.distribution();
  SignalParty mallory("alice", 66);
  const Bytes foreign = *mallory.sender_keys().distribution(group.name);
  for (const Bytes& distribution : {own, foreign}) {
    const auto before = group.alice.store.records.copy();
    const Status refused = group.alice.sender_keys().process(group.name, distribution);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::kUntrusted);
    EXPECT_EQ(refused.error().cause, Cause::kSignalInvalidMessage);
    EXPECT_TRUE(group.alice.store.records == before);
  }
}

// --- Damage ---

TEST(SenderKeys, EveryBitOfAMessageCounts) {
  Group group;
  group.join();
  const Bytes message = group.from_alice("text");
  const auto before = group.bob.store.records.copy();
  const std::set<Cause> refusals = {Cause::kSignalInvalidMessage, Cause::kSignalMalformed, Cause::kSignalVersion,
                                    Cause::kSignalNoSenderKey};
  for (const auto& damaged : {test::bit_flips(message), test::truncations(message)}) {
    for (const Bytes& bytes : damaged) {
      const auto refused = group.to_bob(bytes);
      EXPECT_TRUE(refusals.contains(cause_of(refused))) << refused.error().message;
      EXPECT_TRUE(group.bob.store.records == before);
    }
  }
  EXPECT_TRUE(refusals.contains(cause_of(group.to_bob(concat({message, Bytes(1)})))));
  EXPECT_EQ(group.bob.store.writes(), 1u) << "the distribution message alone";
  EXPECT_EQ(text(group.to_bob(message)), "text");
}

TEST(SenderKeys, RefuseDistributionMessagesThatAreNone) {
  Group group;
  const Bytes good = group.distribution();
  const auto refusal = [&](const Bytes& bytes) {
    const Status status = group.to_bob_distribution(bytes);
    EXPECT_FALSE(status.ok()) << to_hex(bytes);
    EXPECT_TRUE(group.bob.store.records.sender_keys.empty());
    return status.ok() ? Cause::kInternal : status.error().cause;
  };
  for (const Bytes& prefix : test::truncations(good)) {
    const Cause cause = refusal(prefix);
    EXPECT_TRUE(cause == Cause::kSignalMalformed || cause == Cause::kSignalInvalidKey) << cause_name(cause);
  }
  Bytes other = good;
  other[0] = 0x43;
  EXPECT_EQ(refusal(other), Cause::kSignalVersion);
  other = good;
  other[other.size() - 33] = 0x06;
  EXPECT_EQ(refusal(other), Cause::kSignalInvalidKey);
  other = good;
  std::fill(other.end() - 32, other.end(), 0);
  EXPECT_EQ(refusal(other), Cause::kSignalInvalidKey);
  // A chain key of 31 bytes: 1a 20 <32> becomes 1a 1f <31>.
  const std::size_t chain = good.size() - 35 - 32;
  ASSERT_EQ(good[chain - 1], 0x20);
  other = concat({ByteView(good).first(chain - 1), Bytes{0x1F}, ByteView(good).subspan(chain + 1)});
  EXPECT_EQ(refusal(other), Cause::kSignalMalformed);
  EXPECT_TRUE(group.to_bob_distribution(good).ok());
}

TEST(SenderKeys, DamagedRecordsAreCorruptAndNotAbsent) {
  Group group;
  const Bytes distribution = group.distribution();
  const Bytes message = group.from_alice("text");
  for (const Bytes& record : {Bytes(40, 0xFF), Bytes{0x0A, 0x05, 1}, Bytes{0x12, 0x00}, Bytes{0x0A, 0x00}}) {
    group.bob.store.records.sender_keys[group.name] = record;
    group.alice.store.records.sender_keys[group.name] = record;
    const Status processed = group.to_bob_distribution(distribution);
    ASSERT_FALSE(processed.ok());
    EXPECT_EQ(processed.error().cause, Cause::kStoreCorrupt) << to_hex(record);
    if (record[0] == 0x12) continue;  // libsignal skips what it does not know
    EXPECT_EQ(cause_of(group.to_bob(message)), Cause::kStoreCorrupt) << to_hex(record);
    EXPECT_EQ(cause_of(group.alice.sender_keys().encrypt(group.name, as_bytes("text"))), Cause::kStoreCorrupt);
    EXPECT_EQ(cause_of(group.alice.sender_keys().distribution(group.name)), Cause::kStoreCorrupt);
  }
}

TEST(SenderKeys, TheStoresErrorComesOutAsItIs) {
  using Run = Result<Bytes> (*)(Group&);
  const Run runs[] = {
      [](Group& group) -> Result<Bytes> {
        return group.alice.sender_keys().distribution({"new@g.us", {"alice", 0}});
      },
      [](Group& group) -> Result<Bytes> { return group.alice.sender_keys().encrypt(group.name, as_bytes("text")); },
      [](Group& group) -> Result<Bytes> {
        PONTE_TRY(group.alice.sender_keys().process({kGroup, {"bob", 0}},
                                                    *group.bob.sender_keys().distribution({kGroup, {"bob", 0}})));
        return Bytes();
      },
      [](Group& group) -> Result<Bytes> {
        const Bytes message = *group.bob.sender_keys().encrypt({"back", {"bob", 0}}, as_bytes("text"));
        return group.alice.sender_keys().decrypt({"back", {"bob", 0}}, message);
      },
  };
  for (const Run run : runs) {
    for (std::size_t nth = 1; nth <= 2; ++nth) {
      Group group;
      group.join();
      const SenderKeyName back{"back", group.bob.address};
      ASSERT_TRUE(group.alice.sender_keys().process(back, *group.bob.sender_keys().distribution(back)).ok());
      const auto before = group.alice.store.records.copy();
      group.alice.store.fail_call(nth);
      const auto failed = run(group);
      ASSERT_FALSE(failed.ok());
      EXPECT_EQ(failed.error().cause, MemorySignalStore::fault().cause);
      EXPECT_EQ(failed.error().message, MemorySignalStore::fault().message);
      EXPECT_TRUE(group.alice.store.records == before);
      group.alice.store.fail_call(0);
      group.alice.store.throw_in_call(nth);
      EXPECT_THROW((void)run(group), std::runtime_error);
      EXPECT_TRUE(run(group).ok());
    }
  }
}

TEST(SenderKeys, DrawAsMuchAsTheySay) {
  Group group;
  ScriptedRandom script;
  script.add_repeated(0x42, 68);
  SenderKeys alice(group.alice.store, script);
  const auto distribution = alice.distribution(group.name);
  ASSERT_TRUE(distribution.ok());
  EXPECT_EQ(script.remaining(), 0u);
  EXPECT_TRUE(alice.distribution(group.name).ok()) << "the key is there";
  script.add_repeated(0x17, 64);  // the signature's
  const auto message = alice.encrypt(group.name, as_bytes("text"));
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(script.remaining(), 0u);
  EXPECT_THROW((void)alice.encrypt(group.name, as_bytes("text")), std::runtime_error);
  ASSERT_TRUE(group.to_bob_distribution(*distribution).ok());
  EXPECT_EQ(text(group.to_bob(*message)), "text");
  // The same draws, the same bytes.
  Group again;
  script.add_repeated(0x42, 68);
  script.add_repeated(0x17, 64);
  SenderKeys same(again.alice.store, script);
  EXPECT_EQ(*same.distribution(again.name), *distribution);
  EXPECT_EQ(*same.encrypt(again.name, as_bytes("text")), *message);
}

TEST(SenderKeys, SurviveALineThatLosesRepeatsAndReorders) {
  constexpr int kMessages = 2000;
  Group group;
  SeededRandom dice(5);
  std::vector<std::pair<int, Bytes>> line;
  std::vector<int> decrypted(kMessages);
  std::vector<int> duplicates(kMessages);
  group.join();
  int sent = 0;
  while (sent < kMessages || !line.empty()) {
    if (sent < kMessages && (line.size() < 8 || dice.next() % 2 == 0)) {
      if (dice.next() % 16 == 0) group.join();  // as whatsmeow does with every message
      if (dice.next() % 400 == 0) {
        group.rotate();
        group.join();
      }
      const std::string number = std::to_string(sent);
      line.emplace_back(sent++, group.from_alice(number));
      continue;
    }
    const std::size_t at = dice.next() % line.size();
    const auto [number, message] = line[at];
    const auto fate = dice.next() % 100;
    if (fate >= 15) line.erase(line.begin() + static_cast<std::ptrdiff_t>(at));
    if (fate >= 90) continue;
    const auto received = group.to_bob(message);
    if (received.ok()) {
      EXPECT_EQ(to_text(*received), std::to_string(number));
      ++decrypted[static_cast<std::size_t>(number)];
    } else {
      EXPECT_EQ(received.error().cause, Cause::kSignalDuplicate) << received.error().message;
      ++duplicates[static_cast<std::size_t>(number)];
    }
  }
  int delivered = 0;
  for (std::size_t number = 0; number < kMessages; ++number) {
    EXPECT_LE(decrypted[number], 1) << number;
    EXPECT_TRUE(duplicates[number] == 0 || decrypted[number] == 1) << number;
    delivered += decrypted[number];
  }
  EXPECT_GT(delivered, kMessages * 3 / 4);
}

}  // namespace
}  // namespace ponte::crypto
