// The Signal layer, one operation at a time over records in memory.
#include <benchmark/benchmark.h>

#include <map>

#include "bench/parts.h"
#include "crypto/signal/sender_keys.h"
#include "crypto/signal/sessions.h"
#include "crypto/system_random.h"

namespace ponte::bench {
namespace {

using namespace crypto;
using Type = SignalMessageType;

constexpr std::size_t kPlaintextSize = 200;  // a short text with its protobuf and padding

class RecordsInMemory final : public SignalStore {
 public:
  std::map<SignalAddress, Bytes> sessions;
  std::map<SignalAddress, PublicKey> identities;
  std::map<SenderKeyName, Bytes> sender_keys;
  KeyPair identity;
  KeyPair signed_prekey;
  PrivateKey prekey;

  Result<std::optional<Bytes>> load_session(const SignalAddress& address) override { return find(sessions, address); }
  Status store_session(const SignalAddress& address, Bytes record) override {
    sessions[address] = std::move(record);
    return Status::Ok();
  }
  Result<std::optional<PublicKey>> load_identity(const SignalAddress& address) override {
    return find(identities, address);
  }
  Status store_identity(const SignalAddress& address, const PublicKey& key) override {
    identities[address] = key;
    return Status::Ok();
  }
  Result<std::optional<PrivateKey>> load_prekey(std::uint32_t) override { return std::optional(prekey.copy()); }
  Status remove_prekey(std::uint32_t) override { return Status::Ok(); }
  Result<std::optional<KeyPair>> load_signed_prekey(std::uint32_t) override {
    return std::optional(signed_prekey.copy());
  }
  Result<KeyPair> own_identity() override { return identity.copy(); }
  Result<std::uint32_t> own_registration_id() override { return std::uint32_t{1}; }
  Result<std::optional<Bytes>> load_sender_key(const SenderKeyName& name) override { return find(sender_keys, name); }
  Status store_sender_key(const SenderKeyName& name, Bytes record) override {
    sender_keys[name] = std::move(record);
    return Status::Ok();
  }

 private:
  template <typename Map>
  static std::optional<typename Map::mapped_type> find(const Map& map, const typename Map::key_type& key) {
    const auto found = map.find(key);
    return found != map.end() ? std::optional(found->second) : std::nullopt;
  }
};

struct Device {
  explicit Device(std::string name) : address{std::move(name), 1} {
    store.identity = generate_key_pair(random);
    store.signed_prekey = generate_key_pair(random);
    const KeyPair one_time = generate_key_pair(random);
    store.prekey = one_time.private_key.copy();
    bundle.identity = store.identity.public_key;
    bundle.registration_id = bundle.signed_prekey_id = 1;
    bundle.signed_prekey = store.signed_prekey.public_key;
    const ByteArray<1> type = {0x05};
    bundle.signature = xeddsa_sign(store.identity.private_key, concat({type, bundle.signed_prekey}), random);
    bundle.one_time = {1, one_time.public_key};
  }
  SignalSessions sessions() { return {store, random}; }
  SenderKeys sender_keys() { return {store, random}; }

  SignalAddress address;
  SystemRandom random;
  RecordsInMemory store;
  PrekeyBundle bundle;
};

/// Alice and Bob, who have heard each other; Alice's sender key is known to Bob.
struct Line {
  Line() {
    (void)alice.sessions().process_bundle(bob.address, bob.bundle);
    deliver(alice, bob, "hello");
    deliver(bob, alice, "hello");
    deliver(alice, bob, "hello");
    (void)bob.sender_keys().process(group, *alice.sender_keys().distribution(group));
  }
  static void deliver(Device& from, Device& to, std::string_view text) {
    const auto message = *from.sessions().encrypt(to.address, as_bytes(text));
    (void)to.sessions().decrypt(from.address, message.type, message.bytes);
  }

