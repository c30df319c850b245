#include "crypto/signal/foreign_records.h"

#include <hkdf.h>
#include <ratchet.h>
#include <sender_key.h>
#include <sender_key_state.h>
#include <session_record.h>
#include <session_state.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "crypto/kdf.h"
#include "crypto/signal/context.h"
#include "crypto/signal/errors.h"

namespace ponte::crypto {
namespace {

constexpr std::uint32_t kVersion = 3;
constexpr std::size_t kMostSkipped = 2000;  // libsignal's, of one chain
constexpr std::size_t kMostChains = 5;
constexpr std::size_t kMostSenderKeys = 5;
constexpr std::uint8_t kStateTag = 0x0A;  // repeated bytes, field 1 (sender_key_states.cpp)

using StateHandle = SignalHandle<session_state>;

SignalHandle<hkdf_context> make_kdf(const SignalContext& context) {
  SignalHandle<hkdf_context> kdf;
  require(hkdf_create(out(kdf), kVersion, context.get()) == SG_SUCCESS, "a libsignal HKDF");
  return kdf;
}

SignalHandle<ratchet_chain_key> make_chain_key(const ForeignChain& chain, hkdf_context* kdf,
                                               const SignalContext& context, RandomSource& random) {
  Secret<32> key;
  if (chain.key) {
    key = chain.key->copy();
  } else {
    random.fill(key.mutable_view());
  }
  SignalHandle<ratchet_chain_key> made;
  require(
      ratchet_chain_key_create(out(made), kdf, key.view().data(), key.size(), chain.index, context.get()) == SG_SUCCESS,
      "a libsignal chain key");
  return made;
}

void add_skipped(session_state* state, ec_public_key* ratchet_key, const SkippedMessageKeys& keys) {
  ratchet_message_keys raw{};
  static_assert(sizeof(raw.cipher_key) == 32 && sizeof(raw.mac_key) == 32 && sizeof(raw.iv) == 16);
  std::memcpy(raw.cipher_key, keys.cipher_key.view().data(), sizeof(raw.cipher_key));
  std::memcpy(raw.mac_key, keys.mac_key.view().data(), sizeof(raw.mac_key));
  std::memcpy(raw.iv, keys.iv.view().data(), sizeof(raw.iv));
  raw.counter = keys.index;
  const int code = session_state_set_message_keys(state, ratchet_key, &raw);
  wipe({reinterpret_cast<std::uint8_t*>(&raw), sizeof(raw)});
  require(code == SG_SUCCESS, "libsignal's message keys");
}

Status check_chain(const ForeignChain& chain) {
  if (!is_sound(chain.ratchet_key)) return invalid_key("session: a ratchet key is none");
  if (chain.skipped.size() > kMostSkipped)
    return malformed("session: expected at most 2000 skipped messages on a chain, got " +
                     std::to_string(chain.skipped.size()));
  for (const SkippedMessageKeys& keys : chain.skipped) {
    if (keys.index >= chain.index) return malformed("session: a skipped message lies ahead of its chain");
  }
  return Status::Ok();
}

Status check(const ForeignSession& session) {
  if (!is_sound(session.remote_identity)) return invalid_key("session: the peer's identity key is none");
  if (!is_sound(session.base_key)) return invalid_key("session: its base key is none");
  if (session.pending && !is_sound(session.pending->base_key)) return invalid_key("session: its base key is none");
  if (!session.sending.key || !session.sending.ratchet_private)
    return malformed("session: it has no chain on which messages go out");
  // A private key that is not the public one's would agree with nobody.
  if (key_pair_from_private(session.sending.ratchet_private->copy()).public_key != session.sending.ratchet_key)
    return malformed("session: its ratchet key pair does not fit together");
  for (std::size_t i = 0; i < session.receiving.size(); ++i) {
    PONTE_TRY(check_chain(session.receiving[i]));
    const auto same = [&](const ForeignChain& other) { return other.ratchet_key == session.receiving[i].ratchet_key; };
    if (std::any_of(session.receiving.begin() + static_cast<std::ptrdiff_t>(i) + 1, session.receiving.end(), same))
      return malformed("session: two chains have one ratchet key");
  }
  return Status::Ok();
}

void set_keys(session_state* state, const ForeignSession& session, hkdf_context* kdf, const SignalContext& context) {
  session_state_set_session_version(state, kVersion);
  session_state_set_local_identity_key(state, to_signal(session.local_identity).get());
  session_state_set_remote_identity_key(state, to_signal(session.remote_identity).get());
  session_state_set_local_registration_id(state, session.local_registration_id);
  session_state_set_remote_registration_id(state, session.remote_registration_id);
  session_state_set_alice_base_key(state, to_signal(session.base_key).get());
  session_state_set_previous_counter(state, session.previous_counter);
  SignalHandle<ratchet_root_key> root;
  require(ratchet_root_key_create(out(root), kdf, session.root_key.view().data(), session.root_key.size(),
                                  context.get()) == SG_SUCCESS,
          "a libsignal root key");
  session_state_set_root_key(state, root.get());
}

void set_chains(session_state* state, const ForeignSession& session, hkdf_context* kdf, const SignalContext& context,
                RandomSource& random) {
  const KeyPair pair{session.sending.ratchet_private->copy(), session.sending.ratchet_key};
  session_state_set_sender_chain(state, to_signal(pair).get(),
                                 make_chain_key(session.sending, kdf, context, random).get());
  const std::size_t first = session.receiving.size() - std::min(session.receiving.size(), kMostChains);
  for (std::size_t i = first; i < session.receiving.size(); ++i) {
    const ForeignChain& chain = session.receiving[i];
    const SignalPublicKey ratchet_key = to_signal(chain.ratchet_key);
    require(session_state_add_receiver_chain(state, ratchet_key.get(),
                                             make_chain_key(chain, kdf, context, random).get()) == SG_SUCCESS,
            "a libsignal chain");
    for (const SkippedMessageKeys& keys : chain.skipped) add_skipped(state, ratchet_key.get(), keys);
  }
}

StateHandle make_state(const ForeignSession& session, const SignalContext& context, RandomSource& random) {
  const auto kdf = make_kdf(context);
  StateHandle state;
  require(session_state_create(out(state), context.get()) == SG_SUCCESS, "a libsignal session");
  set_keys(state.get(), session, kdf.get(), context);
  set_chains(state.get(), session, kdf.get(), context, random);
  if (session.pending) {
    const std::uint32_t* prekey_id = session.pending->prekey_id ? &*session.pending->prekey_id : nullptr;
    session_state_set_unacknowledged_pre_key_message(state.get(), prekey_id, session.pending->signed_prekey_id,
                                                     to_signal(session.pending->base_key).get());
  }
  return state;
}

Bytes varint(std::size_t value) {
  Bytes bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<std::uint8_t>(value | 0x80));
  bytes.push_back(static_cast<std::uint8_t>(value));
  return bytes;
}

SignalHandle<sender_key_state> make_sender_key(const ForeignSenderKey& key, const SignalContext& context) {
  SignalHandle<sender_chain_key> chain;
  require(sender_chain_key_create(out(chain), key.iteration, to_buffer(key.chain_key.view()).get(), context.get()) ==
              SG_SUCCESS,
          "a libsignal sender chain");
  SignalHandle<sender_key_state> state;
  require(sender_key_state_create(out(state), key.id, chain.get(), to_signal(key.signing_key).get(), nullptr,
                                  context.get()) == SG_SUCCESS,
          "a libsignal sender key");
  for (const ForeignSenderKey::Skipped& skipped : key.skipped) {
    SignalHandle<sender_message_key> message;
    require(sender_message_key_create(out(message), skipped.iteration, to_buffer(skipped.seed.view()).get(),
                                      context.get()) == SG_SUCCESS,
            "a libsignal sender message key");
    require(sender_key_state_add_sender_message_key(state.get(), message.get()) == SG_SUCCESS,
            "libsignal's sender message keys");
  }
  return state;
}

Status check(const ForeignSenderKey& key) {
  if (!is_sound(key.signing_key)) return invalid_key("sender key: its signing key is none");
  if (key.skipped.size() > kMostSkipped)
    return malformed("sender key: expected at most 2000 skipped messages, got " + std::to_string(key.skipped.size()));
  for (const ForeignSenderKey::Skipped& skipped : key.skipped) {
    if (skipped.iteration >= key.iteration) return malformed("sender key: a skipped message lies ahead of its chain");
  }
  return Status::Ok();
}

}  // namespace

