#include "protocol/wire/tokens.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "crypto/digest.h"
#include "protocol/wire/token_tables.h"
#include "support/vectors.h"

namespace ponte::protocol::wire {
namespace {

template <typename Tokens>
std::string sum(const Tokens& tokens) {
  std::string joined;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i != 0) joined += '\n';
    joined += tokens[i];
  }
  return to_hex(crypto::sha256(as_bytes(joined)));
}

TEST(Tokens, HoldThePublishedDictionaries) {
  const VecFile file = test::load_vectors("wire/token_sums.vec");
  EXPECT_EQ(sum(kSingleTokens), test::vector_text(file, "single"));
  for (std::size_t i = 0; i < kDoubleTokens.size(); ++i) {
    EXPECT_EQ(sum(kDoubleTokens[i]), test::vector_text(file, "dictionary_" + std::to_string(i)));
  }
}

TEST(Tokens, NoticeAChangedEntry) {
  const VecFile file = test::load_vectors("wire/token_sums.vec");
  auto changed = kSingleTokens;
  std::swap(changed[1], changed[2]);
  EXPECT_NE(sum(changed), test::vector_text(file, "single"));
}

TEST(Tokens, FindEverySingleByteToken) {
  for (int i = 1; i < 236; ++i) {
    const auto index = static_cast<std::uint8_t>(i);
    const auto found = find_token(single_token(index));
    ASSERT_TRUE(found.has_value()) << i;
    EXPECT_FALSE(found->dictionary.has_value()) << i;
    EXPECT_EQ(found->index, index);
  }
}

TEST(Tokens, FindEveryDoubleByteToken) {
  for (std::uint8_t dictionary = 0; dictionary < 4; ++dictionary) {
    for (int i = 0; i < 256; ++i) {
      const auto index = static_cast<std::uint8_t>(i);
      const auto found = find_token(double_token(dictionary, index));
      ASSERT_TRUE(found.has_value()) << int(dictionary) << "/" << i;
      EXPECT_EQ(found->dictionary, dictionary);
      EXPECT_EQ(found->index, index);
    }
  }
}

TEST(Tokens, FindNothingElse) {
  for (const char* text : {"", "I", "iq ", "IQ", "xmlstreamstar", "xmlstreamstart ", "hello", "no-such-token"}) {
    EXPECT_FALSE(find_token(text).has_value()) << text;
  }
  EXPECT_FALSE(find_token(std::string(49, 'a')).has_value());
  EXPECT_FALSE(find_token(std::string(100'000, 'a')).has_value());
  EXPECT_FALSE(find_token(std::string_view("iq\0", 3)).has_value());
}

TEST(Tokens, AreEmptyOutsideTheTables) {
  EXPECT_EQ(single_token(0), "");
  for (int i = 236; i < 256; ++i) EXPECT_EQ(single_token(static_cast<std::uint8_t>(i)), "");
  EXPECT_EQ(double_token(4, 0), "");
  EXPECT_EQ(double_token(255, 255), "");
}

}  // namespace
}  // namespace ponte::protocol::wire
