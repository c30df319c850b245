// Messages to a group, end to end (wire: messages.md 1.3 to 1.5): one chain of keys for each sender, handed to every
// other device in messages between two.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "crypto/signal/store.h"

namespace ponte::crypto {

class SignalContext;

/// Operations on sender keys. Made, used and failing as SignalSessions: for one step, on one thread, and nothing is
/// written by what fails.
class SenderKeys {
 public:
  SenderKeys(SignalStore& store, RandomSource& random);
  SenderKeys(SenderKeys&&) noexcept;
  SenderKeys& operator=(SenderKeys&&) = delete;
  ~SenderKeys();

  /// The distribution message for who joins now: our key as it stands, made where there is none. Whoever has it reads
  /// what is encrypted from now on. To make another key, remove the record first. Draws 68 bytes for a new key.
  Result<Bytes> distribution(const SenderKeyName& own);

  /// Takes a peer's distribution message. A key that is known already stays as it is, with what it skipped, and becomes
  /// the newest: peers send theirs again and again (wire: messages.md 1.5). The newest 5 are kept.
  /// kMalformed/kSignalMalformed, kUnsupported/kSignalVersion, kUntrusted/kSignalInvalidKey: it did not parse, or its
  /// signing key is none. kUntrusted/kSignalInvalidMessage: it comes under the name of a key of our own.
  Status process(const SenderKeyName& peer, ByteView distribution);

  /// An `skmsg`. The chain has moved on afterwards: commit before the bytes leave. Draws 64 bytes.
  /// kNotFound/kSignalNoSenderKey: there is no key of our own, see `distribution`.
  Result<Bytes> encrypt(const SenderKeyName& own, ByteView plaintext);

  /// The plaintext, still padded.
  /// kAlreadyExists/kSignalDuplicate: decrypted before.
  /// kNotFound/kSignalNoSenderKey: no distribution message of that key came.
  /// kUntrusted/kSignalInvalidMessage: altered, signed by another key, or more than 2000 ahead.
  /// kUnsupported/kSignalVersion, kMalformed/kSignalMalformed: it did not parse.
  Result<Bytes> decrypt(const SenderKeyName& peer, ByteView message);

 private:
  SignalStore& store_;
  std::unique_ptr<SignalContext> context_;
};

}  // namespace ponte::crypto
