#include "instance/link_desk.h"

#include <gtest/gtest.h>

namespace ponte::instance {
namespace {

constexpr Mono kStart{Milliseconds(0)};

struct Answer {
  std::optional<Result<ConnectResult>> result;
  Reply<ConnectResult> reply() {
    return Reply<ConnectResult>([this](Result<ConnectResult> r) { result = std::move(r); });
  }
};

TEST(LinkDesk, EveryoneGetsTheSameAnswer) {
  Answer one;
  Answer two;
  LinkDesk desk;
  desk.wait(std::nullopt, one.reply(), kStart + Seconds(1));
  desk.wait(std::nullopt, two.reply(), kStart + Seconds(2));
  desk.answer_all(ConnectResult{ConnectResult::Kind::kQr, "code", Seconds(20)});
  EXPECT_EQ((*one.result)->text, "code");
  EXPECT_EQ((*two.result)->text, "code");
  EXPECT_TRUE(desk.empty());
}

TEST(LinkDesk, NobodyGetsTheCodeOfAnotherNumber) {
  Answer qr;
  Answer one;
  Answer two;
  LinkDesk desk;
  desk.wait(std::nullopt, qr.reply(), kStart);
  desk.wait("111", one.reply(), kStart);
  desk.wait("222", two.reply(), kStart);
  EXPECT_TRUE(desk.waits_for("111"));
  EXPECT_FALSE(desk.waits_for("333"));
  desk.answer("111", ConnectResult{ConnectResult::Kind::kPairingCode, "ABCD-EFGH", Seconds(180)});
  EXPECT_EQ((*one.result)->text, "ABCD-EFGH");
  EXPECT_FALSE(qr.result || two.result);
  desk.answer(std::nullopt, ConnectResult{ConnectResult::Kind::kQr, "code", Seconds(20)});
  EXPECT_TRUE(qr.result);
  EXPECT_FALSE(two.result);
  EXPECT_FALSE(desk.waits_for("111"));
}

TEST(LinkDesk, EachHasItsOwnDeadline) {
  Answer one;
  Answer two;
  LinkDesk desk;
  desk.wait(std::nullopt, one.reply(), kStart + Seconds(1));
  desk.wait(std::nullopt, two.reply(), kStart + Seconds(2));
  EXPECT_EQ(desk.next_deadline(), kStart + Seconds(1));
  desk.answer_overdue(kStart + Seconds(1), Error{Errc::kUnavailable, Cause::kNetworkFailed, "no route"});
  ASSERT_TRUE(one.result);
  EXPECT_EQ(one.result->error().cause, Cause::kConnectTimeout);
  EXPECT_NE(one.result->error().message.find("no route"), std::string::npos);
  EXPECT_FALSE(two.result);
  EXPECT_EQ(desk.next_deadline(), kStart + Seconds(2));
}

TEST(LinkDesk, AnAnswerMayAddTheNextWaiter) {
  Answer next;
  LinkDesk desk;
  desk.wait(std::nullopt,
            Reply<ConnectResult>([&](Result<ConnectResult>) { desk.wait(std::nullopt, next.reply(), kStart); }),
            kStart);
  desk.answer_all(Error{});
  EXPECT_FALSE(next.result);
  EXPECT_FALSE(desk.empty());
  desk.answer_all(Error{});
}

TEST(LinkDesk, TooManyAreRefusedAtOnce) {
  LinkDesk desk;
  for (std::size_t i = 0; i < LinkDesk::kLimit; ++i) {
    desk.wait(std::nullopt, Reply<ConnectResult>([](Result<ConnectResult>) {}), kStart);
  }
  Answer refused;
  desk.wait(std::nullopt, refused.reply(), kStart);
  ASSERT_TRUE(refused.result);
  EXPECT_EQ(refused.result->error().cause, Cause::kOverloaded);
}

TEST(LinkDesk, ThoseForgottenAreAnsweredAllTheSame) {
  Answer forgotten;
  {
    LinkDesk desk;
    desk.wait(std::nullopt, forgotten.reply(), kStart);
  }
  ASSERT_TRUE(forgotten.result);
  EXPECT_EQ(forgotten.result->error().cause, Cause::kReplyDropped);
}

}  // namespace
}  // namespace ponte::instance