SkippedMessageKeys skipped_message_keys(std::uint32_t index, const Secret<32>& seed) {
  Secret<80> derived;
  hkdf_sha256(seed.view(), {}, as_bytes("WhisperMessageKeys"), derived.mutable_view());
  const ByteView all = derived.view();
  return {index, Secret<32>::from(all.first(32)), Secret<32>::from(all.subspan(32, 32)),
          Secret<16>::from(all.subspan(64, 16))};
}

Result<Bytes> session_record_of(const std::vector<ForeignSession>& sessions, CurrentSession current,
                                RandomSource& random) {
  if (sessions.empty()) return malformed("session record: it holds no session");
  for (const ForeignSession& session : sessions) PONTE_TRY(check(session));
  const SignalContext context(random);
  SignalHandle<session_record> record;
  for (auto session = sessions.rbegin(); session != sessions.rend(); ++session) {
    const StateHandle state = make_state(*session, context, random);
    const int code = record ? session_record_promote_state(record.get(), state.get())
                            : session_record_create(out(record), state.get(), context.get());
    require(code == SG_SUCCESS, "a libsignal record");
  }
  if (current == CurrentSession::kNone)
    require(session_record_archive_current_state(record.get()) == SG_SUCCESS, "a libsignal record");
  SignalBuffer bytes;
  require(session_record_serialize(out(bytes), record.get()) == SG_SUCCESS, "a libsignal record");
  return to_bytes(view(bytes.get()));
}

Result<Bytes> sender_key_record_of(const std::vector<ForeignSenderKey>& keys, RandomSource& random) {
  if (keys.empty()) return malformed("sender key record: it holds no key");
  for (const ForeignSenderKey& key : keys) PONTE_TRY(check(key));
  const SignalContext context(random);
  Bytes record;
  for (std::size_t i = 0; i < std::min(keys.size(), kMostSenderKeys); ++i) {
    const auto state = make_sender_key(keys[i], context);
    SignalBuffer bytes;
    require(sender_key_state_serialize(out(bytes), state.get()) == SG_SUCCESS, "a libsignal sender key");
    const ByteView one = view(bytes.get());
    record.push_back(kStateTag);
    append(record, varint(one.size()));
    append(record, one);
  }
  return record;
}

}  // namespace ponte::crypto
