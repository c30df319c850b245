// Messages between two devices, end to end (wire: messages.md 1.3 to 1.5): X3DH and the double ratchet of libsignal.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "crypto/curve25519.h"
#include "crypto/signal/store.h"

namespace ponte::crypto {

class SignalContext;

/// What a peer published so that others can begin a session while it is away (wire: messages.md 1.7). Keys are raw.
struct PrekeyBundle {
  struct OneTime {
    std::uint32_t id = 0;
    PublicKey key{};
  };

  std::uint32_t registration_id = 0;
  PublicKey identity{};
  std::uint32_t signed_prekey_id = 0;
  PublicKey signed_prekey{};
  Signature signature{};            ///< by the identity, over 05 || signed_prekey
  std::optional<OneTime> one_time;  ///< absent where the server had none left
};

/// The two kinds of `<enc>` between devices.
enum class SignalMessageType {
  kPrekey,   ///< `pkmsg`: also carries what the receiver needs to begin the session
  kMessage,  ///< `msg`
};

struct SignalCiphertext {
  SignalMessageType type = SignalMessageType::kMessage;
  Bytes bytes;
};

/// A peer's identity key against the one it was last seen with. A changed one is accepted and reported
/// (wire: messages.md 1.8).
enum class PeerIdentity { kNew, kKnown, kChanged };

struct SignalPlaintext {
  Bytes bytes;                                   ///< still padded
  PeerIdentity identity = PeerIdentity::kKnown;  ///< only a `pkmsg` says it; of a `msg` it is the session's
};

/// The session that messages to a peer go out on.
struct SignalSessionInfo {
  std::uint32_t remote_registration_id = 0;
  PublicKey base_key{};       ///< of who began the session: two sessions differ in it
  bool acknowledged = false;  ///< false: the peer was not heard yet, messages still go out as kPrekey
};

/// Operations on sessions, made for one step of an account and cheap to make. One thread; what it is made from outlives
/// it. Holds no record between operations, so that two of them over one store see the same.
///
/// Whatever fails has written nothing to the store, unless the store itself failed while writing. An Error of the
/// store comes out as it is; what a RandomSource or a store throws is thrown on, past libsignal.
class SignalSessions {
 public:
  SignalSessions(SignalStore& store, RandomSource& random);
  SignalSessions(SignalSessions&&) noexcept;
  SignalSessions& operator=(SignalSessions&&) = delete;
  ~SignalSessions();

  /// The open session with the address; nullopt where there is none, or only archived ones.
  Result<std::optional<SignalSessionInfo>> session(const SignalAddress& address);

  /// The ratchet has moved on afterwards: commit before the bytes leave (wire: messages.md 1.5).
  /// kNotFound/kSignalNoSession where none is open.
  Result<SignalCiphertext> encrypt(const SignalAddress& address, ByteView plaintext);

  /// kAlreadyExists/kSignalDuplicate: decrypted before; a plain receipt answers it.
  /// kNotFound/kSignalNoSession: a `msg` of nobody we have a session with.
  /// kNotFound/kSignalUnknownPrekey: it names a prekey of ours that is not there (any more).
  /// kUntrusted/kSignalInvalidMessage: altered, of another session, more than 2000 ahead (32, in a new chain of an
  /// archived session), or a `pkmsg` whose identity or base key is not that of the session which its message is of.
  /// kUntrusted/kSignalInvalidKey: a key in it is none (is_sound).
  /// kUnsupported/kSignalVersion, kMalformed/kSignalMalformed: it did not parse.
  Result<SignalPlaintext> decrypt(const SignalAddress& address, SignalMessageType type, ByteView message);

  /// Begins a session towards the bundle's owner; one that is open is archived, which loses its sending side: only
  /// where there is a reason (wire: messages.md 1.5). Draws 64 bytes.
  /// kUntrusted/kSignalInvalidKey: the signature is not the identity's, or a key is none.
  Result<PeerIdentity> process_bundle(const SignalAddress& address, const PrekeyBundle& bundle);

  /// Closes the open session: nothing is encrypted on it any more, what is still on its way can be decrypted, which
  /// opens it again. Without an open session nothing changes.
  Status archive(const SignalAddress& address);

 private:
  SignalStore& store_;
  std::unique_ptr<SignalContext> context_;
};

}  // namespace ponte::crypto
