// What a peer, a server or a store can do to sessions: refused, reported as what it is, and nothing is written.
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "crypto/signal/sessions.h"
#include "support/signal_store.h"
#include "support/vectors.h"

namespace ponte::crypto {
namespace {

using test::cause_of;
using test::MemorySignalStore;
using test::ScriptedRandom;
using test::SignalPair;
using test::SignalParty;
using test::text;
using Type = SignalMessageType;

/// Causes of a message that was not what the peer sent.
const std::set<Cause> kRefusals = {Cause::kSignalInvalidMessage, Cause::kSignalMalformed, Cause::kSignalVersion,
                                   Cause::kSignalInvalidKey,     Cause::kSignalDuplicate, Cause::kSignalUnknownPrekey};

/// A refusal that left all records as they were.
void expect_refused(SignalPair& pair, Type type, const Bytes& damaged) {
  const auto before = pair.bob.store.records.copy();
  const std::size_t writes = pair.bob.store.writes();
  const auto decrypted = pair.to_bob({type, damaged});
  ASSERT_FALSE(decrypted.ok());
  EXPECT_TRUE(kRefusals.contains(decrypted.error().cause)) << decrypted.error().message;
  EXPECT_EQ(pair.bob.store.writes(), writes);
  EXPECT_TRUE(pair.bob.store.records == before);
}

// --- A minimal protobuf, to take messages of the wire apart ---

/// Offset of the value of a field that is a byte string or a varint below 128, and its size.
std::pair<std::size_t, std::size_t> field(ByteView message, std::size_t begin, std::uint8_t tag) {
  for (std::size_t at = begin; at + 1 < message.size();) {
    const std::uint8_t found = message[at++];
    std::size_t size = 0;
    if ((found & 7) == 2) {
      unsigned shift = 0;
      while (true) {
        size |= static_cast<std::size_t>(message[at] & 0x7F) << shift;
        shift += 7;
        if ((message[at++] & 0x80) == 0) break;
      }
    } else {
      while (message[at + size] & 0x80) ++size;
      ++size;
    }
    if (found == tag) return {at, size};
    at += size;
  }
  ADD_FAILURE() << "no field " << int{tag};
  return {0, 0};
}

constexpr std::uint8_t kBaseKey = 0x12;
constexpr std::uint8_t kIdentity = 0x1A;
constexpr std::uint8_t kInner = 0x22;

Bytes replaced(const Bytes& message, std::uint8_t tag, ByteView value) {
  const auto [at, size] = field(message, 1, tag);
  EXPECT_EQ(size, value.size());
  Bytes out = message;
  std::copy(value.begin(), value.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
  return out;
}

Bytes part(const Bytes& message, std::uint8_t tag) {
  const auto [at, size] = field(message, 1, tag);
  return to_bytes(ByteView(message).subspan(at, size));
}

// --- Damaged messages ---

TEST(SignalDamage, EveryBitOfAMessageCounts) {
  SignalPair pair;
  pair.settle();
  const auto message = pair.from_alice("text");
  ASSERT_EQ(message.type, Type::kMessage);
  for (std::size_t bit = 0; bit < message.bytes.size() * 8; ++bit) {
    Bytes damaged = message.bytes;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    expect_refused(pair, Type::kMessage, damaged);
  }
  EXPECT_EQ(text(pair.to_bob(message)), "text") << "the session goes on";
}

TEST(SignalDamage, EveryBitOfAPrekeyMessageCountsUnlessNothingProtectsIt) {
  SignalPair pair;
  pair.begin(5);
  const auto hello = pair.from_alice("hello");
  ASSERT_EQ(hello.type, Type::kPrekey);
  // Outside of the MAC stand the version that the sender would also speak, and its registration id.
  const auto [registration, size] = field(hello.bytes, 1, 0x28);
  for (std::size_t bit = 0; bit < hello.bytes.size() * 8; ++bit) {
    const std::size_t byte = bit / 8;
    if ((byte == 0 && bit % 8 < 4) || (byte >= registration - 1 && byte < registration + size)) continue;
    Bytes damaged = hello.bytes;
    damaged[byte] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    expect_refused(pair, Type::kPrekey, damaged);
  }
  EXPECT_EQ(text(pair.to_bob(hello)), "hello");
}

TEST(SignalDamage, ShorterMessagesAreRefused) {
  SignalPair pair;
  pair.begin(5);
  const auto hello = pair.from_alice("hello");
  for (const Bytes& prefix : test::truncations(hello.bytes)) {
    if (prefix.size() >= field(hello.bytes, 1, 0x28).first - 1) break;  // only the registration id is missing
    expect_refused(pair, Type::kPrekey, prefix);
  }
  ASSERT_EQ(text(pair.to_bob(hello)), "hello");
  ASSERT_TRUE(pair.to_alice(pair.from_bob("hello")).ok());
  const auto message = pair.from_alice("text");
  for (const Bytes& prefix : test::truncations(message.bytes)) expect_refused(pair, Type::kMessage, prefix);
  expect_refused(pair, Type::kMessage, concat({message.bytes, Bytes(1)}));
  EXPECT_EQ(text(pair.to_bob(message)), "text");
}

TEST(SignalDamage, CausesTellApartWhatCanBeTold) {
  SignalPair pair;
  pair.settle();
  const auto message = pair.from_alice("text");
  const auto refusal = [&](Type type, const Bytes& bytes) {
    const auto decrypted = pair.to_bob({type, bytes});
    EXPECT_FALSE(decrypted.ok());
    return std::pair(decrypted.error().code, decrypted.error().cause);
  };
  using Told = std::pair<Errc, Cause>;
  Bytes version = message.bytes;
  for (const std::uint8_t other : {0x23, 0x43, 0x03, 0xF3}) {
    version[0] = other;
    EXPECT_EQ(refusal(Type::kMessage, version), Told(Errc::kUnsupported, Cause::kSignalVersion));
    EXPECT_EQ(refusal(Type::kPrekey, version), Told(Errc::kUnsupported, Cause::kSignalVersion));
  }
  EXPECT_EQ(refusal(Type::kMessage, {}), Told(Errc::kMalformed, Cause::kSignalMalformed));
  EXPECT_EQ(refusal(Type::kPrekey, {}), Told(Errc::kMalformed, Cause::kSignalMalformed));
  EXPECT_EQ(refusal(Type::kMessage, Bytes(60, 0x33)), Told(Errc::kMalformed, Cause::kSignalMalformed));
  EXPECT_EQ(refusal(Type::kPrekey, message.bytes), Told(Errc::kMalformed, Cause::kSignalMalformed));
  Bytes key = message.bytes;
  key[field(key, 1, 0x0A).first] = 0x06;
  EXPECT_EQ(refusal(Type::kMessage, key), Told(Errc::kUntrusted, Cause::kSignalInvalidKey));
  Bytes mac = message.bytes;
  mac.back() ^= 1;
  EXPECT_EQ(refusal(Type::kMessage, mac), Told(Errc::kUntrusted, Cause::kSignalInvalidMessage));
  EXPECT_EQ(text(pair.to_bob(message)), "text");
  EXPECT_EQ(refusal(Type::kMessage, mac), Told(Errc::kAlreadyExists, Cause::kSignalDuplicate)) << "an old counter";
}

TEST(SignalDamage, AnotherSpellingOfABaseKeyBeginsNoSecondSession) {
  SignalPair pair;
  pair.begin(std::nullopt);
  const auto hello = pair.from_alice("hello");
  ASSERT_TRUE(pair.to_bob(hello).ok());
  Bytes key = part(hello.bytes, kBaseKey);
  key.back() |= 0x80;  // masked when agreed upon, and in no MAC
  expect_refused(pair, Type::kPrekey, replaced(hello.bytes, kBaseKey, key));
}

TEST(SignalDamage, KeysOfLowOrderAreRefused) {
  SignalPair pair;
  pair.begin(5);
  const auto hello = pair.from_alice("hello");
  const ByteArray<33> zero = {0x05};
  for (const std::uint8_t tag : {kBaseKey, kIdentity}) {
    const auto refused = pair.to_bob({Type::kPrekey, replaced(hello.bytes, tag, zero)});
    EXPECT_EQ(cause_of(refused), Cause::kSignalInvalidKey);
  }
}

// --- Envelopes of somebody in between ---

TEST(SignalDamage, AForeignIdentityAroundAKnownSessionIsRefused) {
  SignalPair pair;
  SignalParty mallory("mallory", 66);
  pair.begin(5);
  ASSERT_TRUE(pair.to_bob(pair.from_alice("hello")).ok());
  const auto next = pair.from_alice("next");
  ASSERT_EQ(next.type, Type::kPrekey);
  const ByteArray<1> type = {0x05};
  const Bytes forged = replaced(next.bytes, kIdentity, concat({type, mallory.store.identity.public_key}));
  expect_refused(pair, Type::kPrekey, forged);
  EXPECT_EQ(pair.bob.store.records.identities.at(pair.alice.address), pair.alice.store.identity.public_key);
  EXPECT_EQ(text(pair.to_bob(next)), "next");
}

TEST(SignalDamage, AKnownMessageInAForeignEnvelopeIsRefused) {
  SignalPair pair;
  pair.settle();
  // Mallory begins a session of her own towards Bob, and puts a message of Alice's into its envelope.
  SignalParty mallory("alice", 66);
  ASSERT_TRUE(mallory.sessions().process_bundle(pair.bob.address, pair.bob.bundle(6)).ok());
  const auto from_alice = pair.from_alice("for Bob");
  std::string filler(7, 'x');
  const auto envelope = *mallory.sessions().encrypt(pair.bob.address, as_bytes(filler));
  ASSERT_EQ(part(envelope.bytes, kInner).size(), from_alice.bytes.size());
  expect_refused(pair, Type::kPrekey, replaced(envelope.bytes, kInner, from_alice.bytes));
  EXPECT_EQ(pair.bob.store.records.prekeys.count(6), 1u);
  EXPECT_EQ(text(pair.to_bob(from_alice)), "for Bob");
}

// --- Messages far ahead ---

TEST(SignalDamage, AMessageTooFarAheadIsRefused) {
  SignalPair pair;
  pair.settle();
  for (int skipped = 0; skipped < 2000; ++skipped) (void)pair.from_alice("lost");
  const auto reachable = pair.from_alice("just near enough");
  const auto beyond = pair.from_alice("too far");
  expect_refused(pair, Type::kMessage, beyond.bytes);
  EXPECT_EQ(text(pair.to_bob(reachable)), "just near enough");
  EXPECT_EQ(text(pair.to_bob(beyond)), "too far") << "no longer far";
}

TEST(SignalDamage, SkippedKeysAreKeptUpToTheLimitAndServeOnce) {
  SignalPair pair;
  pair.settle();
  std::vector<SignalCiphertext> sent;
  for (int i = 0; i < 2002; ++i) sent.push_back(pair.from_alice(std::to_string(i)));
  ASSERT_EQ(text(pair.to_bob(sent[2000])), "2000");
  ASSERT_EQ(text(pair.to_bob(sent[2001])), "2001");
  for (const int late : {0, 1, 1000, 1999}) {
    EXPECT_EQ(text(pair.to_bob(sent[late])), std::to_string(late));
    EXPECT_EQ(cause_of(pair.to_bob(sent[late])), Cause::kSignalDuplicate);
  }
}

/// Bob's record of Alice, with as many sessions in it as a stranger likes to make.
void fill(SignalPair& pair, int sessions) {
  for (int i = 0; i < sessions; ++i) {
    SignalParty stranger("alice", 100 + static_cast<std::uint64_t>(i));
    ASSERT_TRUE(stranger.sessions().process_bundle(pair.bob.address, pair.bob.bundle(std::nullopt)).ok());
    ASSERT_TRUE(pair.to_bob(*stranger.sessions().encrypt(pair.bob.address, as_bytes("text"))).ok());
  }
}

/// A `msg` that nobody authenticated.
Bytes made_up(std::uint32_t counter, const PublicKey& ratchet_key) {
  const Bytes head = {0x33, 0x0A, 0x21, 0x05};
  const Bytes numbers = {0x10,
                         static_cast<std::uint8_t>((counter & 0x7F) | 0x80),
                         static_cast<std::uint8_t>(counter >> 7),
                         0x18,
                         0x00,
                         0x22,
                         0x10};
  return concat({head, ratchet_key, numbers, Bytes(16 + 8)});
}

/// On how many states Bob tries a message: each draws a ratchet key.
std::size_t states_tried(SignalPair& pair, Type type, const Bytes& message) {
  ScriptedRandom script;
  script.add_repeated(0x42, 32 * 50);
  const auto refused = SignalSessions(pair.bob.store, script).decrypt(pair.alice.address, type, message);
  EXPECT_EQ(cause_of(refused), Cause::kSignalInvalidMessage);
  return 50 - script.remaining() / 32;
}

TEST(SignalDamage, AMadeUpMessageIsNotComputedOnEveryState) {
  SignalPair pair;
  fill(pair, 45);
  const PublicKey key = pair.bob.store.identity.public_key;
  // Each state would compute 2000 keys before it looks at the MAC.
  EXPECT_EQ(states_tried(pair, Type::kMessage, made_up(2000, key)), 1u);
  EXPECT_EQ(states_tried(pair, Type::kMessage, made_up(33, key)), 1u);
  EXPECT_EQ(states_tried(pair, Type::kMessage, made_up(32, key)), 41u) << "the current one, and 40 archived";
  SignalParty stranger("alice", 77);
  ASSERT_TRUE(stranger.sessions().process_bundle(pair.bob.address, pair.bob.bundle(std::nullopt)).ok());
  Bytes hello = stranger.sessions().encrypt(pair.bob.address, as_bytes("text"))->bytes;
  const auto [inner, size] = field(hello, 1, kInner);
  hello[inner + size - 1] ^= 1;
  EXPECT_EQ(states_tried(pair, Type::kPrekey, hello), 1u) << "the session that it names";
}

TEST(SignalDamage, AMessageFarIntoAChainIsReadByTheArchivedStateThatKnowsTheChain) {
  SignalPair pair;
  pair.settle();
  ASSERT_TRUE(pair.to_bob(pair.from_alice("the chain is known")).ok());
  std::vector<SignalCiphertext> sent;
  for (int i = 0; i < 100; ++i) sent.push_back(pair.from_alice(std::to_string(i)));
  fill(pair, 5);
  const auto strangers = *pair.bob.sessions().session(pair.alice.address);
  EXPECT_EQ(text(pair.to_bob(sent[90])), "90");
  EXPECT_NE((*pair.bob.sessions().session(pair.alice.address))->base_key, strangers->base_key) << "current again";
  EXPECT_EQ(text(pair.to_bob(sent[10])), "10");
  EXPECT_EQ(cause_of(pair.to_bob(sent[90])), Cause::kSignalDuplicate);
  EXPECT_EQ(text(pair.to_bob(pair.from_alice("on"))), "on");
  EXPECT_EQ(text(pair.to_alice(pair.from_bob("and on"))), "and on");
}

TEST(SignalDamage, AMessageFarIntoANewChainIsReadByTheCurrentStateAlone) {
  SignalPair pair;
  pair.settle();
  ASSERT_TRUE(pair.to_alice(pair.from_bob("Alice's next chain is new")).ok());
  for (int i = 0; i < 40; ++i) (void)pair.from_alice("lost");
  const auto far = pair.from_alice("far");
  const auto saved = pair.bob.store.records.copy();
  fill(pair, 1);
  EXPECT_EQ(cause_of(pair.to_bob(far)), Cause::kSignalInvalidMessage);
  pair.bob.store.records = saved.copy();
  EXPECT_EQ(text(pair.to_bob(far)), "far");
}

TEST(SignalDamage, AllOtherSessionsStayWhenOneIsTakenOut) {
  SignalPair pair;
  std::vector<std::unique_ptr<SignalParty>> devices;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    devices.push_back(std::make_unique<SignalParty>("alice", 200 + seed));
    ASSERT_TRUE(devices.back()->sessions().process_bundle(pair.bob.address, pair.bob.bundle(std::nullopt)).ok());
  }
  // In turns, so that each message is of an archived session.
  for (int round = 0; round < 4; ++round) {
    for (const auto& device : devices) {
      const std::string said = std::to_string(round);
      EXPECT_EQ(text(pair.to_bob(*device->sessions().encrypt(pair.bob.address, as_bytes(said)))), said);
      const auto reply = pair.from_bob(said);
      EXPECT_EQ(text(device->sessions().decrypt(pair.bob.address, reply.type, reply.bytes)), said);
    }
  }
}

// --- A store that fails ---

struct Operation {
  const char* name;
  bool (*run)(SignalPair&, Error&);
};

template <typename T>
bool told(const T& result, Error& error) {
  if (!result.ok()) error = result.error();
  return result.ok();
}

/// Each begins where SignalPair::settle ends, but for what it says; the store of Bob fails.
const Operation kOperations[] = {
    {"process_bundle",
     [](SignalPair& pair, Error& error) {
       return told(pair.bob.sessions().process_bundle(pair.alice.address, pair.alice.bundle(9)), error);
     }},
    {"encrypt",
     [](SignalPair& pair, Error& error) {
       return told(pair.bob.sessions().encrypt(pair.alice.address, as_bytes("text")), error);
     }},
    {"decrypt msg", [](SignalPair& pair, Error& error) { return told(pair.to_bob(pair.from_alice("text")), error); }},
    {"decrypt pkmsg of a new session",
     [](SignalPair& pair, Error& error) {
       SignalParty anew("alice", 33);
       EXPECT_TRUE(anew.sessions().process_bundle(pair.bob.address, pair.bob.bundle(7)).ok());
       return told(pair.to_bob(*anew.sessions().encrypt(pair.bob.address, as_bytes("text"))), error);
     }},
    {"session",
     [](SignalPair& pair, Error& error) { return told(pair.bob.sessions().session(pair.alice.address), error); }},
    {"archive",
     [](SignalPair& pair, Error& error) { return told(pair.bob.sessions().archive(pair.alice.address), error); }},
};

TEST(SignalDamage, TheStoresErrorComesOutAsItIs) {
  for (const Operation& operation : kOperations) {
    bool done = false;
    for (std::size_t nth = 1; !done; ++nth) {
      ASSERT_LT(nth, 20u) << operation.name;
      SignalPair pair;
      pair.settle();
      const auto before = pair.bob.store.records.copy();
      pair.bob.store.fail_call(nth);
      Error error;
      done = operation.run(pair, error);
      if (done) break;
      EXPECT_EQ(error.code, MemorySignalStore::fault().code) << operation.name << nth;
      EXPECT_EQ(error.cause, MemorySignalStore::fault().cause) << operation.name << nth;
      EXPECT_EQ(error.message, MemorySignalStore::fault().message) << operation.name << nth;
      // What was written before the write that failed goes with the transaction.
      pair.bob.store.records = before.copy();
      pair.bob.store.fail_call(0);
      EXPECT_TRUE(operation.run(pair, error)) << operation.name << nth << ": " << error.message;
    }
  }
}

TEST(SignalDamage, NothingIsWrittenBeforeEverythingWasRead) {
  for (const Operation& operation : kOperations) {
    SignalPair pair;
    pair.settle();
    const std::size_t calls = pair.bob.store.calls();
    const std::size_t writes = pair.bob.store.writes();
    Error error;
    ASSERT_TRUE(operation.run(pair, error)) << operation.name;
    const std::size_t written = pair.bob.store.writes() - writes;
    const std::size_t read = pair.bob.store.calls() - calls - written;
    // Failing the last read, nothing was written.
    for (std::size_t nth = 1; nth <= read; ++nth) {
      SignalPair again;
      again.settle();
      const std::size_t writes_before = again.bob.store.writes();
      again.bob.store.fail_call(nth);
      EXPECT_FALSE(operation.run(again, error)) << operation.name;
      EXPECT_EQ(again.bob.store.writes(), writes_before) << operation.name << nth;
    }
  }
}

TEST(SignalDamage, WhatTheStoreThrowsIsThrownOn) {
  for (const Operation& operation : kOperations) {
    SignalPair pair;
    pair.settle();
    Error error;
    pair.bob.store.throw_in_call(1);
    EXPECT_THROW(operation.run(pair, error), std::runtime_error) << operation.name;
    EXPECT_TRUE(operation.run(pair, error)) << operation.name << ": " << error.message;
  }
}

TEST(SignalDamage, ADamagedRecordIsCorruptAndNotAbsent) {
  SignalPair pair;
  pair.settle();
  const Bytes good = pair.bob.store.records.sessions.at(pair.alice.address);
  const auto message = pair.from_alice("text");
  pair.bob.store.records.sessions[pair.alice.address] = Bytes(40, 0xFF);
  Error error;
  for (const Operation& operation : kOperations) {
    EXPECT_FALSE(operation.run(pair, error)) << operation.name;
    EXPECT_EQ(error.code, Errc::kStorage) << operation.name;
    EXPECT_EQ(error.cause, Cause::kStoreCorrupt) << operation.name;
  }
  pair.bob.store.records.sessions[pair.alice.address] = good;
  EXPECT_EQ(text(pair.to_bob(message)), "text");
}

}  // namespace
}  // namespace ponte::crypto
