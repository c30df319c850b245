// libsignal's context: what it computes with our primitives behind it, seen through libsignal's own functions.
#include "crypto/signal/context.h"

#include <dlfcn.h>
#include <hkdf.h>

#include <thread>

#include "base/hex.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "support/scripted_random.h"
#include "support/vector_cases.h"

// Exported by the library, in none of its installed headers.
extern "C" {
int signal_crypto_random(signal_context*, std::uint8_t*, std::size_t);
int signal_hmac_sha256_init(signal_context*, void**, const std::uint8_t*, std::size_t);
int signal_hmac_sha256_update(signal_context*, void*, const std::uint8_t*, std::size_t);
int signal_hmac_sha256_final(signal_context*, void*, signal_buffer**);
void signal_hmac_sha256_cleanup(signal_context*, void*);
int signal_sha512_digest_init(signal_context*, void**);
int signal_sha512_digest_update(signal_context*, void*, const std::uint8_t*, std::size_t);
int signal_sha512_digest_final(signal_context*, void*, signal_buffer**);
void signal_sha512_digest_cleanup(signal_context*, void*);
int signal_encrypt(signal_context*, signal_buffer**, int, const std::uint8_t*, std::size_t, const std::uint8_t*,
                   std::size_t, const std::uint8_t*, std::size_t);
int signal_decrypt(signal_context*, signal_buffer**, int, const std::uint8_t*, std::size_t, const std::uint8_t*,
                   std::size_t, const std::uint8_t*, std::size_t);
}

