#include "protocol/devices/prekeys.h"

#include <gtest/gtest.h>

#include "base/writer.h"
#include "support/prekey_steps.h"
#include "support/scripted_server.h"

namespace ponte::protocol::devices {
namespace {

using test::offered_in;
using test::ScriptedServer;
using wire::Node;
using Keys = std::map<std::uint32_t, crypto::PublicKey>;

struct Prekeys : testing::Test {
  Result<HandedPrekey> hand_out() {
    return test::hand_out_prekey(server.store_, ScriptedServer::kOwner, server.random_, server.clock_.now());
  }
  void consume(std::uint32_t id) { test::consume_prekey(server.store_, ScriptedServer::kOwner, id); }
  std::vector<std::uint32_t> stored() { return *store::get_prekey_ids({server.store_, ScriptedServer::kOwner}); }
  void put_state(const store::PrekeyState& state) {
    store::Transaction transaction(server.store_, ScriptedServer::kOwner);
    store::put_prekey_state(transaction, state);
    server.store_.commit(transaction.take(), [](const Status&) {});
  }
  /// Logs in for the first time; the first batch is with the server.
  void log_in_with_prekeys() {
    server.log_in();
    ASSERT_TRUE(server.answer_count(0));
    ASSERT_TRUE(server.answer("list"));
    server.sent_.clear();
  }
  Keys take_offer() {
    const auto iq = server.take("list");
    return iq ? offered_in(*iq) : Keys();
  }

  ScriptedServer server;
};

TEST_F(Prekeys, AreUploadedAtTheFirstLoginAndCountWhenTheResultIsHere) {
  server.log_in();
  ASSERT_TRUE(server.answer_count(0));
  EXPECT_EQ(server.state().next_id, kFirstUpload + 1);
  EXPECT_EQ(server.state().first_unuploaded_id, 1u);
  ASSERT_TRUE(server.answer("list"));
  EXPECT_EQ(server.state().first_unuploaded_id, kFirstUpload + 1);
  EXPECT_FALSE(server.take("count")) << "there is no doubt about a first batch";
  EXPECT_TRUE(server.refusals().empty());
}

TEST_F(Prekeys, ThatWereNotAcknowledgedAreOfferedAgainUnderTheIdsThatTheyHave) {
  server.log_in();
  ASSERT_TRUE(server.answer_count(0));
  Keys expected = take_offer();
  ASSERT_EQ(expected.size(), kFirstUpload);
  const auto handed = hand_out();
  consume(5);
  consume(700);
  expected.erase(5);
  expected.erase(700);

  server.log_in();
  ASSERT_TRUE(server.answer_count(810)) << "the server has them, but did not say so";
  const auto again = server.take("list");
  ASSERT_TRUE(again);
  EXPECT_EQ(offered_in(*again), expected);
  EXPECT_FALSE(expected.contains(handed->id));
}

TEST_F(Prekeys, AreCountedOnceMoreAfterAnOfferThatMayHaveBeenTheSecond) {
  server.log_in();
  ASSERT_TRUE(server.answer_count(0));
  server.log_in();
  ASSERT_TRUE(server.answer_count(2));
  ASSERT_TRUE(server.answer("list"));
  EXPECT_EQ(server.state().first_unuploaded_id, kFirstUpload + 1);
  ASSERT_TRUE(server.answer_count(2));
  const Keys more = take_offer();
  EXPECT_EQ(more.size(), kTopUp);
  EXPECT_EQ(more.begin()->first, kFirstUpload + 1);
}

TEST_F(Prekeys, AreOfferedAfterwardsWhereTheNumberIsUnderTheThreshold) {
  log_in_with_prekeys();
  server.notify_count("4");
  EXPECT_EQ(take_offer().size(), kTopUp);
  server.notify_count("4");
  EXPECT_FALSE(server.take("list")) << "one upload at a time";
}

TEST_F(Prekeys, AreNotOfferedWhereThereAreEnough) {
  log_in_with_prekeys();
  server.notify_count("5");
  EXPECT_TRUE(server.sent_.empty());
}

TEST_F(Prekeys, HandedOutAreNeverUploaded) {
  server.hold_work_ = true;
  const auto first = hand_out();
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->id, 1u);
  server.log_in();
  ASSERT_TRUE(server.answer_count(0));
  const auto while_made = hand_out();
  ASSERT_TRUE(server.finish_work());
  const auto while_uploaded = hand_out();
  const Keys offered = take_offer();
  EXPECT_EQ(offered.size(), kFirstUpload);
  for (const auto& handed : {first, while_made, while_uploaded}) {
    ASSERT_TRUE(handed.ok());
    EXPECT_FALSE(offered.contains(handed->id)) << handed->id;
    EXPECT_EQ(test::stored_prekey(server.store_, ScriptedServer::kOwner, handed->id), handed->public_key);
  }
  EXPECT_EQ(offered.begin()->first, 3u);
  EXPECT_EQ(while_uploaded->id, 3u + kFirstUpload);

