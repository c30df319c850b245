#include "simulator/phone_store.h"

#include "base/writer.h"

namespace ponte::simulator {

PhoneStore::PhoneStore(const crypto::KeyPair& identity, RandomSource& random) : identity_(identity.copy()) {
  // 1 to 16380, as phones have it.
  const auto drawn = random.array<2>();
  registration_id_ = 1 + (static_cast<std::uint32_t>(drawn[0]) << 8 | drawn[1]) % 16380;
  signed_prekey_pair_ = crypto::generate_key_pair(random);
  signed_prekey_.id = 1;
  signed_prekey_.key = signed_prekey_pair_.public_key;
  signed_prekey_.signature =
      crypto::xeddsa_sign(identity_.private_key, concat({ByteArray<1>{0x05}, signed_prekey_.key}), random);
}

std::vector<Prekey> PhoneStore::make_prekeys(std::size_t count, RandomSource& random) {
  std::vector<Prekey> out;
  out.reserve(count);
  while (out.size() < count) {
    crypto::KeyPair pair = crypto::generate_key_pair(random);
    out.push_back({next_prekey_, pair.public_key});
    prekeys_.insert_or_assign(next_prekey_++, std::move(pair.private_key));
  }
  return out;
}

Registration PhoneStore::registration() const {
  Registration out;
  out.registration_id = registration_id_;
  out.identity = identity_.public_key;
  out.signed_prekey = signed_prekey_;
  return out;
}

void PhoneStore::forget_peers() {
  sessions_.clear();
  identities_.clear();
  sender_keys_.clear();
}

namespace {

template <typename Map>
auto copy_of(const Map& map, const typename Map::key_type& key) -> std::optional<typename Map::mapped_type> {
  const auto found = map.find(key);
  if (found == map.end()) return std::nullopt;
  return found->second;
}

}  // namespace

Result<std::optional<Bytes>> PhoneStore::load_session(const crypto::SignalAddress& address) {
  return copy_of(sessions_, address);
}

Status PhoneStore::store_session(const crypto::SignalAddress& address, Bytes record) {
  sessions_.insert_or_assign(address, std::move(record));
  return Status::Ok();
}

Result<std::optional<crypto::PublicKey>> PhoneStore::load_identity(const crypto::SignalAddress& address) {
  return copy_of(identities_, address);
}

Status PhoneStore::store_identity(const crypto::SignalAddress& address, const crypto::PublicKey& identity) {
  identities_.insert_or_assign(address, identity);
  return Status::Ok();
}

Result<std::optional<crypto::PrivateKey>> PhoneStore::load_prekey(std::uint32_t id) {
  std::optional<crypto::PrivateKey> out;
  if (const auto found = prekeys_.find(id); found != prekeys_.end()) out = found->second.copy();
  return out;
}

Status PhoneStore::remove_prekey(std::uint32_t id) {
  prekeys_.erase(id);
  return Status::Ok();
}

Result<std::optional<crypto::KeyPair>> PhoneStore::load_signed_prekey(std::uint32_t id) {
  std::optional<crypto::KeyPair> out;
  if (id == signed_prekey_.id) out = signed_prekey_pair_.copy();
  return out;
}

Result<std::optional<Bytes>> PhoneStore::load_sender_key(const crypto::SenderKeyName& name) {
  return copy_of(sender_keys_, name);
}

Status PhoneStore::store_sender_key(const crypto::SenderKeyName& name, Bytes record) {
  sender_keys_.insert_or_assign(name, std::move(record));
  return Status::Ok();
}

crypto::SignalAddress signal_address(const Account& account, std::uint16_t device) {
  return {account.lid_user + "_1", device};
}

}  // namespace ponte::simulator
