#include "protocol/session/keepalive.h"

#include <gtest/gtest.h>

#include "support/scripted_random.h"

namespace ponte::protocol {
namespace {

constexpr Mono kStart{Milliseconds(0)};

TEST(Keepalive, PingsBetweenTwentyAndThirtySeconds) {
  test::SeededRandom random(1);
  for (int i = 0; i < 1000; ++i) {
    Keepalive keepalive;
    keepalive.start(kStart, random);
    EXPECT_GE(*keepalive.next_deadline(), kStart + Seconds(20));
    EXPECT_LE(*keepalive.next_deadline(), kStart + Seconds(30));
  }
}

TEST(Keepalive, IsDeadTwentySecondsAfterAnUnansweredPing) {
  test::SeededRandom random(1);
  Keepalive keepalive;
  keepalive.start(kStart, random);
  const Mono ping = *keepalive.next_deadline();
  EXPECT_EQ(keepalive.on_deadline(ping - Milliseconds(1), random), Keepalive::Due::kNothing);
  EXPECT_EQ(keepalive.on_deadline(ping, random), Keepalive::Due::kPing);
  EXPECT_EQ(*keepalive.next_deadline(), ping + Seconds(20));
  EXPECT_EQ(keepalive.on_deadline(ping + Seconds(20), random), Keepalive::Due::kDead);
}

TEST(Keepalive, AnyInboundFrameProvesLife) {
  test::SeededRandom random(1);
  Keepalive keepalive;
  keepalive.start(kStart, random);
  const Mono ping = *keepalive.next_deadline();
  EXPECT_EQ(keepalive.on_deadline(ping, random), Keepalive::Due::kPing);
  keepalive.on_inbound();
  EXPECT_NE(keepalive.on_deadline(ping + Seconds(20), random), Keepalive::Due::kDead);
}

TEST(Keepalive, SaysNothingWhenStopped) {
  test::SeededRandom random(1);
  Keepalive keepalive;
  keepalive.start(kStart, random);
  keepalive.stop();
  EXPECT_FALSE(keepalive.next_deadline());
  EXPECT_EQ(keepalive.on_deadline(kStart + Seconds(600), random), Keepalive::Due::kNothing);
}

}  // namespace
}  // namespace ponte::protocol
