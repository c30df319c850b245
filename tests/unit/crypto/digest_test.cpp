#include "crypto/digest.h"

#include <thread>

#include "base/hex.h"
#include "support/vector_cases.h"

namespace ponte::crypto {
namespace {

using test::VectorCase;

std::string digest_hex(std::string_view algorithm, ByteView message) {
  if (algorithm == "sha256") return to_hex(sha256(message));
  if (algorithm == "sha1") return to_hex(sha1(message));
  return to_hex(md5(message));
}

TEST(Digest, MatchesTheVectors) {
  int compared = 0;
  for (const VectorCase& vector : test::load_cases("crypto/digest.vec")) {
    for (const char* algorithm : {"sha256", "sha1", "md5"}) {
      if (!vector.has(algorithm)) continue;
      EXPECT_EQ(digest_hex(algorithm, vector.bytes("message")), vector.text(algorithm)) << vector.title;
      ++compared;
    }
  }
  EXPECT_GE(compared, 13);
}

TEST(Digest, ChangesWithEveryBitAndByteOfTheMessage) {
  for (const VectorCase& vector : test::load_cases("crypto/digest.vec")) {
    const Bytes message = vector.bytes("message");
    std::vector<Bytes> damaged = test::bit_flips(message);
    for (Bytes& shorter : test::truncations(message)) damaged.push_back(std::move(shorter));
    for (const char* algorithm : {"sha256", "sha1", "md5"}) {
      if (!vector.has(algorithm)) continue;
      for (const Bytes& other : damaged) EXPECT_NE(digest_hex(algorithm, other), vector.text(algorithm));
    }
  }
}

TEST(Digest, JoinsTwoPartsAtEverySplit) {
  const Bytes message = to_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
  const ByteView whole = message;
  for (std::size_t split = 0; split <= whole.size(); ++split) {
    EXPECT_EQ(sha256(whole.first(split), whole.subspan(split)), sha256(whole));
    EXPECT_EQ(hmac_sha256(as_bytes("key"), whole.first(split), whole.subspan(split)),
              hmac_sha256(as_bytes("key"), whole));
  }
}

TEST(Digest, MatchesAMillionLetters) {
  // FIPS 180-2 B.3.
  const Bytes message(1'000'000, 'a');
  EXPECT_EQ(to_hex(sha256(message)), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Hmac, MatchesTheVectors) {
  for (const VectorCase& vector : test::load_cases("crypto/hmac.vec")) {
    EXPECT_EQ(to_hex(hmac_sha256(vector.bytes("key"), vector.bytes("message"))), vector.text("mac")) << vector.title;
  }
}

TEST(Hmac, MatchesTheVectorsOfSha512) {
  int compared = 0;
  for (const VectorCase& vector : test::load_cases("crypto/hmac.vec")) {
    if (!vector.has("sha512")) continue;
    const Bytes key = vector.bytes("key");
    const Bytes message = vector.bytes("message");
    EXPECT_EQ(to_hex(hmac_sha512(key, message)), vector.text("sha512")) << vector.title;
    for (const Bytes& other : test::bit_flips(key))
      EXPECT_NE(to_hex(hmac_sha512(other, message)), vector.text("sha512"));
    for (const Bytes& other : test::truncations(message)) {
      EXPECT_NE(to_hex(hmac_sha512(key, other)), vector.text("sha512"));
    }
    ++compared;
  }
  EXPECT_EQ(compared, 4);
}

TEST(Hmac, ChangesWithEveryBitOfKeyAndMessage) {
  for (const VectorCase& vector : test::load_cases("crypto/hmac.vec")) {
    const Bytes key = vector.bytes("key");
    const Bytes message = vector.bytes("message");
    for (const Bytes& other : test::bit_flips(key)) EXPECT_NE(to_hex(hmac_sha256(other, message)), vector.text("mac"));
    for (const Bytes& other : test::bit_flips(message)) EXPECT_NE(to_hex(hmac_sha256(key, other)), vector.text("mac"));
    for (const Bytes& other : test::truncations(message)) {
      EXPECT_NE(to_hex(hmac_sha256(key, other)), vector.text("mac"));
    }
  }
}

TEST(Digest, ServesSeveralThreadsAtOnce) {
  const auto cases = test::load_cases("crypto/hmac.vec");
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (int& mistakes : wrong) {
    threads.emplace_back([&cases, &mistakes] {
      for (int round = 0; round < 200; ++round) {
        for (const VectorCase& vector : cases) {
          const auto mac = hmac_sha256(vector.bytes("key"), vector.bytes("message"));
          mistakes += to_hex(mac) != vector.text("mac");
          mistakes += sha256(mac) != sha256(mac, {});
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

}  // namespace
}  // namespace ponte::crypto
