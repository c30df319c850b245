// Two parties of the Signal layer, each with its records in memory.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#include "crypto/signal/sender_keys.h"
#include "crypto/signal/sessions.h"
#include "support/scripted_random.h"

namespace ponte::test {

/// A SignalStore in memory. Every call counts, and the nth from now can be made to fail.
class MemorySignalStore final : public crypto::SignalStore {
 public:
  /// What can be written, to compare before and after.
  struct Records {
    std::map<crypto::SignalAddress, Bytes> sessions;
    std::map<crypto::SignalAddress, crypto::PublicKey> identities;
    std::map<std::uint32_t, crypto::PrivateKey> prekeys;
    std::map<crypto::SenderKeyName, Bytes> sender_keys;

    Records copy() const {
      Records out{sessions, identities, {}, sender_keys};
      for (const auto& [id, key] : prekeys) out.prekeys.emplace(id, key.copy());
      return out;
    }
    bool operator==(const Records& other) const {
      return sessions == other.sessions && identities == other.identities && sender_keys == other.sender_keys &&
             std::equal(prekeys.begin(), prekeys.end(), other.prekeys.begin(), other.prekeys.end(),
                        [](const auto& left, const auto& right) { return left.first == right.first; });
    }
  };

  Records records;
  std::map<std::uint32_t, crypto::KeyPair> signed_prekeys;
  crypto::KeyPair identity;
  std::uint32_t registration_id = 0;

  static Error fault() { return {Errc::kStorage, Cause::kStoreUnavailable, "the test made this call fail"}; }
  /// The nth call from now (1: the next) fails; 0: none does.
  void fail_call(std::size_t nth) { fails_in_ = nth; }
  /// The nth call from now throws instead.
  void throw_in_call(std::size_t nth) { throws_in_ = nth; }
  /// Calls so far.
  std::size_t calls() const { return calls_; }
  /// Calls that wrote so far.
  std::size_t writes() const { return writes_; }

  Result<std::optional<Bytes>> load_session(const crypto::SignalAddress& address) override {
    return find(records.sessions, address, [](const Bytes& record) { return record; });
  }
  Status store_session(const crypto::SignalAddress& address, Bytes record) override {
    return write([&] { records.sessions[address] = std::move(record); });
  }
  Result<std::optional<crypto::PublicKey>> load_identity(const crypto::SignalAddress& address) override {
    return find(records.identities, address, [](const crypto::PublicKey& key) { return key; });
  }
  Status store_identity(const crypto::SignalAddress& address, const crypto::PublicKey& key) override {
    return write([&] { records.identities[address] = key; });
  }
  Result<std::optional<crypto::PrivateKey>> load_prekey(std::uint32_t id) override {
    return find(records.prekeys, id, [](const crypto::PrivateKey& key) { return key.copy(); });
  }
  Status remove_prekey(std::uint32_t id) override {
    return write([&] { records.prekeys.erase(id); });
  }
  Result<std::optional<crypto::KeyPair>> load_signed_prekey(std::uint32_t id) override {
    return find(signed_prekeys, id, [](const crypto::KeyPair& pair) { return pair.copy(); });
  }
  Result<crypto::KeyPair> own_identity() override {
    PONTE_TRY(called());
    return identity.copy();
  }
  Result<std::uint32_t> own_registration_id() override {
    PONTE_TRY(called());
    return registration_id;
  }
  Result<std::optional<Bytes>> load_sender_key(const crypto::SenderKeyName& name) override {
    return find(records.sender_keys, name, [](const Bytes& record) { return record; });
  }
  Status store_sender_key(const crypto::SenderKeyName& name, Bytes record) override {
    return write([&] { records.sender_keys[name] = std::move(record); });
  }

 private:
  Status called() {
    ++calls_;
    if (throws_in_ > 0 && --throws_in_ == 0) throw std::runtime_error("the test made this call throw");
    if (fails_in_ > 0 && --fails_in_ == 0) return fault();
    return Status::Ok();
  }
  template <typename Write>
  Status write(Write write) {
    PONTE_TRY(called());
    ++writes_;
    write();
    return Status::Ok();
  }
  template <typename Map, typename Copy>
  auto find(const Map& map, const typename Map::key_type& key, Copy copy)
      -> Result<std::optional<typename Map::mapped_type>> {
    PONTE_TRY(called());
    std::optional<typename Map::mapped_type> out;
    if (const auto found = map.find(key); found != map.end()) out.emplace(copy(found->second));
    return out;
  }

