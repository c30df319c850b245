#include "base/reply.h"

#include <gtest/gtest.h>

#include <optional>

namespace ponte {
namespace {

struct Received {
  int count = 0;
  std::optional<Result<int>> last;
  Reply<int> reply() {
    return Reply<int>([this](Result<int> result) {
      ++count;
      last = std::move(result);
    });
  }
};

TEST(Reply, AnswersOnce) {
  Received received;
  {
    Reply<int> reply = received.reply();
    EXPECT_TRUE(reply.pending());
    reply.answer(7);
    reply.answer(8);
    EXPECT_FALSE(reply.pending());
  }
  EXPECT_EQ(received.count, 1);
  EXPECT_EQ(**received.last, 7);
}

TEST(Reply, AForgottenOneAnswersAllTheSame) {
  Received received;
  { const Reply<int> reply = received.reply(); }
  EXPECT_EQ(received.count, 1);
  EXPECT_EQ(received.last->error().cause, Cause::kReplyDropped);
}

TEST(Reply, MovesItsDuty) {
  Received first;
  Received second;
  Reply<int> reply = first.reply();
  Reply<int> other = second.reply();
  other = std::move(reply);
  EXPECT_EQ(second.last->error().cause, Cause::kReplyDropped) << "what was overwritten is answered";
  EXPECT_EQ(first.count, 0);
  other.answer(1);
  EXPECT_EQ(first.count, 1);
}

}  // namespace
}  // namespace ponte
