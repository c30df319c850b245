#include "protocol/devices/signed_prekey.h"

#include <algorithm>

#include "protocol/session/link_state.h"
#include "store/signal_records.h"

namespace ponte::protocol::devices {
namespace {

constexpr std::uint32_t kLastId = 0xFFFFFF;

/// wire: pairing.md 12: under a signature stands the type of the key too.
Bytes signed_text(const crypto::PublicKey& key) {
  return concat({ByteArray<1>{0x05}, key});
}

store::SignedPrekey sign(Step& step, std::uint32_t id, crypto::KeyPair pair) {
  store::SignedPrekey out{id, std::move(pair), {}};
  out.signature =
      crypto::xeddsa_sign(step.link.credentials.identity.private_key, signed_text(out.pair.public_key), step.random);
  return out;
}

/// The greatest id that was ever given to a signed prekey: none above the current one was erased.
Result<std::uint32_t> last_id(Step& step) {
  PONTE_ASSIGN(const std::vector<std::uint32_t> others, store::get_replaced_signed_prekey_ids(step.store));
  std::uint32_t last = step.link.credentials.signed_prekey.id;
  for (const std::uint32_t id : others) last = std::max(last, id);
  return last;
}

}  // namespace

Milliseconds until_rotation(const store::Credentials& credentials, const store::Account& account, Wall now) {
  const Milliseconds age = now - credentials.signed_prekey_at.value_or(account.paired_at);
  if (age >= kRotationInterval || age <= -kRotationInterval) return Milliseconds(0);
  return std::min(kRotationInterval - age, kRotationInterval);
}

Result<std::optional<store::SignedPrekey>> find_successor(Step& step) {
  PONTE_ASSIGN(const std::uint32_t id, last_id(step));
  if (id == step.link.credentials.signed_prekey.id) return std::optional<store::SignedPrekey>();
  PONTE_ASSIGN(auto private_key, store::get_replaced_signed_prekey(step.store, id));
  if (!private_key) return std::optional<store::SignedPrekey>();
  return std::optional(sign(step, id, crypto::key_pair_from_private(std::move(*private_key))));
}

Result<store::SignedPrekey> make_successor(Step& step) {
  PONTE_ASSIGN(const std::uint32_t last, last_id(step));
  if (last >= kLastId) {
    return Error{Errc::kUnavailable, Cause::kCounterExhausted,
                 "signed prekey: expected a free id up to 16777215, all are used up"};
  }
  store::SignedPrekey out = sign(step, last + 1, crypto::generate_key_pair(step.random));
  store::put_replaced_signed_prekey(step.store, out.id, out.pair.private_key);
  return out;
}

Status adopt_successor(Step& step, store::SignedPrekey successor) {
  store::Credentials& credentials = step.link.credentials;
  store::put_replaced_signed_prekey(step.store, credentials.signed_prekey.id,
                                    credentials.signed_prekey.pair.private_key);
  store::erase_replaced_signed_prekey(step.store, successor.id);
  credentials.signed_prekey = std::move(successor);
  credentials.signed_prekey_at = step.now.wall;
  store::put_credentials(step.store, credentials);
  PONTE_ASSIGN(std::vector<std::uint32_t> replaced, store::get_replaced_signed_prekey_ids(step.store));
  std::ranges::sort(replaced, std::greater<>());
  for (std::size_t i = kReplacedKept; i < replaced.size(); ++i) {
    store::erase_replaced_signed_prekey(step.store, replaced[i]);
  }
  return Status::Ok();
}

bool signed_by(const crypto::PublicKey& identity, const crypto::PublicKey& key, const crypto::Signature& signature) {
  return crypto::xeddsa_verify(identity, signed_text(key), signature);
}

}  // namespace ponte::protocol::devices
