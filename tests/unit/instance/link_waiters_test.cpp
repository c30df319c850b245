#include "instance/link_waiters.h"

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

TEST(LinkWaiters, EveryoneGetsTheSameAnswer) {
  Answer one;
  Answer two;
  LinkWaiters waiters;
  waiters.add(one.reply(), kStart + Seconds(1));
  waiters.add(two.reply(), kStart + Seconds(2));
  waiters.answer_all(ConnectResult{ConnectResult::Kind::kQr, "code", Seconds(20)});
  EXPECT_EQ((*one.result)->qr_text, "code");
  EXPECT_EQ((*two.result)->qr_text, "code");
  EXPECT_TRUE(waiters.empty());
}

TEST(LinkWaiters, EachHasItsOwnDeadline) {
  Answer one;
  Answer two;
  LinkWaiters waiters;
  waiters.add(one.reply(), kStart + Seconds(1));
  waiters.add(two.reply(), kStart + Seconds(2));
  EXPECT_EQ(waiters.next_deadline(), kStart + Seconds(1));
  waiters.answer_overdue(kStart + Seconds(1), Error{Errc::kUnavailable, Cause::kNetworkFailed, "no route"});
  ASSERT_TRUE(one.result);
  EXPECT_EQ(one.result->error().cause, Cause::kConnectTimeout);
  EXPECT_NE(one.result->error().message.find("no route"), std::string::npos);
  EXPECT_FALSE(two.result);
  EXPECT_EQ(waiters.next_deadline(), kStart + Seconds(2));
}

TEST(LinkWaiters, AnAnswerMayAddTheNextWaiter) {
  Answer next;
  LinkWaiters waiters;
  waiters.add(Reply<ConnectResult>([&](Result<ConnectResult>) { waiters.add(next.reply(), kStart); }), kStart);
  waiters.answer_all(Error{});
  EXPECT_FALSE(next.result);
  EXPECT_FALSE(waiters.empty());
  waiters.answer_all(Error{});
}

TEST(LinkWaiters, TooManyAreRefusedAtOnce) {
  LinkWaiters waiters;
  for (std::size_t i = 0; i < LinkWaiters::kLimit; ++i) {
    waiters.add(Reply<ConnectResult>([](Result<ConnectResult>) {}), kStart);
  }
  Answer refused;
  waiters.add(refused.reply(), kStart);
  ASSERT_TRUE(refused.result);
  EXPECT_EQ(refused.result->error().cause, Cause::kOverloaded);
}

TEST(LinkWaiters, ThoseForgottenAreAnsweredAllTheSame) {
  Answer forgotten;
  {
    LinkWaiters waiters;
    waiters.add(forgotten.reply(), kStart);
  }
  ASSERT_TRUE(forgotten.result);
  EXPECT_EQ(forgotten.result->error().cause, Cause::kReplyDropped);
}

}  // namespace
}  // namespace ponte::instance