  server.log_in();
  ASSERT_TRUE(server.answer_count(0));
  EXPECT_EQ(take_offer(), offered);
}

TEST_F(Prekeys, AGapOfHandedOutOnesIsNoUpload) {
  log_in_with_prekeys();
  ASSERT_TRUE(hand_out().ok());
  ASSERT_TRUE(hand_out().ok());
  server.log_in();
  ASSERT_TRUE(server.answer_count(4));
  const Keys offered = take_offer();
  EXPECT_EQ(offered.size(), kTopUp);
  EXPECT_EQ(offered.begin()->first, kFirstUpload + 3);
}

TEST_F(Prekeys, RunOutAtTheLastId) {
  put_state({kMaxPrekeyId - 1, kMaxPrekeyId - 1, {}});
  EXPECT_EQ(hand_out()->id, kMaxPrekeyId - 1);
  server.hold_work_ = true;
  server.log_in();
  ASSERT_TRUE(server.answer_count(0));
  EXPECT_EQ(hand_out()->id, kMaxPrekeyId);
  const auto none = hand_out();
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, Errc::kUnavailable);
  EXPECT_EQ(none.error().cause, Cause::kCounterExhausted);
  ASSERT_TRUE(server.finish_work());
  EXPECT_FALSE(server.take("list"));
  EXPECT_EQ(server.refusals().size(), 1u);
  EXPECT_TRUE(stored().empty());
}

TEST_F(Prekeys, TheLastBatchIsAsSmallAsTheIdsLeft) {
  put_state({kMaxPrekeyId - 1, kMaxPrekeyId - 1, {}});
  server.log_in();
  ASSERT_TRUE(server.answer_count(0));
  const auto iq = server.take("list");
  ASSERT_TRUE(iq);
  EXPECT_EQ(offered_in(*iq).size(), 2u);
  EXPECT_EQ(server.state().next_id, kMaxPrekeyId + 1);
}

TEST_F(Prekeys, WaitLongerAfterEachFailure) {
  const int expected[] = {1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 610, 610};
  for (unsigned i = 0; i < std::size(expected); ++i) EXPECT_EQ(retry_pause(i), Seconds(expected[i])) << i;
  EXPECT_EQ(retry_pause(1'000'000), Seconds(610));
}

