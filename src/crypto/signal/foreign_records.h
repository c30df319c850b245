// Records of libsignal from what other implementations of the Signal protocol keep of the same sessions and sender
// keys.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/curve25519.h"

namespace ponte::crypto {

/// Keys of one message that was skipped: it may still come.
struct SkippedMessageKeys {
  std::uint32_t index = 0;
  Secret<32> cipher_key;
  Secret<32> mac_key;
  Secret<16> iv;
};

/// The same from the seed that some keep instead.
SkippedMessageKeys skipped_message_keys(std::uint32_t index, const Secret<32>& seed);

/// A chain under one ratchet key of the peer, or the one on which messages go out.
struct ForeignChain {
  PublicKey ratchet_key{};
  std::optional<PrivateKey> ratchet_private;  ///< only of the one on which messages go out
  std::optional<Secret<32>> key;              ///< absent: the peer has gone on, nothing new comes on it
  std::uint32_t index = 0;                    ///< of the next message
  std::vector<SkippedMessageKeys> skipped;
};

/// What the peer has not acknowledged yet: messages go out with it in front.
struct ForeignPendingPrekey {
  std::optional<std::uint32_t> prekey_id;
  std::uint32_t signed_prekey_id = 0;
  PublicKey base_key{};
};

struct ForeignSession {
  PublicKey local_identity{};
  PublicKey remote_identity{};
  std::uint32_t local_registration_id = 0;
  std::uint32_t remote_registration_id = 0;
  PublicKey base_key{};  ///< of who began it
  Secret<32> root_key;
  std::uint32_t previous_counter = 0;
  ForeignChain sending;
  std::vector<ForeignChain> receiving;  ///< oldest first; libsignal keeps the last five
  std::optional<ForeignPendingPrekey> pending;
};

enum class CurrentSession { kOpen, kNone };

/// A record with these sessions, newest first; the first is the one on which messages go out, where there is such a
/// one. A chain that is closed gets a key that is drawn: nobody can make a message on it. kMalformed/kSignalMalformed
/// where a session is not whole, kUntrusted/kSignalInvalidKey where a public key is none.
Result<Bytes> session_record_of(const std::vector<ForeignSession>& sessions, CurrentSession current,
                                RandomSource& random);

struct ForeignSenderKey {
  struct Skipped {
    std::uint32_t iteration = 0;
    Secret<32> seed;
  };

  std::uint32_t id = 0;
  std::uint32_t iteration = 0;  ///< of the next message
  Secret<32> chain_key;
  PublicKey signing_key{};
  std::vector<Skipped> skipped;
};

/// A record with these keys of another sender, newest first; libsignal keeps the first five. Errors as above.
Result<Bytes> sender_key_record_of(const std::vector<ForeignSenderKey>& keys, RandomSource& random);

}  // namespace ponte::crypto
