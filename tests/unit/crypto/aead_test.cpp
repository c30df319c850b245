#include "crypto/aead.h"

#include "base/hex.h"
#include "support/vector_cases.h"

namespace ponte::crypto {
namespace {

using test::VectorCase;

struct Input {
  Secret<32> key;
  ByteArray<12> nonce;
  Bytes associated_data;
  Bytes sealed;

  explicit Input(const VectorCase& vector)
      : key(vector.array<32>("key")),
        nonce(vector.array<12>("nonce")),
        associated_data(vector.bytes("aad")),
        sealed(vector.bytes("sealed")) {}
  Result<Bytes> open() const { return Aes256Gcm(key).open(nonce, sealed, associated_data); }
  void expect_refused() const {
    const auto opened = open();
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, Errc::kUntrusted);
    EXPECT_EQ(opened.error().cause, Cause::kDecryptionFailed);
  }
};

TEST(Aes256Gcm, SealsAndOpensTheVectors) {
  for (const VectorCase& vector : test::load_cases("crypto/gcm.vec")) {
    const Input input(vector);
    Aes256Gcm cipher(input.key);
    EXPECT_EQ(to_hex(cipher.seal(input.nonce, vector.bytes("plaintext"), input.associated_data)), vector.text("sealed"))
        << vector.title;
    const auto opened = input.open();
    ASSERT_TRUE(opened.ok()) << vector.title;
    EXPECT_EQ(to_hex(*opened), vector.text("plaintext")) << vector.title;
  }
}

TEST(Aes256Gcm, RefusesEveryBitFlipAndTruncation) {
  for (const VectorCase& vector : test::load_cases("crypto/gcm.vec")) {
    Input input(vector);
    const Bytes original = input.sealed;
    std::vector<Bytes> damaged = test::bit_flips(original);
    for (Bytes& shorter : test::truncations(original)) damaged.push_back(std::move(shorter));
    damaged.push_back(concat({original, Bytes(1)}));
    for (Bytes& bytes : damaged) {
      input.sealed = std::move(bytes);
      input.expect_refused();
    }
  }
}

TEST(Aes256Gcm, RefusesAnotherKeyNonceOrAssociatedData) {
  for (const VectorCase& vector : test::load_cases("crypto/gcm.vec")) {
    for (const Bytes& key : test::bit_flips(vector.bytes("key"))) {
      Input input(vector);
      input.key = Secret<32>::from(key);
      input.expect_refused();
    }
    for (const Bytes& nonce : test::bit_flips(vector.bytes("nonce"))) {
      Input input(vector);
      input.nonce = to_array<12>(nonce);
      input.expect_refused();
    }
    std::vector<Bytes> others = test::bit_flips(vector.bytes("aad"));
    others.push_back(concat({vector.bytes("aad"), Bytes(1)}));
    for (const Bytes& associated_data : others) {
      Input input(vector);
      input.associated_data = associated_data;
      input.expect_refused();
    }
  }
}

TEST(Aes256Gcm, GoesOnAfterARefusal) {
  const Input input(test::load_cases("crypto/gcm.vec").back());
  Aes256Gcm cipher(input.key);
  EXPECT_FALSE(cipher.open(input.nonce, Bytes(40), {}).ok());
  EXPECT_TRUE(cipher.open(input.nonce, input.sealed, input.associated_data).ok());
}

TEST(Aes256Gcm, KeepsItsKeyWhenMoved) {
  const Input input(test::load_cases("crypto/gcm.vec").back());
  Aes256Gcm first(input.key);
  Aes256Gcm second(std::move(first));
  EXPECT_TRUE(second.open(input.nonce, input.sealed, input.associated_data).ok());
  Aes256Gcm third{Secret<32>()};
  third = std::move(second);
  EXPECT_TRUE(third.open(input.nonce, input.sealed, input.associated_data).ok());
}

TEST(Aes256Gcm, CarriesEverySizeAroundTheBlock) {
  Aes256Gcm cipher{Secret<32>()};
  for (std::size_t size = 0; size <= 65; ++size) {
    const Bytes plaintext(size, 0x5A);
    const Bytes sealed = cipher.seal({}, plaintext, as_bytes("data"));
    ASSERT_EQ(sealed.size(), size + kGcmTagSize);
    EXPECT_EQ(*cipher.open({}, sealed, as_bytes("data")), plaintext);
  }
}

}  // namespace
}  // namespace ponte::crypto
