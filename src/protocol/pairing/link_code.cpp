#include "protocol/pairing/link_code.h"

#include <algorithm>
#include <array>

#include "crypto/aead.h"
#include "crypto/ctr.h"
#include "crypto/kdf.h"

namespace ponte::protocol::pairing {
namespace {

constexpr std::size_t kCodeLength = 8;
constexpr std::size_t kSaltSize = 32;
constexpr std::size_t kIvSize = 16;

wire::Node stage_node(std::string_view number, std::string_view stage) {
  return wire::Node("link_code_companion_reg")
      .with("jid", wire::Jid{std::string(number), std::string(wire::kUserServer)})
      .with("stage", stage);
}

}  // namespace

std::string code_symbols(const ByteArray<5>& bytes) {
  std::uint64_t bits = 0;
  for (const std::uint8_t byte : bytes) bits = bits << 8 | byte;
  std::string out(kCodeLength, ' ');
  for (std::size_t i = 0; i < kCodeLength; ++i) out[i] = kCodeAlphabet[bits >> (35 - 5 * i) & 31];
  return out;
}

Result<std::string> parse_code(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '-' || c == ' ') continue;
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    const bool known = kCodeAlphabet.find(c) != std::string_view::npos;
    if (!known || out.size() == kCodeLength) {
      return Error{Errc::kInvalidArgument, Cause::kInvalidCode,
                   "code: expected 8 symbols of " + std::string(kCodeAlphabet)};
    }
    out.push_back(c);
  }
  if (out.size() == kCodeLength) return out;
  return Error{Errc::kInvalidArgument, Cause::kInvalidCode,
               "code: expected 8 symbols, got " + std::to_string(out.size())};
}

std::string display_code(std::string_view code) {
  return std::string(code.substr(0, 4)) + "-" + std::string(code.substr(4));
}

Secret<32> code_key(std::string_view code, const ByteArray<32>& salt) {
  return crypto::pbkdf2_sha256(as_bytes(code), salt, kCodeIterations);
}

Bytes wrap_key(const Secret<32>& code_key, const ByteArray<32>& salt, const ByteArray<16>& iv,
               const crypto::PublicKey& key) {
  return concat({salt, iv, crypto::aes256_ctr(code_key, iv, key)});
}

ByteArray<32> salt_of(ByteView wrapped) {
  return to_array<kSaltSize>(wrapped.first(kSaltSize));
}

crypto::PublicKey unwrap_key(const Secret<32>& code_key, ByteView wrapped) {
  const auto iv = to_array<kIvSize>(wrapped.subspan(kSaltSize, kIvSize));
  return to_array<32>(crypto::aes256_ctr(code_key, iv, wrapped.subspan(kSaltSize + kIvSize)));
}

Result<KeyBundle> make_key_bundle(const crypto::KeyPair& ephemeral, const crypto::PublicKey& primary_ephemeral,
                                  const crypto::KeyPair& identity, const crypto::PublicKey& primary_identity,
                                  RandomSource& random) {
  PONTE_ASSIGN(const Secret<32> ephemeral_shared, crypto::agree(ephemeral.private_key, primary_ephemeral));
  PONTE_ASSIGN(const Secret<32> identity_shared, crypto::agree(identity.private_key, primary_identity));
  Secret<32> contribution;
  random.fill(contribution.mutable_view());
  const auto salt = random.array<kSaltSize>();
  const auto nonce = random.array<12>();

  Secret<32> key;
  crypto::hkdf_sha256(ephemeral_shared.view(), salt, as_bytes("link_code_pairing_key_bundle_encryption_key"),
                      key.mutable_view());
  const SecretBytes contents(concat({identity.public_key, primary_identity, contribution.view()}));
  KeyBundle bundle;
  bundle.wrapped = concat({salt, nonce, crypto::Aes256Gcm(key).seal(nonce, contents.view(), {})});
  const SecretBytes input(concat({ephemeral_shared.view(), identity_shared.view(), contribution.view()}));
  crypto::hkdf_sha256(input.view(), {}, as_bytes("adv_secret"), bundle.adv_secret.mutable_view());
  return bundle;
}

wire::Node companion_hello(std::string_view number, ByteView wrapped_ephemeral, const crypto::PublicKey& noise,
                           std::string_view platform_display) {
  return stage_node(number, "companion_hello")
      .with("should_show_push_notification", "true")
      .child(wire::Node("link_code_pairing_wrapped_companion_ephemeral_pub").bytes(wrapped_ephemeral))
      .child(wire::Node("companion_server_auth_key_pub").bytes(noise))
      .child(wire::Node("companion_platform_id").bytes(as_bytes("1")))  // Chrome, of the characters of 5.2
      .child(wire::Node("companion_platform_display").bytes(as_bytes(platform_display)))
      // A zero byte, not the character: the phone refuses the code otherwise.
      .child(wire::Node("link_code_pairing_nonce").bytes(ByteArray<1>{0x00}));
}

wire::Node companion_finish(std::string_view number, ByteView wrapped_bundle, const crypto::PublicKey& identity,
                            ByteView ref) {
  return stage_node(number, "companion_finish")
      .child(wire::Node("link_code_pairing_wrapped_key_bundle").bytes(wrapped_bundle))
      .child(wire::Node("companion_identity_public").bytes(identity))
      .child(wire::Node("link_code_pairing_ref").bytes(ref));
}

std::string platform_display(std::string_view device_name) {
  static constexpr std::array<std::string_view, 3> kSystems = {"Chrome (Windows)", "Chrome (Mac OS)", "Chrome (Linux)"};
  const bool known = std::find(kSystems.begin(), kSystems.end(), device_name) != kSystems.end();
  return std::string(known ? device_name : "Chrome (Linux)");
}

}  // namespace ponte::protocol::pairing
