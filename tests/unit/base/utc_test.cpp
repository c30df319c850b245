#include "base/utc.h"

#include <gtest/gtest.h>

namespace ponte {
namespace {

TEST(UtcText, IsRfc3339InUtc) {
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(utc_text(1'742'850'000), "2025-03-24T21:00:00Z");
  EXPECT_EQ(utc_text(951'782'399), "2000-02-28T23:59:59Z");
  EXPECT_EQ(utc_text(951'782'400), "2000-02-29T00:00:00Z");
  EXPECT_EQ(utc_text(253'402'300'799), "9999-12-31T23:59:59Z");
}

TEST(UtcText, HasNoTextForWhatIsNoDate) {
  EXPECT_EQ(utc_text(-1), std::nullopt);
  EXPECT_EQ(utc_text(253'402'300'800), std::nullopt);
  EXPECT_EQ(utc_text(INT64_MAX), std::nullopt);
}

}  // namespace
}  // namespace ponte
