#include "instance/code_requests.h"

#include <gtest/gtest.h>

namespace ponte::instance {
namespace {

constexpr Mono kStart{Milliseconds(1'000'000)};
const std::string kOne = "5511900000001";
const std::string kTwo = "5511900000002";
using Answer = CodeRequests::Answer;

protocol::event::PairingCode shown(const std::string& number, const std::string& code) {
  return {number, code, kStart + Seconds(180)};
}
protocol::event::PairingCodeEnded ended(const std::string& number, Error why, bool renewed = false) {
  return {number, std::move(why), renewed};
}

TEST(CodeRequests, AWishIsAskedOnce) {
  CodeRequests codes;
  EXPECT_FALSE(codes.active());
  EXPECT_EQ(codes.want(kOne, std::nullopt, kStart)->answer, Answer::kWait);
  EXPECT_EQ(codes.next_deadline(), kStart);
  const auto wish = codes.due(kStart);
  ASSERT_TRUE(wish);
  EXPECT_EQ(wish->number, kOne);
  EXPECT_FALSE(wish->code);
  EXPECT_FALSE(codes.due(kStart + Seconds(60)));
  EXPECT_EQ(codes.want(kOne, std::nullopt, kStart + Seconds(1))->answer, Answer::kWait);
  EXPECT_FALSE(codes.due(kStart + Seconds(60))) << "the same wish is on its way";
}

TEST(CodeRequests, AFreshCodeIsAskedForFiveSecondsLaterAtTheEarliest) {
  CodeRequests codes;
  (void)codes.want(kOne, std::nullopt, kStart);
  (void)codes.due(kStart);
  codes.on_code(shown(kOne, "ABCD1234"));
  EXPECT_EQ(codes.want(kOne, std::nullopt, kStart + Milliseconds(4'999))->answer, Answer::kShow);
  const auto fresh = codes.want(kOne, std::nullopt, kStart + Seconds(5));
  EXPECT_EQ(fresh->answer, Answer::kWait);
  EXPECT_FALSE(codes.shown()) << "the old one will not be shown as the fresh one";
  EXPECT_TRUE(codes.due(kStart + Seconds(5)));
}

TEST(CodeRequests, ACodeThatCameBeforeTheLastWishIsNotItsAnswer) {
  CodeRequests codes;
  (void)codes.want(kOne, std::nullopt, kStart);
  (void)codes.due(kStart);
  const auto other = codes.want(kTwo, std::nullopt, kStart + Seconds(1));
  EXPECT_EQ(other->superseded, kOne);
  EXPECT_EQ(codes.next_deadline(), kStart + Seconds(5));
  codes.on_code(shown(kOne, "ABCD1234"));
  EXPECT_FALSE(codes.shown());
  EXPECT_FALSE(codes.due(kStart + Seconds(4)));
  EXPECT_EQ(codes.due(kStart + Seconds(5))->number, kTwo);
  codes.on_code(shown(kTwo, "WXYZ9876"));
  EXPECT_EQ(codes.shown()->code, "WXYZ9876");
}

TEST(CodeRequests, AnotherOwnCodeIsAnotherWish) {
  CodeRequests codes;
  (void)codes.want(kOne, "ABCD1234", kStart);
  EXPECT_EQ(codes.due(kStart)->code, "ABCD1234");
  codes.on_code(shown(kOne, "ABCD1234"));
  EXPECT_EQ(codes.want(kOne, "ABCD1234", kStart + Seconds(1))->answer, Answer::kShow);
  EXPECT_EQ(codes.want(kOne, std::nullopt, kStart + Seconds(1))->answer, Answer::kShow);
  const auto other = codes.want(kOne, "WXYZ9876", kStart + Seconds(1));
  EXPECT_EQ(other->answer, Answer::kWait);
  EXPECT_FALSE(other->superseded) << "the number is the same";
  EXPECT_EQ(codes.due(kStart + Seconds(5))->code, "WXYZ9876");
}

TEST(CodeRequests, AServerThatThrottlesIsSpared) {
  for (const auto& [said, spared] : {std::pair(std::optional(Seconds(90)), Seconds(90)),
                                     std::pair(std::optional<Seconds>(), CodeRequests::kThrottled)}) {
    CodeRequests codes;
    (void)codes.want(kOne, std::nullopt, kStart);
    (void)codes.due(kStart);
    codes.on_ended(ended(kOne, {Errc::kRateLimited, Cause::kPairingThrottled, "slow down", said}), kStart);
    EXPECT_FALSE(codes.active());
    const auto refused = codes.want(kTwo, std::nullopt, kStart + Seconds(10));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().cause, Cause::kPairingThrottled);
    EXPECT_EQ(refused.error().retry_after, spared - Seconds(10));
    EXPECT_FALSE(codes.active()) << "a refused wish leaves nothing behind";
    EXPECT_TRUE(codes.want(kTwo, std::nullopt, kStart + spared).ok());
  }
}

TEST(CodeRequests, ARenewalKeepsTheWish) {
  CodeRequests codes;
  (void)codes.want(kOne, std::nullopt, kStart);
  (void)codes.due(kStart);
  codes.on_code(shown(kOne, "ABCD1234"));
  codes.on_ended(ended(kOne, {Errc::kCancelled, Cause::kSuperseded, "renewed"}, true), kStart);
  EXPECT_TRUE(codes.active());
  EXPECT_FALSE(codes.shown());
  codes.on_code(shown(kOne, "WXYZ9876"));
  EXPECT_EQ(codes.shown()->code, "WXYZ9876");
}

TEST(CodeRequests, NoCodeSurvivesItsSocket) {
  CodeRequests codes;
  (void)codes.want(kOne, std::nullopt, kStart);
  (void)codes.due(kStart);
  codes.on_code(shown(kOne, "ABCD1234"));
  codes.on_socket_lost(kStart + Seconds(1));
  EXPECT_FALSE(codes.shown());
  EXPECT_EQ(codes.number(), kOne);
  EXPECT_EQ(codes.due(kStart + Seconds(5))->number, kOne) << "it is asked for again";
  codes.forget();
  EXPECT_FALSE(codes.active());
  EXPECT_FALSE(codes.next_deadline());
  codes.on_socket_lost(kStart);
  EXPECT_FALSE(codes.next_deadline());
}

}  // namespace
}  // namespace ponte::instance