TEST_F(Prekeys, ThatAreRefusedAreOfferedAgainOnTheSameConnection) {
  server.log_in();
  ASSERT_TRUE(server.answer_count(0));
  const auto first = server.take("list");
  ASSERT_TRUE(first);
  server.sent_.push_back(*first);
  for (const int pause : {1, 2, 3, 5, 8}) {
    ASSERT_TRUE(server.refuse("list", 503));
    EXPECT_EQ(server.refusals().size(), 1u);
    server.run_for(Seconds(pause) - Milliseconds(1));
    EXPECT_FALSE(server.take("list")) << pause;
    server.run_for(Milliseconds(1));
    const auto again = server.take("list");
    ASSERT_TRUE(again) << pause;
    EXPECT_EQ(offered_in(*again), offered_in(*first));
    server.sent_.push_back(*again);
  }
  ASSERT_TRUE(server.answer("list"));
  EXPECT_EQ(server.state().first_unuploaded_id, kFirstUpload + 1);
  ASSERT_TRUE(server.answer_count(812));
  server.sent_.clear();
  server.run_for(Seconds(1000));
  EXPECT_TRUE(server.sent_.empty());
  server.notify_count("0");
  ASSERT_TRUE(server.refuse("digest", 503)) << "none, although nobody has used one";
  ASSERT_TRUE(server.refuse("list", 503));
  server.run_for(Seconds(1));
  EXPECT_TRUE(server.take("list")) << "the pauses begin anew";
}

TEST_F(Prekeys, ThatAreNotAnsweredAreOfferedAgain) {
  server.log_in();
  ASSERT_TRUE(server.answer_count(0));
  ASSERT_TRUE(server.take("list"));
  server.run_for(IqTracker::kTimeout);
  EXPECT_FALSE(server.take("list"));
  server.run_for(Seconds(1));
  EXPECT_EQ(take_offer().size(), kFirstUpload);
}

TEST_F(Prekeys, AServerThatAsksForAPauseGetsIt) {
  server.log_in();
  ASSERT_TRUE(server.answer_count(0));
  ASSERT_TRUE(server.refuse("list", 429, "120"));
  server.notify_count("0");
  server.run_for(Seconds(119));
  EXPECT_FALSE(server.take("list"));
  server.run_for(Seconds(1));
  EXPECT_TRUE(server.take("list"));
}

TEST_F(Prekeys, ThatCouldNotBeMadeAreMadeLater) {
  server.hold_work_ = true;
  server.log_in();
  ASSERT_TRUE(server.answer_count(0));
  ASSERT_TRUE(server.finish_work(Error{Errc::kUnavailable, Cause::kOverloaded, "workers: too much waits"}));
  EXPECT_EQ(server.state().next_id, 1u);
  server.run_for(Seconds(1));
  ASSERT_TRUE(server.finish_work());
  EXPECT_EQ(take_offer().size(), kFirstUpload);
}

TEST_F(Prekeys, AreAskedForAgainWhereTheServerDoesNotSayHowMany) {
  server.log_in();
  ASSERT_TRUE(server.refuse("count", 500));
  server.run_for(Seconds(1));
  ASSERT_TRUE(server.answer("count", Node("number")));
  server.run_for(Seconds(2));
  ASSERT_TRUE(server.answer("count", Node("count").with("value", "many")));
  server.run_for(Seconds(3));
  EXPECT_EQ(server.refusals().size(), 3u);
  ASSERT_TRUE(server.answer("count", Node("count"))) << "which is none";
  EXPECT_EQ(take_offer().size(), kFirstUpload);
}

TEST_F(Prekeys, ANumberThatIsNoneIsRefused) {
  log_in_with_prekeys();
  server.notify_count("-1");
  server.notify_count("99999999999999999999999");
  EXPECT_EQ(server.refusals().size(), 2u);
  EXPECT_TRUE(server.sent_.empty());
  server.notify(Node("other"));
  EXPECT_TRUE(server.sent_.empty());
}

TEST_F(Prekeys, AnAnswerToOtherWorkIsLeftAlone) {
  log_in_with_prekeys();
  server.session_->on_work_done(99, 1, Bytes(64, 1), server.clock_.now());
  EXPECT_FALSE(server.session_->poll_output());
  EXPECT_EQ(server.state().next_id, kFirstUpload + 1);
}

}  // namespace
}  // namespace ponte::protocol::devices