namespace ponte::crypto {
namespace {

using test::ScriptedRandom;
using test::VectorCase;

/// Nothing is drawn.
ScriptedRandom& no_random() {
  static ScriptedRandom random;
  return random;
}

Bytes hmac(SignalContext& context, ByteView key, std::initializer_list<ByteView> parts) {
  void* mac = nullptr;
  EXPECT_EQ(signal_hmac_sha256_init(context.get(), &mac, key.data(), key.size()), 0);
  for (ByteView part : parts) EXPECT_EQ(signal_hmac_sha256_update(context.get(), mac, part.data(), part.size()), 0);
  SignalBuffer digest;
  EXPECT_EQ(signal_hmac_sha256_final(context.get(), mac, out(digest)), 0);
  signal_hmac_sha256_cleanup(context.get(), mac);
  return to_bytes(view(digest.get()));
}

Result<Bytes> cipher(int (*operation)(signal_context*, signal_buffer**, int, const std::uint8_t*, std::size_t,
                                      const std::uint8_t*, std::size_t, const std::uint8_t*, std::size_t),
                     int kind, ByteView key, ByteView iv, ByteView data) {
  SignalContext context(no_random());
  SignalBuffer output;
  const int code = operation(context.get(), out(output), kind, key.data(), key.size(), iv.data(), iv.size(),
                             data.data(), data.size());
  if (code < 0) return Error{Errc::kMalformed, Cause::kInternal, std::to_string(code)};
  return to_bytes(view(output.get()));
}

TEST(SignalContext, ComputesHmacAsTheVectors) {
  SignalContext context(no_random());
  for (const VectorCase& vector : test::load_cases("crypto/wycheproof_hmac.vec")) {
    if (vector.text("result") != "valid") continue;
    const Bytes message = vector.bytes("message");
    const ByteView head = ByteView(message).first(message.size() / 2);
    const ByteView tail = ByteView(message).subspan(message.size() / 2);
    EXPECT_EQ(to_hex(hmac(context, vector.bytes("key"), {head, tail})), vector.text("mac")) << vector.title;
  }
  EXPECT_EQ(hmac(context, {}, {as_bytes("text")}), to_bytes(hmac_sha256({}, as_bytes("text"))));
}

TEST(SignalContext, ComputesTwoHmacsAtOnce) {
  SignalContext context(no_random());
  void* first = nullptr;
  void* second = nullptr;
  const ByteArray<32> keys[] = {{1}, {2}};
  ASSERT_EQ(signal_hmac_sha256_init(context.get(), &first, keys[0].data(), 32), 0);
  ASSERT_EQ(signal_hmac_sha256_init(context.get(), &second, keys[1].data(), 32), 0);
  const std::uint8_t byte = 7;
  signal_hmac_sha256_update(context.get(), first, &byte, 1);
  signal_hmac_sha256_update(context.get(), second, &byte, 1);
  SignalBuffer digests[2];
  signal_hmac_sha256_final(context.get(), first, out(digests[0]));
  signal_hmac_sha256_final(context.get(), second, out(digests[1]));
  signal_hmac_sha256_cleanup(context.get(), first);
  signal_hmac_sha256_cleanup(context.get(), second);
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(equal(view(digests[i].get()), hmac_sha256(keys[i], {&byte, 1})));
}

TEST(SignalContext, ComputesSha512AsTheVectorsAgainAndAgain) {
  SignalContext context(no_random());
  void* digest = nullptr;
  ASSERT_EQ(signal_sha512_digest_init(context.get(), &digest), 0);
  int computed = 0;
  for (const VectorCase& vector : test::load_cases("crypto/digest.vec")) {
    if (!vector.has("sha512")) continue;
    const Bytes message = vector.bytes("message");
    EXPECT_EQ(signal_sha512_digest_update(context.get(), digest, message.data(), message.size()), 0);
    SignalBuffer output;
    EXPECT_EQ(signal_sha512_digest_final(context.get(), digest, out(output)), 0);
    EXPECT_EQ(to_hex(view(output.get())), vector.text("sha512")) << vector.title;
    ++computed;
  }
  signal_sha512_digest_cleanup(context.get(), digest);
  EXPECT_EQ(computed, 3);
}

TEST(SignalContext, EncryptsAndDecryptsCbcAsTheVectors) {
  for (const VectorCase& vector : test::load_cases("crypto/cbc.vec")) {
    const Bytes key = vector.bytes("key");
    const Bytes iv = vector.bytes("iv");
    const auto sealed = cipher(signal_encrypt, SG_CIPHER_AES_CBC_PKCS5, key, iv, vector.bytes("plaintext"));
    ASSERT_TRUE(sealed.ok());
    EXPECT_EQ(to_hex(*sealed), vector.text("ciphertext")) << vector.title;
    const auto opened = cipher(signal_decrypt, SG_CIPHER_AES_CBC_PKCS5, key, iv, *sealed);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(to_hex(*opened), vector.text("plaintext")) << vector.title;
  }
}

TEST(SignalContext, RefusesCbcThatIsNotWholeBlocksOrNotPadded) {
  const VectorCase vector = test::load_cases("crypto/cbc.vec").at(0);
  const Bytes key = vector.bytes("key");
  const Bytes iv = vector.bytes("iv");
  const Bytes sealed = vector.bytes("ciphertext");
  for (const Bytes& prefix : test::truncations(sealed)) {
    const auto opened = cipher(signal_decrypt, SG_CIPHER_AES_CBC_PKCS5, key, iv, prefix);
    EXPECT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().message, std::to_string(SG_ERR_INVALID_MESSAGE));
  }
  // A bit of the block before the last changes the padding byte.
  for (std::uint8_t bit = 1; bit != 0; bit = static_cast<std::uint8_t>(bit << 1)) {
    Bytes damaged = sealed;
    damaged[damaged.size() - 17] ^= bit;
    const auto opened = cipher(signal_decrypt, SG_CIPHER_AES_CBC_PKCS5, key, iv, damaged);
    EXPECT_FALSE(opened.ok()) << int{bit};
  }
}

TEST(SignalContext, EncryptsCtrAsTheVectors) {
  for (const VectorCase& vector : test::load_cases("crypto/ctr.vec")) {
    for (const auto operation : {signal_encrypt, signal_decrypt}) {
      const auto output = cipher(operation, SG_CIPHER_AES_CTR_NOPADDING, vector.bytes("key"), vector.bytes("counter"),
                                 vector.bytes("plaintext"));
      ASSERT_TRUE(output.ok());
      EXPECT_EQ(to_hex(*output), vector.text("ciphertext")) << vector.title;
    }
  }
  EXPECT_TRUE(cipher(signal_encrypt, SG_CIPHER_AES_CTR_NOPADDING, Bytes(32), Bytes(16), {})->empty());
}

TEST(SignalContext, RefusesOtherCiphersAndSizes) {
  for (const auto operation : {signal_encrypt, signal_decrypt}) {
    EXPECT_FALSE(cipher(operation, 3, Bytes(32), Bytes(16), Bytes(16)).ok());
    EXPECT_FALSE(cipher(operation, SG_CIPHER_AES_CBC_PKCS5, Bytes(16), Bytes(16), Bytes(16)).ok());
    EXPECT_FALSE(cipher(operation, SG_CIPHER_AES_CBC_PKCS5, Bytes(32), Bytes(12), Bytes(16)).ok());
  }
}

TEST(SignalContext, DerivesTheKeysOfAChainAsTheVector) {
  const VecFile file = test::load_vectors("crypto/signal.vec");
  const Bytes seed = test::vector_bytes(file, "chain_seed");
  SignalContext context(no_random());
  SignalHandle<hkdf_context> kdf;
  ASSERT_EQ(hkdf_create(out(kdf), 3, context.get()), 0);
  SignalHandle<ratchet_chain_key> chain;
  ASSERT_EQ(ratchet_chain_key_create(out(chain), kdf.get(), seed.data(), seed.size(), 0, context.get()), 0);
  ratchet_message_keys keys{};
  ASSERT_EQ(ratchet_chain_key_get_message_keys(chain.get(), &keys), 0);
  EXPECT_EQ(to_hex(keys.cipher_key), test::vector_text(file, "chain_cipher_key"));
  EXPECT_EQ(to_hex(keys.mac_key), test::vector_text(file, "chain_mac_key"));
  EXPECT_EQ(to_hex(keys.iv), test::vector_text(file, "chain_iv"));
  SignalHandle<ratchet_chain_key> next;
  ASSERT_EQ(ratchet_chain_key_create_next(chain.get(), out(next)), 0);
  SignalBuffer key;
  ASSERT_EQ(ratchet_chain_key_get_key(next.get(), out(key)), 0);
  EXPECT_EQ(to_hex(view(key.get())), test::vector_text(file, "chain_next"));
}

TEST(SignalContext, DerivesAsHkdfDoesElsewhere) {
  SignalContext context(no_random());
  SignalHandle<hkdf_context> kdf;
  ASSERT_EQ(hkdf_create(out(kdf), 3, context.get()), 0);
  for (const VectorCase& vector : test::load_cases("crypto/wycheproof_hkdf.vec")) {
    const Bytes key = vector.bytes("key");
    const Bytes salt = vector.bytes("salt");
    const Bytes info = vector.bytes("info");
    const std::string expected = vector.text("output");
    if (info.empty() || expected.size() / 2 > 250 * 32) continue;  // libsignal counts blocks in a byte
    std::uint8_t* raw = nullptr;
    const ssize_t size = hkdf_derive_secrets(kdf.get(), &raw, key.data(), key.size(), salt.data(), salt.size(),
                                             info.data(), info.size(), expected.size() / 2);
    ASSERT_EQ(static_cast<std::size_t>(size), expected.size() / 2) << vector.title;
    EXPECT_EQ(to_hex({raw, static_cast<std::size_t>(size)}), expected) << vector.title;
    free(raw);
  }
}

Bytes agreed(const PrivateKey& own, const PublicKey& peer) {
  const SignalPublicKey key = to_signal(peer);
  const SignalPrivateKey scalar = to_signal(own);
  std::uint8_t* raw = nullptr;
  EXPECT_EQ(curve_calculate_agreement(&raw, key.get(), scalar.get()), 32);
  Bytes out(raw, raw + 32);
  free(raw);
  return out;
}

TEST(SignalContext, AgreesAsTheVectors) {
  for (const VectorCase& vector : test::load_cases("crypto/x25519.vec")) {
    EXPECT_EQ(to_hex(agreed(PrivateKey(vector.array<32>("private")), vector.array<32>("public"))),
              vector.text("shared"))
        << vector.title;
  }
  for (const VectorCase& vector : test::load_cases("crypto/wycheproof_x25519.vec")) {
    const bool weak = vector.text("result") == "weak";
    EXPECT_EQ(to_hex(agreed(PrivateKey(vector.array<32>("private")), vector.array<32>("public"))),
              weak ? to_hex(ByteArray<32>{}) : vector.text("shared"))
        << vector.title;
  }
}

TEST(SignalContext, MakesThePublicKeysOfTheVectors) {
  for (const VectorCase& vector : test::load_cases("crypto/x25519_keys.vec")) {
    ScriptedRandom random(vector.bytes("private"));
    SignalContext context(random);
    SignalHandle<ec_key_pair> pair;
    ASSERT_EQ(curve_generate_key_pair(context.get(), out(pair)), 0);
    EXPECT_EQ(to_hex(from_signal(ec_key_pair_get_public(pair.get()))), vector.text("public")) << vector.title;
  }
}

TEST(SignalContext, MultipliesByLibsodium) {
  // What libsignal calls is found before its own, by name.
  void* const its_own = dlsym(RTLD_NEXT, "curve25519_donna");
  if (its_own == nullptr) GTEST_SKIP() << "libsignal is bound otherwise, and multiplies by itself";
  EXPECT_NE(dlsym(RTLD_DEFAULT, "curve25519_donna"), its_own);
}

TEST(SignalContext, DrawsFromTheSourceAlone) {
  ScriptedRandom random(*from_hex("00112233445566778899"));
  SignalContext context(random);
  ByteArray<6> drawn{};
  ASSERT_EQ(signal_crypto_random(context.get(), drawn.data(), drawn.size()), 0);
  EXPECT_EQ(to_hex(drawn), "001122334455");
  EXPECT_EQ(random.remaining(), 4u);
}

TEST(SignalContext, KeepsAnExceptionUntilCHasReturned) {
  ScriptedRandom random;
  SignalContext context(random);
  ByteArray<6> drawn{};
  EXPECT_EQ(signal_crypto_random(context.get(), drawn.data(), drawn.size()), kCallbackFailed);
  EXPECT_THROW(context.rethrow(), std::runtime_error);
  context.rethrow();  // once
}

TEST(SignalContext, ServesOneThreadEach) {
  const VecFile file = test::load_vectors("crypto/signal.vec");
  const Bytes seed = test::vector_bytes(file, "chain_seed");
  const Bytes expected = to_bytes(hmac_sha256(seed, as_bytes("text")));
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (int& mistakes : wrong) {
    threads.emplace_back([&] {
      SignalContext context(no_random());
      for (int round = 0; round < 200; ++round) mistakes += hmac(context, seed, {as_bytes("text")}) != expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

}  // namespace
}  // namespace ponte::crypto
