#include "crypto/cbc.h"

#include "base/hex.h"
#include "support/vector_cases.h"

namespace ponte::crypto {
namespace {

using test::VectorCase;

TEST(Aes256Cbc, EncryptsAndDecryptsTheVectors) {
  for (const VectorCase& vector : test::load_cases("crypto/cbc.vec")) {
    const Secret<32> key(vector.array<32>("key"));
    const auto iv = vector.array<16>("iv");
    EXPECT_EQ(to_hex(aes256_cbc_encrypt(key, iv, vector.bytes("plaintext"))), vector.text("ciphertext"))
        << vector.title;
    const auto opened = aes256_cbc_decrypt(key, iv, vector.bytes("ciphertext"));
    ASSERT_TRUE(opened.ok()) << vector.title;
    EXPECT_EQ(to_hex(*opened), vector.text("plaintext")) << vector.title;
  }
}

TEST(Aes256Cbc, RefusesWhatIsNotWholeBlocksOrNotPadded) {
  const VectorCase vector = test::load_cases("crypto/cbc.vec").at(0);
  const Secret<32> key(vector.array<32>("key"));
  const auto iv = vector.array<16>("iv");
  const Bytes ciphertext = vector.bytes("ciphertext");
  for (const Bytes& prefix : test::truncations(ciphertext)) {
    const auto opened = aes256_cbc_decrypt(key, iv, prefix);
    ASSERT_FALSE(opened.ok()) << prefix.size();
    EXPECT_EQ(opened.error().code, Errc::kUntrusted);
    EXPECT_EQ(opened.error().cause, Cause::kDecryptionFailed);
  }
  // A bit of the block before the last changes the padding byte.
  for (std::uint8_t bit = 1; bit != 0; bit = static_cast<std::uint8_t>(bit << 1)) {
    Bytes damaged = ciphertext;
    damaged[damaged.size() - 17] ^= bit;
    EXPECT_FALSE(aes256_cbc_decrypt(key, iv, damaged).ok()) << int{bit};
    EXPECT_FALSE(aes256_cbc_decrypt_in_place(key, iv, damaged).ok()) << int{bit};
  }
}

TEST(Aes256Cbc, TakesEveryLengthBackToItself) {
  const Secret<32> key(ByteArray<32>{7});
  const ByteArray<16> iv{9};
  for (std::size_t size = 0; size <= 100; ++size) {
    const Bytes plaintext(size, static_cast<std::uint8_t>(size));
    const Bytes ciphertext = aes256_cbc_encrypt(key, iv, plaintext);
    EXPECT_EQ(ciphertext.size(), (size / 16 + 1) * 16);
    const auto opened = aes256_cbc_decrypt(key, iv, ciphertext);
    ASSERT_TRUE(opened.ok()) << size;
    EXPECT_EQ(*opened, plaintext);
    Bytes data = ciphertext;
    ASSERT_TRUE(aes256_cbc_decrypt_in_place(key, iv, data).ok()) << size;
    EXPECT_EQ(data, plaintext);
  }
}

}  // namespace
}  // namespace ponte::crypto
