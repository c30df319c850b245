// Pairing codes: their symbols, and what is made from them (wire: pairing.md 6). Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/curve25519.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::pairing {

/// 32 symbols: no 0, I, O and U.
inline constexpr std::string_view kCodeAlphabet = "123456789ABCDEFGHJKLMNPQRSTVWXYZ";
inline constexpr unsigned kCodeIterations = 131'072;
/// A key under a code: salt 32, iv 16, ciphertext 32.
inline constexpr std::size_t kWrappedKeySize = 80;

/// 8 symbols of 5 bits each, the most significant first. As they are typed, without dash.
std::string code_symbols(const ByteArray<5>& bytes);
/// The code as it is used, from what a user wrote: dashes and blanks left out, upper case.
/// kInvalidArgument/kInvalidCode where it is not of 8 symbols of the alphabet.
Result<std::string> parse_code(std::string_view text);
/// `XXXX-XXXX`. Precondition: 8 symbols.
std::string display_code(std::string_view code);

/// The key that a code stands for under a salt; about 40 ms, never on a loop thread.
Secret<32> code_key(std::string_view code, const ByteArray<32>& salt);
/// salt, iv, and `key` under AES-256-CTR: kWrappedKeySize bytes.
Bytes wrap_key(const Secret<32>& code_key, const ByteArray<32>& salt, const ByteArray<16>& iv,
               const crypto::PublicKey& key);
/// The salt of a wrapped key. Precondition: kWrappedKeySize bytes.
ByteArray<32> salt_of(ByteView wrapped);
/// Whatever the code opens: another key than the sender's where the codes differ. Precondition: kWrappedKeySize bytes.
crypto::PublicKey unwrap_key(const Secret<32>& code_key, ByteView wrapped);

/// What the companion tells the phone once it knows that the code was typed.
struct KeyBundle {
  Bytes wrapped;          ///< salt 32, nonce 12, then identities and randomness (96) sealed, tag 16
  Secret<32> adv_secret;  ///< keys the HMAC of pair-success
};
/// Draws, in this order: randomness of the secret (32), salt (32), nonce (12).
/// kUntrusted/kWeakKey where an agreement is all zero.
Result<KeyBundle> make_key_bundle(const crypto::KeyPair& ephemeral, const crypto::PublicKey& primary_ephemeral,
                                  const crypto::KeyPair& identity, const crypto::PublicKey& primary_identity,
                                  RandomSource& random);

/// `<link_code_companion_reg>` of the two stages that a companion says.
wire::Node companion_hello(std::string_view number, ByteView wrapped_ephemeral, const crypto::PublicKey& noise,
                           std::string_view platform_display);
wire::Node companion_finish(std::string_view number, ByteView wrapped_bundle, const crypto::PublicKey& identity,
                            ByteView ref);

/// `companion_platform_display` must be `Browser (OS)` with names that the server knows, else it answers 400
/// (wire: pairing.md 6.1): the device's name where it is such a one, else that of Chrome on Linux.
std::string platform_display(std::string_view device_name);

}  // namespace ponte::protocol::pairing
