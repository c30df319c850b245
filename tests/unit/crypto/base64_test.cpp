#include "crypto/base64.h"

#include "base/hex.h"
#include "support/vector_cases.h"

namespace ponte::crypto {
namespace {

using test::VectorCase;

void expect_refused(const Result<Bytes>& decoded, std::string_view text) {
  ASSERT_FALSE(decoded.ok()) << text;
  EXPECT_EQ(decoded.error().code, Errc::kMalformed) << text;
}

TEST(Base64, EncodesAndDecodesTheVectors) {
  for (const VectorCase& vector : test::load_cases("crypto/base64.vec")) {
    const Bytes bytes = vector.bytes("bytes");
    EXPECT_EQ(base64(bytes), vector.text("standard")) << vector.title;
    EXPECT_EQ(base64_url(bytes), vector.text("url")) << vector.title;
    EXPECT_EQ(*from_base64(vector.text("standard")), bytes) << vector.title;
    EXPECT_EQ(*from_base64_url(vector.text("url")), bytes) << vector.title;
  }
}

TEST(Base64, RefusesWhatIsNotStrict) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Zg==Zg==", "Zh==", "Zm9=", "Z", "=", "====", "Zm9v\n", " Zm9v",
                           "Zm 9v", "Zm9v=", "----", "____", "Zm9*", "Zm9\xc3"}) {
    expect_refused(from_base64(text), text);
  }
  expect_refused(from_base64(std::string_view("Zm9\0", 4)), "NUL");
}

TEST(Base64, RefusesWhatIsNotStrictUrlSafe) {
  for (const char* text : {"Zg==", "Zm8=", "Zh", "Zm9", "Z", "=", "++++", "////", "Zm9v\n", "Zm 9v", "Zm9*"}) {
    expect_refused(from_base64_url(text), text);
  }
}

TEST(Base64, RefusesEveryTruncationThatCutsAGroup) {
  for (const VectorCase& vector : test::load_cases("crypto/base64.vec")) {
    const std::string text = vector.text("standard");
    for (std::size_t size = 0; size < text.size(); ++size) {
      if (size % 4 != 0) expect_refused(from_base64(text.substr(0, size)), text);
    }
  }
}

TEST(Base64, HasOneTextForEachBytes) {
  // Whatever decodes encodes to the very same text: no second spelling gets through.
  for (const VectorCase& vector : test::load_cases("crypto/base64.vec")) {
    for (const Bytes& damaged : test::bit_flips(as_bytes(vector.text("standard")))) {
      const auto decoded = from_base64(as_text(damaged));
      if (decoded.ok()) {
        EXPECT_EQ(base64(*decoded), as_text(damaged));
      }
    }
  }
}

}  // namespace
}  // namespace ponte::crypto