  std::size_t fails_in_ = 0;
  std::size_t throws_in_ = 0;
  std::size_t calls_ = 0;
  std::size_t writes_ = 0;
};

/// A device with keys from a seed: identity, signed prekey 1, one-time prekeys 1 to 20.
class SignalParty {
 public:
  SignalParty(std::string name, std::uint64_t seed) : address{std::move(name), 0}, random(seed) {
    store.identity = crypto::generate_key_pair(random);
    store.registration_id = static_cast<std::uint32_t>(random.next() | 1);
    store.signed_prekeys.emplace(1, crypto::generate_key_pair(random));
    for (std::uint32_t id = 1; id <= 20; ++id) add_prekey(id);
  }

  void add_prekey(std::uint32_t id) {
    store.records.prekeys.insert_or_assign(id, crypto::generate_key_pair(random).private_key);
  }

  /// What the server would hand out, with that one-time prekey or none.
  crypto::PrekeyBundle bundle(std::optional<std::uint32_t> one_time) {
    crypto::PrekeyBundle out;
    out.registration_id = store.registration_id;
    out.identity = store.identity.public_key;
    out.signed_prekey_id = 1;
    out.signed_prekey = store.signed_prekeys.at(1).public_key;
    out.signature = sign_key(out.signed_prekey);
    if (one_time) {
      out.one_time = {*one_time, crypto::key_pair_from_private(store.records.prekeys.at(*one_time).copy()).public_key};
    }
    return out;
  }
  /// By the identity, over 05 || key.
  crypto::Signature sign_key(const crypto::PublicKey& key) {
    const ByteArray<1> type = {0x05};
    return crypto::xeddsa_sign(store.identity.private_key, concat({type, key}), random);
  }

  crypto::SignalSessions sessions() { return {store, random}; }
  crypto::SenderKeys sender_keys() { return {store, random}; }

  crypto::SignalAddress address;
  MemorySignalStore store;
  SeededRandom random;
};

/// Two devices. Alice begins with a bundle of Bob's.
struct SignalPair {
  SignalParty alice{"alice", 11};
  SignalParty bob{"bob", 22};

  crypto::PeerIdentity begin(std::optional<std::uint32_t> one_time = 5) {
    const auto began = alice.sessions().process_bundle(bob.address, bob.bundle(one_time));
    EXPECT_TRUE(began.ok());
    return *began;
  }
  crypto::SignalCiphertext from_alice(std::string_view plaintext) {
    return *alice.sessions().encrypt(bob.address, as_bytes(plaintext));
  }
  crypto::SignalCiphertext from_bob(std::string_view plaintext) {
    return *bob.sessions().encrypt(alice.address, as_bytes(plaintext));
  }
  Result<crypto::SignalPlaintext> to_alice(const crypto::SignalCiphertext& message) {
    return alice.sessions().decrypt(bob.address, message.type, message.bytes);
  }
  Result<crypto::SignalPlaintext> to_bob(const crypto::SignalCiphertext& message) {
    return bob.sessions().decrypt(alice.address, message.type, message.bytes);
  }
  /// Both have heard each other.
  void settle() {
    begin();
    ASSERT_TRUE(to_bob(from_alice("hello")).ok());
    ASSERT_TRUE(to_alice(from_bob("hello")).ok());
  }
};

/// The plaintext, or what went wrong.
inline std::string text(const Result<crypto::SignalPlaintext>& plaintext) {
  return plaintext.ok() ? to_text(plaintext->bytes) : plaintext.error().message;
}

inline Cause cause_of(const Result<crypto::SignalPlaintext>& plaintext) {
  EXPECT_FALSE(plaintext.ok());
  return plaintext.ok() ? Cause::kInternal : plaintext.error().cause;
}

}  // namespace ponte::test
