#include "protocol/pairing/qr.h"

#include <gtest/gtest.h>

#include "support/session_fixtures.h"

namespace ponte::protocol::pairing {
namespace {

constexpr Mono kStart{Milliseconds(1'000)};

TEST(QrText, AgreesWithTheVectorInBothForms) {
  const VecFile file = test::load_vectors("pairing/registration.vec");
  const std::string expected = test::vector_text(file, "qr_text");
  const store::Credentials credentials = test::vector_credentials();
  EXPECT_EQ(qr_text("2@REFREFREF", credentials, QrFormat::kUrl), expected);
  EXPECT_EQ("https://wa.me/settings/linked_devices#" + qr_text("2@REFREFREF", credentials, QrFormat::kBare), expected);
}

TEST(QrRotation, ShowsTheFirstRefLongerThanTheOthers) {
  QrRotation rotation;
  rotation.start({"a", "b", "c"}, kStart, Seconds(60), Seconds(20));
  EXPECT_EQ(rotation.current(), "a");
  EXPECT_EQ(rotation.on_deadline(kStart + Milliseconds(59'999)), QrRotation::Due::kNothing);
  EXPECT_EQ(rotation.on_deadline(kStart + Seconds(60)), QrRotation::Due::kNext);
  EXPECT_EQ(rotation.current(), "b");
  EXPECT_EQ(rotation.valid_until(), kStart + Seconds(80));
  EXPECT_EQ(rotation.on_deadline(kStart + Seconds(80)), QrRotation::Due::kNext);
  EXPECT_EQ(rotation.current(), "c");
  EXPECT_EQ(rotation.on_deadline(kStart + Seconds(100)), QrRotation::Due::kExhausted);
  EXPECT_FALSE(rotation.active());
}

TEST(QrRotation, ALateTimerSkipsWhatIsOver) {
  QrRotation rotation;
  rotation.start({"a", "b", "c"}, kStart, Seconds(60), Seconds(20));
  EXPECT_EQ(rotation.on_deadline(kStart + Seconds(85)), QrRotation::Due::kNext);
  EXPECT_EQ(rotation.current(), "c");
  EXPECT_EQ(rotation.valid_until(), kStart + Seconds(100));
  QrRotation late;
  late.start({"a", "b"}, kStart, Seconds(60), Seconds(20));
  EXPECT_EQ(late.on_deadline(kStart + Seconds(500)), QrRotation::Due::kExhausted);
}

TEST(QrRotation, SixRefsLastTwoMinutesAndForty) {
  QrRotation rotation;
  rotation.start({"1", "2", "3", "4", "5", "6"}, kStart, Seconds(60), Seconds(20));
  int shown = 1;
  while (rotation.on_deadline(rotation.valid_until()) == QrRotation::Due::kNext) ++shown;
  EXPECT_EQ(shown, 6);
}

}  // namespace
}  // namespace ponte::protocol::pairing