  Device alice{"111000000000000_1"};
  Device bob{"222000000000000_1"};
  SenderKeyName group{"120363000000000001@g.us", alice.address};
  Bytes plaintext = Bytes(kPlaintextSize, 0x5A);
};

/// Runs `operation` over Bob's records as they are now, each time anew.
template <typename Operation>
void over_same_records(benchmark::State& state, Device& device, Operation operation) {
  const auto sessions = device.store.sessions;
  const auto sender_keys = device.store.sender_keys;
  for (auto _ : state) {
    device.store.sessions = sessions;
    device.store.sender_keys = sender_keys;
    if (!operation()) return state.SkipWithError("refused");
  }
}

void make_sessions(benchmark::State& state) {
  Line line;
  for (auto _ : state) benchmark::DoNotOptimize(line.alice.sessions());
}

void process_bundle(benchmark::State& state) {
  Device alice("a");
  Device bob("b");
  over_same_records(state, alice, [&] { return alice.sessions().process_bundle(bob.address, bob.bundle).ok(); });
}

void encrypt(benchmark::State& state) {
  Line line;
  over_same_records(state, line.alice,
                    [&] { return line.alice.sessions().encrypt(line.bob.address, line.plaintext).ok(); });
}

/// A message of Alice's after `skipped` lost ones.
void decrypt_after(benchmark::State& state, Line& line, int skipped) {
  for (int i = 0; i < skipped; ++i) (void)line.alice.sessions().encrypt(line.bob.address, line.plaintext);
  const auto message = *line.alice.sessions().encrypt(line.bob.address, line.plaintext);
  over_same_records(state, line.bob,
                    [&] { return line.bob.sessions().decrypt(line.alice.address, message.type, message.bytes).ok(); });
}

void decrypt_same_chain(benchmark::State& state) {
  Line line;
  decrypt_after(state, line, 0);
}

void decrypt_ratchet_step(benchmark::State& state) {
  Line line;
  Line::deliver(line.bob, line.alice, "turn");
  decrypt_after(state, line, 0);
}

void decrypt_far_ahead(benchmark::State& state) {
  Line line;
  decrypt_after(state, line, 2000);
}

void decrypt_new_session(benchmark::State& state) {
  Device alice("a");
  Device bob("b");
  (void)alice.sessions().process_bundle(bob.address, bob.bundle);
  const auto message = *alice.sessions().encrypt(bob.address, Bytes(kPlaintextSize));
  over_same_records(state, bob,
                    [&] { return bob.sessions().decrypt(alice.address, message.type, message.bytes).ok(); });
}

void group_encrypt(benchmark::State& state) {
  Line line;
  over_same_records(state, line.alice,
                    [&] { return line.alice.sender_keys().encrypt(line.group, line.plaintext).ok(); });
}

void group_decrypt_after(benchmark::State& state, int skipped) {
  Line line;
  for (int i = 0; i < skipped; ++i) (void)line.alice.sender_keys().encrypt(line.group, line.plaintext);
  const Bytes message = *line.alice.sender_keys().encrypt(line.group, line.plaintext);
  over_same_records(state, line.bob, [&] { return line.bob.sender_keys().decrypt(line.group, message).ok(); });
}

void group_decrypt(benchmark::State& state) {
  group_decrypt_after(state, 0);
}
void group_decrypt_far_ahead(benchmark::State& state) {
  group_decrypt_after(state, 2000);
}

/// What comes with every group message of some peers.
void process_known_distribution(benchmark::State& state) {
  Line line;
  const Bytes distribution = *line.alice.sender_keys().distribution(line.group);
  over_same_records(state, line.bob, [&] { return line.bob.sender_keys().process(line.group, distribution).ok(); });
}

}  // namespace

void register_signal_parts() {
  benchmark::RegisterBenchmark("signal, make sessions", make_sessions);
  benchmark::RegisterBenchmark("signal, bundle", process_bundle);
  benchmark::RegisterBenchmark("signal, encrypt 200", encrypt);
  benchmark::RegisterBenchmark("signal, decrypt same chain", decrypt_same_chain);
  benchmark::RegisterBenchmark("signal, decrypt ratchet step", decrypt_ratchet_step);
  benchmark::RegisterBenchmark("signal, decrypt pkmsg", decrypt_new_session);
  benchmark::RegisterBenchmark("signal, decrypt 2000 ahead", decrypt_far_ahead);
  benchmark::RegisterBenchmark("group, encrypt 200", group_encrypt);
  benchmark::RegisterBenchmark("group, decrypt 200", group_decrypt);
  benchmark::RegisterBenchmark("group, decrypt 2000 ahead", group_decrypt_far_ahead);
  benchmark::RegisterBenchmark("group, distribution again", process_known_distribution);
}

}  // namespace ponte::bench
