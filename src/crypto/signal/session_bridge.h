// Private to crypto/signal: the stores that libsignal asks during one operation on one session.
#pragma once

#include <optional>

#include "base/secret.h"
#include "crypto/signal/context.h"
#include "crypto/signal/sessions.h"
#include "crypto/signal/store.h"

namespace ponte::crypto {

using SignalStoreContext =
    std::unique_ptr<signal_protocol_store_context, Releaser<signal_protocol_store_context_destroy>>;

/// Reads through to the SignalStore, each record once; keeps what libsignal writes until `write`, since libsignal
/// also writes on the way to a failure. Lives for one operation; all that it is made from outlives it.
class SessionBridge {
 public:
  SessionBridge(SignalStore& store, SignalContext& context, const SignalAddress& address);
  SessionBridge(const SessionBridge&) = delete;
  SessionBridge& operator=(const SessionBridge&) = delete;

  signal_protocol_store_context* stores() const { return stores_.get(); }
  const signal_protocol_address* address() const { return &address_; }

  /// The session record as the store has it; nullopt where there is none. The view lives until
  /// `present`.
  Result<std::optional<ByteView>> record();

  /// Called after every call into libsignal, whatever it answered: throws on what a callback threw, and gives the
  /// store's first error. It comes before whatever libsignal made of it.
  std::optional<Error> trouble();

  /// What libsignal wrote, still unwritten: the session record, and how the identity compares with the stored one.
  ByteView new_record() const { return new_record_ ? new_record_->view() : ByteView(); }
  PeerIdentity identity() const { return identity_; }
  /// Which of our own prekeys a message named that is not there; for the message of an error.
  std::string missing_prekey() const;

  /// What libsignal reads from now on in place of the store's record; nullopt: none.
  void present(std::optional<ByteView> record);
  /// Keeps the record for `write`, in place of one that libsignal wrote.
  void set_record(ByteView record);
  /// Hands all that was kept to the store: identity, session, then the one-time prekey that served for it.
  Status write();

 private:
  struct Callbacks;

  /// Keeps the first error for `trouble`, and gives what libsignal is told instead.
  int failed(Error error);

  SignalStore& store_;
  SignalContext& context_;
  const SignalAddress& name_;
  signal_protocol_address address_;
  SignalStoreContext stores_;
  std::optional<Error> error_;

  bool asked_ = false;
  std::optional<SecretBytes> record_;
  std::optional<SecretBytes> new_record_;
  std::optional<PublicKey> stored_identity_;
  std::optional<PublicKey> new_identity_;
  PeerIdentity identity_ = PeerIdentity::kKnown;
  std::optional<std::uint32_t> used_prekey_;
  std::optional<std::uint32_t> missing_prekey_;
  std::optional<std::uint32_t> missing_signed_prekey_;
};

}  // namespace ponte::crypto
