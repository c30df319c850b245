// Signal's records over the transaction of a step.
#pragma once

#include "crypto/signal/store.h"
#include "store/records.h"

namespace ponte::protocol::messages {

/// The SignalStore of one step: what an operation writes is committed with everything else that the step does. Refers
/// to what it is made from; lives no longer than the step.
class SignalRecords final : public crypto::SignalStore {
 public:
  SignalRecords(store::Transaction& transaction, const store::Credentials& credentials)
      : transaction_(transaction), credentials_(credentials) {}

  Result<std::optional<Bytes>> load_session(const crypto::SignalAddress& address) override;
  Status store_session(const crypto::SignalAddress& address, Bytes record) override;
  Result<std::optional<crypto::PublicKey>> load_identity(const crypto::SignalAddress& address) override;
  Status store_identity(const crypto::SignalAddress& address, const crypto::PublicKey& identity) override;
  Result<std::optional<crypto::PrivateKey>> load_prekey(std::uint32_t id) override;
  Status remove_prekey(std::uint32_t id) override;
  Result<std::optional<crypto::KeyPair>> load_signed_prekey(std::uint32_t id) override;
  Result<crypto::KeyPair> own_identity() override;
  Result<std::uint32_t> own_registration_id() override;
  Result<std::optional<Bytes>> load_sender_key(const crypto::SenderKeyName& name) override;
  Status store_sender_key(const crypto::SenderKeyName& name, Bytes record) override;

 private:
  store::Transaction& transaction_;
  const store::Credentials& credentials_;
};

}  // namespace ponte::protocol::messages
