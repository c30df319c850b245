#include "portable/foreign_sessions.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "crypto/compare.h"

namespace ponte::portable {
namespace {

using crypto::ForeignChain;
using crypto::ForeignSenderKey;
using crypto::ForeignSession;
using crypto::SkippedMessageKeys;

constexpr std::uint32_t kVersion = 3;
constexpr int kSending = 1;
constexpr std::size_t kMostSessions = 41;

template <typename T>
bool take(std::optional<T> found, T& into) {
  if (found) into = std::move(*found);
  return found.has_value();
}

// ---- whatsmeow --------------------------------------------------------------------------------------

std::optional<SkippedMessageKeys> skipped_of_go(const Json& json) {
  SkippedMessageKeys keys;
  const bool whole = take(number_of(field(json, "Index")), keys.index) &&
                     take(secret_of<32>(field(json, "CipherKey")), keys.cipher_key) &&
                     take(secret_of<32>(field(json, "MacKey")), keys.mac_key) &&
                     take(secret_of<16>(field(json, "IV")), keys.iv);
  return whole ? std::optional(std::move(keys)) : std::nullopt;
}

std::optional<ForeignChain> chain_of_go(const Json& json) {
  ForeignChain chain;
  const Json& key = field(json, "ChainKey");
  const bool whole = take(public_key_of(field(json, "SenderRatchetKeyPublic")), chain.ratchet_key) &&
                     take(number_of(field(key, "Index")), chain.index);
  chain.key = secret_of<32>(field(key, "Key"));
  chain.ratchet_private = secret_of<32>(field(json, "SenderRatchetKeyPrivate"));
  if (!whole || !chain.key) return std::nullopt;
  for (const Json& one : field(json, "MessageKeys")) {
    auto keys = skipped_of_go(one);
    if (!keys) return std::nullopt;
    chain.skipped.push_back(std::move(*keys));
  }
  return chain;
}

/// False where something is there that is not whole.
bool pending_of_go(const Json& json, std::optional<crypto::ForeignPendingPrekey>& into) {
  if (json.is_null()) return true;
  crypto::ForeignPendingPrekey pending;
  const bool whole = take(number_of(field(json, "SignedPreKeyID")), pending.signed_prekey_id) &&
                     take(public_key_of(field(json, "BaseKey")), pending.base_key);
  const Json& id = field(json, "PreKeyID");
  if (!id.is_null() && field(id, "IsEmpty") != true) {
    pending.prekey_id = number_of(field(id, "Value"));
    if (!pending.prekey_id) return false;
  }
  into = pending;
  return whole;
}

std::optional<ForeignSession> session_of_go(const Json& json) {
  ForeignSession session;
  if (number_of(field(json, "SessionVersion")) != kVersion) return std::nullopt;
  const bool whole = take(public_key_of(field(json, "LocalIdentityPublic")), session.local_identity) &&
                     take(public_key_of(field(json, "RemoteIdentityPublic")), session.remote_identity) &&
                     take(number_of(field(json, "LocalRegistrationID")), session.local_registration_id) &&
                     take(number_of(field(json, "RemoteRegistrationID")), session.remote_registration_id) &&
                     take(public_key_of(field(json, "SenderBaseKey")), session.base_key) &&
                     take(secret_of<32>(field(json, "RootKey")), session.root_key) &&
                     take(number_of(field(json, "PreviousCounter")), session.previous_counter) &&
                     take(chain_of_go(field(json, "SenderChain")), session.sending) &&
                     pending_of_go(field(json, "PendingPreKey"), session.pending);
  if (!whole) return std::nullopt;
  for (const Json& one : field(json, "ReceiverChains")) {
    auto chain = chain_of_go(one);
    if (!chain) return std::nullopt;
    chain->ratchet_private.reset();
    session.receiving.push_back(std::move(*chain));
  }
  // Of a chain that never sent it counts on, below zero.
  if (session.previous_counter == std::numeric_limits<std::uint32_t>::max()) session.previous_counter = 0;
  return session;
}

// ---- Baileys ----------------------------------------------------------------------------------------

/// Baileys counts the last message, from -1; libsignal the next one.
std::optional<std::uint32_t> next_after(const Json& counter) {
  if (!counter.is_number_integer()) return std::nullopt;
  const auto last = counter.get<std::int64_t>();
  if (last < -1 || last >= std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(last + 1);
}

std::optional<std::uint32_t> index_of(const std::string& text) {
  if (text.empty() || text.size() > 10 || text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
  const unsigned long long index = std::stoull(text);
  if (index > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(index);
}

std::optional<ForeignChain> chain_of_node(const std::string& ratchet_key, const Json& json) {
  ForeignChain chain;
  const Json& key = field(json, "chainKey");
  if (!take(public_key_of(Json(ratchet_key)), chain.ratchet_key) ||
      !take(next_after(field(key, "counter")), chain.index))
    return std::nullopt;
  if (!field(key, "key").is_null()) {
    chain.key = secret_of<32>(field(key, "key"));
    if (!chain.key) return std::nullopt;
  }
  for (const auto& [index, seed] : field(json, "messageKeys").items()) {
    const auto number = index_of(index);
    const auto bytes = secret_of<32>(seed);
    if (!number || !bytes) return std::nullopt;
    chain.skipped.push_back(crypto::skipped_message_keys(*number, *bytes));
  }
  return chain;
}

bool pending_of_node(const Json& json, std::optional<crypto::ForeignPendingPrekey>& into) {
  if (json.is_null()) return true;
  crypto::ForeignPendingPrekey pending;
  const bool whole = take(number_of(field(json, "signedKeyId")), pending.signed_prekey_id) &&
                     take(public_key_of(field(json, "baseKey")), pending.base_key);
  const Json& id = field(json, "preKeyId");
  if (!id.is_null()) {
    pending.prekey_id = number_of(id);
    if (!pending.prekey_id) return false;
  }
  into = pending;
  return whole;
}

/// The chains, and which of them is the one on which messages go out.
bool chains_of_node(const Json& json, ForeignSession& session) {
  const Json& pair = field(field(json, "currentRatchet"), "ephemeralKeyPair");
  const auto own_key = public_key_of(field(pair, "pubKey"));
  for (const auto& [ratchet_key, one] : field(json, "_chains").items()) {
    auto chain = chain_of_node(ratchet_key, one);
    if (!chain) return false;
    if (field(one, "chainType") != kSending) {
      session.receiving.push_back(std::move(*chain));
    } else if (own_key && chain->ratchet_key == *own_key) {
      chain->skipped.clear();
      session.sending = std::move(*chain);
      session.sending.ratchet_private = secret_of<32>(field(pair, "privKey"));
    }
  }
  return session.sending.key && session.sending.ratchet_private;
}

std::optional<ForeignSession> session_of_node(const Json& json, const Json& record, const OwnSide& own) {
  ForeignSession session;
  session.local_identity = own.identity;
  session.local_registration_id = own.registration_id;
  const Json& info = field(json, "indexInfo");
  const Json& ratchet = field(json, "currentRatchet");
  const Json& registration = field(json, "registrationId");
  const auto previous = long_of(field(ratchet, "previousCounter"));
  const bool whole = take(public_key_of(field(info, "remoteIdentityKey")), session.remote_identity) &&
                     take(public_key_of(field(info, "baseKey")), session.base_key) &&
                     take(secret_of<32>(field(ratchet, "rootKey")), session.root_key) &&
                     take(number_of(registration.is_null() ? field(record, "registrationId") : registration),
                          session.remote_registration_id) &&
                     pending_of_node(field(json, "pendingPreKey"), session.pending);
  if (!whole || !previous || !chains_of_node(json, session)) return std::nullopt;
  // Of a chain that never sent it is -1.
  session.previous_counter = static_cast<std::uint32_t>(std::clamp<std::int64_t>(*previous, 0, 0xFFFF'FFFF));
  return session;
}

struct Listed {
  const Json* entry = nullptr;
  bool open = false;
  double used = 0;
};

/// The open one first, then those that were used last.
std::vector<Listed> listed(const Json& record) {
  std::vector<Listed> entries;
  bool open_found = false;
  for (const Json& entry : field(record, "_sessions")) {
    const Json& info = field(entry, "indexInfo");
    const Json& used = field(info, "used");
    const bool open = !open_found && field(info, "closed") == -1;
    open_found = open_found || open;
    entries.push_back({&entry, open, used.is_number() ? used.get<double>() : 0});
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Listed& left, const Listed& right) {
    return left.open != right.open ? left.open : left.used > right.used;
  });
  return entries;
}

bool is_zero(const Secret<32>& key) {
  return crypto::equal_constant_time(key.view(), ByteArray<32>{});
}

}  // namespace

std::optional<ForeignSessions> sessions_of_whatsmeow(const Json& record) {
  ForeignSessions out;
  const Json& current = field(record, "SessionState");
  // What is left where the open one was archived has never sent.
  const bool none_open = field(current, "SenderBaseKey").is_null();
  if (none_open) {
    out.current = crypto::CurrentSession::kNone;
  } else if (auto session = session_of_go(current)) {
    out.sessions.push_back(std::move(*session));
  } else {
    return std::nullopt;
  }
  for (const Json& previous : field(record, "PreviousStates")) {
    if (out.sessions.size() == kMostSessions) break;
    if (auto session = session_of_go(previous)) out.sessions.push_back(std::move(*session));
  }
  if (out.sessions.empty()) return std::nullopt;
  return out;
}

std::optional<ForeignSessions> sessions_of_baileys(const Json& record, const OwnSide& own) {
  ForeignSessions out;
  out.current = crypto::CurrentSession::kNone;
  for (const Listed& entry : listed(record)) {
    if (out.sessions.size() == kMostSessions) break;
    auto session = session_of_node(*entry.entry, record, own);
    if (!session && entry.open) return std::nullopt;
    if (entry.open) out.current = crypto::CurrentSession::kOpen;
    if (session) out.sessions.push_back(std::move(*session));
  }
  if (out.sessions.empty()) return std::nullopt;
  return out;
}

std::optional<ForeignSenderKeys> sender_keys_of_whatsmeow(const Json& record) {
  ForeignSenderKeys out;
  for (const Json& state : field(record, "SenderKeyStates")) {
    ForeignSenderKey key;
    const Json& chain = field(state, "SenderChainKey");
    const bool whole = take(number_of(field(state, "KeyID")), key.id) &&
                       take(number_of(field(chain, "Iteration")), key.iteration) &&
                       take(secret_of<32>(field(chain, "ChainKey")), key.chain_key) &&
                       take(public_key_of(field(state, "SigningKeyPublic")), key.signing_key);
    if (!whole) return std::nullopt;
    for (const Json& one : field(state, "Keys")) {
      ForeignSenderKey::Skipped skipped;
      if (!take(number_of(field(one, "Iteration")), skipped.iteration) ||
          !take(secret_of<32>(field(one, "Seed")), skipped.seed))
        return std::nullopt;
      key.skipped.push_back(std::move(skipped));
    }
    // Of others, zeros stand there.
    const auto private_key = secret_of<32>(field(state, "SigningKeyPrivate"));
    out.own = out.own || (private_key && !is_zero(*private_key));
    out.keys.push_back(std::move(key));
  }
  if (out.keys.empty()) return std::nullopt;
  return out;
}

std::optional<ForeignSenderKeys> sender_keys_of_baileys(const Json& record) {
  ForeignSenderKeys out;
  if (!record.is_array()) return std::nullopt;
  for (const Json& state : record) {
    ForeignSenderKey key;
    const Json& chain = field(state, "senderChainKey");
    const Json& signing = field(state, "senderSigningKey");
    const bool whole = take(number_of(field(state, "senderKeyId")), key.id) &&
                       take(number_of(field(chain, "iteration")), key.iteration) &&
                       take(secret_of<32>(field(chain, "seed")), key.chain_key) &&
                       take(public_key_of(field(signing, "public")), key.signing_key);
    if (!whole) return std::nullopt;
    for (const Json& one : field(state, "senderMessageKeys")) {
      ForeignSenderKey::Skipped skipped;
      if (!take(number_of(field(one, "iteration")), skipped.iteration) ||
          !take(secret_of<32>(field(one, "seed")), skipped.seed))
        return std::nullopt;
      key.skipped.push_back(std::move(skipped));
    }
    const auto private_key = secret_of<32>(field(signing, "private"));
    out.own = out.own || (private_key && !is_zero(*private_key));
    out.keys.push_back(std::move(key));
  }
  if (out.keys.empty()) return std::nullopt;
  std::reverse(out.keys.begin(), out.keys.end());
  return out;
}

}  // namespace ponte::portable
