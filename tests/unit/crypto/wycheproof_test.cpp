// The cases that Project Wycheproof collected against known mistakes.
#include "base/hex.h"
#include "crypto/aead.h"
#include "crypto/compare.h"
#include "crypto/curve25519.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "crypto/sealing.h"
#include "support/scripted_random.h"
#include "support/vector_cases.h"

namespace ponte::crypto {
namespace {

using test::VectorCase;

TEST(Wycheproof, X25519) {
  for (const VectorCase& vector : test::load_cases("crypto/wycheproof_x25519.vec")) {
    const auto shared = agree(PrivateKey(vector.array<32>("private")), vector.array<32>("public"));
    if (vector.text("result") == "weak") {
      ASSERT_FALSE(shared.ok()) << vector.title;
      EXPECT_EQ(shared.error().cause, Cause::kWeakKey) << vector.title;
    } else {
      ASSERT_TRUE(shared.ok()) << vector.title;
      EXPECT_EQ(to_hex(shared->view()), vector.text("shared")) << vector.title;
    }
  }
}

TEST(Wycheproof, Aes256Gcm) {
  for (const VectorCase& vector : test::load_cases("crypto/wycheproof_gcm.vec")) {
    Aes256Gcm cipher(Secret<32>(vector.array<32>("key")));
    const auto nonce = vector.array<12>("nonce");
    const auto opened = cipher.open(nonce, vector.bytes("sealed"), vector.bytes("aad"));
    ASSERT_EQ(opened.ok(), vector.text("result") == "valid") << vector.title;
    if (!opened.ok()) continue;
    EXPECT_EQ(to_hex(*opened), vector.text("plaintext")) << vector.title;
    EXPECT_EQ(to_hex(cipher.seal(nonce, *opened, vector.bytes("aad"))), vector.text("sealed")) << vector.title;
  }
}

TEST(Wycheproof, XChaCha20Poly1305) {
  for (const VectorCase& vector : test::load_cases("crypto/wycheproof_sealing.vec")) {
    const Secret<32> key(vector.array<32>("key"));
    const Bytes sealed = concat({vector.bytes("nonce"), vector.bytes("sealed")});
    const auto opened = unseal(key, sealed, vector.bytes("aad"));
    ASSERT_EQ(opened.ok(), vector.text("result") == "valid") << vector.title;
    if (!opened.ok()) continue;
    EXPECT_EQ(to_hex(*opened), vector.text("plaintext")) << vector.title;
    test::ScriptedRandom random(vector.bytes("nonce"));
    EXPECT_EQ(seal(key, *opened, vector.bytes("aad"), random), sealed) << vector.title;
  }
}

TEST(Wycheproof, HkdfSha256) {
  for (const VectorCase& vector : test::load_cases("crypto/wycheproof_hkdf.vec")) {
    Bytes out(vector.bytes("output").size());
    hkdf_sha256(vector.bytes("key"), vector.bytes("salt"), vector.bytes("info"), out);
    EXPECT_EQ(to_hex(out), vector.text("output")) << vector.title;
  }
}

TEST(Wycheproof, HmacSha256) {
  for (const VectorCase& vector : test::load_cases("crypto/wycheproof_hmac.vec")) {
    const auto mac = hmac_sha256(vector.bytes("key"), vector.bytes("message"));
    EXPECT_EQ(equal_constant_time(mac, vector.bytes("mac")), vector.text("result") == "valid") << vector.title;
  }
}

}  // namespace
}  // namespace ponte::crypto
