// The Signal records of one simulated device, in memory.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "base/random.h"
#include "crypto/signal/store.h"
#include "simulator/accounts.h"

namespace ponte::simulator {

/// One thread.
class PhoneStore final : public crypto::SignalStore {
 public:
  /// Keys of a new device with that identity: registration id, a signed prekey.
  PhoneStore(const crypto::KeyPair& identity, RandomSource& random);

  /// `count` new one-time prekeys under ids that were never used, in order; their private keys are kept.
  std::vector<Prekey> make_prekeys(std::size_t count, RandomSource& random);
  /// What the device has published besides those.
  Registration registration() const;

  /// As after a restore from a backup without them: sessions, identities and sender keys are gone, its own keys stay.
  void forget_peers();
  void forget_session(const crypto::SignalAddress& address) { sessions_.erase(address); }
  void forget_sender_key(const crypto::SenderKeyName& name) { sender_keys_.erase(name); }
  std::size_t session_count() const { return sessions_.size(); }

  Result<std::optional<Bytes>> load_session(const crypto::SignalAddress& address) override;
  Status store_session(const crypto::SignalAddress& address, Bytes record) override;
  Result<std::optional<crypto::PublicKey>> load_identity(const crypto::SignalAddress& address) override;
  Status store_identity(const crypto::SignalAddress& address, const crypto::PublicKey& identity) override;
  Result<std::optional<crypto::PrivateKey>> load_prekey(std::uint32_t id) override;
  Status remove_prekey(std::uint32_t id) override;
  Result<std::optional<crypto::KeyPair>> load_signed_prekey(std::uint32_t id) override;
  Result<crypto::KeyPair> own_identity() override { return identity_.copy(); }
  Result<std::uint32_t> own_registration_id() override { return registration_id_; }
  Result<std::optional<Bytes>> load_sender_key(const crypto::SenderKeyName& name) override;
  Status store_sender_key(const crypto::SenderKeyName& name, Bytes record) override;

 private:
  crypto::KeyPair identity_;
  std::uint32_t registration_id_ = 0;
  SignedPrekey signed_prekey_;
  crypto::KeyPair signed_prekey_pair_;
  std::uint32_t next_prekey_ = 1;
  std::map<std::uint32_t, crypto::PrivateKey> prekeys_;
  std::map<crypto::SignalAddress, Bytes> sessions_;
  std::map<crypto::SignalAddress, crypto::PublicKey> identities_;
  std::map<crypto::SenderKeyName, Bytes> sender_keys_;
};

/// Under which a simulated device keeps what it has with that one: its LID (wire: messages.md 1.1).
crypto::SignalAddress signal_address(const Account& account, std::uint16_t device);

}  // namespace ponte::simulator
