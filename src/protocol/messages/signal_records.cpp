#include "protocol/messages/signal_records.h"

#include "store/signal_records.h"

namespace ponte::protocol::messages {

Result<std::optional<Bytes>> SignalRecords::load_session(const crypto::SignalAddress& address) {
  return store::get_signal_session(transaction_, address);
}

Status SignalRecords::store_session(const crypto::SignalAddress& address, Bytes record) {
  store::put_signal_session(transaction_, address, std::move(record));
  return Status::Ok();
}

Result<std::optional<crypto::PublicKey>> SignalRecords::load_identity(const crypto::SignalAddress& address) {
  return store::get_signal_identity(transaction_, address);
}

Status SignalRecords::store_identity(const crypto::SignalAddress& address, const crypto::PublicKey& identity) {
  store::put_signal_identity(transaction_, address, identity);
  return Status::Ok();
}

Result<std::optional<crypto::PrivateKey>> SignalRecords::load_prekey(std::uint32_t id) {
  PONTE_ASSIGN(auto key, store::get_prekey(transaction_, id));
  if (key) return std::optional(std::move(*key));
  return store::get_handed_prekey(transaction_, id);
}

Status SignalRecords::remove_prekey(std::uint32_t id) {
  store::erase_prekey(transaction_, id);
  store::erase_handed_prekey(transaction_, id);
  return Status::Ok();
}

Result<std::optional<crypto::KeyPair>> SignalRecords::load_signed_prekey(std::uint32_t id) {
  if (id == credentials_.signed_prekey.id) return std::optional(credentials_.signed_prekey.pair.copy());
  PONTE_ASSIGN(auto replaced, store::get_replaced_signed_prekey(transaction_, id));
  if (!replaced) return std::optional<crypto::KeyPair>();
  return std::optional(crypto::key_pair_from_private(std::move(*replaced)));
}

Result<crypto::KeyPair> SignalRecords::own_identity() {
  return credentials_.identity.copy();
}

Result<std::uint32_t> SignalRecords::own_registration_id() {
  return credentials_.registration_id;
}

Result<std::optional<Bytes>> SignalRecords::load_sender_key(const crypto::SenderKeyName& name) {
  return store::get_sender_key(transaction_, name);
}

Status SignalRecords::store_sender_key(const crypto::SenderKeyName& name, Bytes record) {
  store::put_sender_key(transaction_, name, std::move(record));
  return Status::Ok();
}

}  // namespace ponte::protocol::messages
