// Webhooks as they are configured and delivered, on a virtual clock.
#include "instance/webhooks.h"

#include <set>

#include "crypto/base64.h"
#include "instance/webhook_signature.h"
#include "store/keys.h"
#include "unit/instance/webhooks_fixture.h"

namespace ponte::instance {
namespace {

using WebhooksTest = WebhooksFixture;

std::vector<std::uint64_t> numbers(std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> out;
  for (std::uint64_t i = from; i <= to; ++i) out.push_back(i);
  return out;
}

// ---- configuration ----

TEST_F(WebhooksTest, AreMadeAndReplacedByLabel) {
  add_instance("sales");
  WebhookSettings wanted = settings();
  wanted.authorization = "Bearer one";
  wanted.events = {"call.update"};
  wanted.by_events = wanted.media_base64 = true;
  const auto made = configure("sales", wanted);
  ASSERT_TRUE(made.value().secret);
  EXPECT_TRUE(made.value().secret->starts_with("whsec_"));
  EXPECT_EQ(crypto::from_base64(made.value().secret->substr(6)).value().size(), kWebhookSecretSize);
  EXPECT_EQ(made.value().webhook.settings.authorization, "Bearer one");
  const auto again = configure("sales", settings());
  EXPECT_EQ(again.value().secret, std::nullopt) << "shown once";
  EXPECT_EQ(again.value().webhook.settings.authorization, std::nullopt) << "replaced whole";
  EXPECT_EQ(again.value().webhook.settings.events.size(), 6u) << "none named: all";
  WebhookSettings off;
  configure("sales", off);
  start();
  const auto all = list("sales");
  ASSERT_EQ(all.size(), 1u) << "the row stays";
  EXPECT_FALSE(all[0].webhook.settings.enabled);
  EXPECT_EQ(all[0].webhook.settings.url, "");
  EXPECT_EQ(webhooks_->default_webhook("id-sales")->settings.enabled, false);
}

TEST_F(WebhooksTest, AtMostThreeAreEnabled) {
  add_instance("sales");
  for (const char* label : {"c", "a", "b"}) ASSERT_TRUE(configure("sales", settings(label)).result->ok());
  EXPECT_EQ(configure("sales", settings("d")).cause(), Cause::kWebhookLimit);
  WebhookSettings off = settings("d");
  off.enabled = false;
  EXPECT_TRUE(configure("sales", off).result->ok()) << "disabled ones do not count";
  EXPECT_TRUE(configure("sales", settings("b")).result->ok()) << "nor does its own";
  off.label = "a";
  configure("sales", off);
  EXPECT_TRUE(configure("sales", settings("d")).result->ok());
  std::string labels;
  for (const auto& each : list("sales")) labels += each.webhook.settings.label;
  EXPECT_EQ(labels, "abcd");
  for (std::size_t i = 4; i < kMostWebhooks; ++i) {
    off.label = "off-" + std::to_string(i);
    ASSERT_TRUE(configure("sales", off).result->ok());
  }
  off.label = "one more";
  EXPECT_EQ(configure("sales", off).cause(), Cause::kWebhookLimit);
}

TEST_F(WebhooksTest, UnknownInstancesAndLabelsAreSaidToBeSo) {
  EXPECT_EQ(configure("nobody", settings()).cause(), Cause::kInstanceNotFound);
  add_instance("sales");
  WebhookSettings bad = settings();
  bad.url = "http://127.0.0.1/";
  EXPECT_EQ(configure("sales", bad).cause(), Cause::kInvalidWebhook);
  EXPECT_EQ(redrive("sales").cause(), Cause::kWebhookNotFound);
  const auto rotated = ask<ConfiguredWebhook>([&](auto reply) {
    webhooks_->configure("id-sales", {WebhookSettings{}, true, true}, std::move(reply));
  });
  EXPECT_EQ(rotated.cause(), Cause::kWebhookNotFound);
  const auto removed =
      ask<std::monostate>([&](auto reply) { webhooks_->remove("id-sales", "none", std::move(reply)); });
  EXPECT_EQ(removed.cause(), Cause::kWebhookNotFound);
}

TEST_F(WebhooksTest, AFailedWriteChangesNothing) {
  add_instance("sales");
  configure("sales", settings());
  store_.fail_commit(1);
  WebhookSettings other = settings();
  other.url = "https://other.example/";
  EXPECT_EQ(configure("sales", other).cause(), Cause::kStoreUnavailable);
  EXPECT_EQ(status("sales").webhook.settings.url, settings().url);
  ASSERT_TRUE(store_.try_resume().ok());
  happen("sales");
  EXPECT_EQ(take().request.url, settings().url);
}

TEST_F(WebhooksTest, ChangesAtOnceFollowOneAnother) {
  add_instance("sales");
  store_.hold_synced();
  int answered = 0;
  for (const char* label : {"a", "b", "c", "d"}) {
    webhooks_->configure("id-sales", {settings(label), false, false},
                         Reply<ConfiguredWebhook>([&](const auto& result) { answered += result.ok() ? 1 : 10; }));
  }
  loop_.run();
  EXPECT_EQ(answered, 0);
  while (store_.release_one()) loop_.run();
  EXPECT_EQ(answered, 13) << "the fourth sees the other three";
}

TEST_F(WebhooksTest, RotationSignsWithBothForADay) {
  add_instance("sales");
  const std::string first = *configure("sales", settings()).value().secret;
  const auto rotated = ask<ConfiguredWebhook>([&](auto reply) {
    webhooks_->configure("id-sales", {WebhookSettings{}, true, true}, std::move(reply));
  });
  ASSERT_TRUE(rotated.value().secret);
  EXPECT_NE(*rotated.value().secret, first);
  EXPECT_EQ(rotated.value().webhook.settings.url, settings().url) << "nothing else has changed";
  EXPECT_TRUE(rotated.value().webhook.previous_secret_until);
  const auto signature_of = [](const Arrived& arrived, const std::string& secret) {
    const Bytes key = crypto::from_base64(secret.substr(6)).value();
    return webhook_signature({key}, arrived.header("webhook-id"), std::stoll(arrived.header("webhook-timestamp")),
                             arrived.body());
  };
  happen("sales");
  Arrived both = take();
  EXPECT_EQ(both.header("webhook-signature"),
            signature_of(both, *rotated.value().secret) + " " + signature_of(both, first));
  answer(std::move(both), 200);
  start();
  clock_.advance(std::chrono::hours(24));
  happen("sales");
  const Arrived one = take();
  EXPECT_EQ(one.header("webhook-signature"), signature_of(one, *rotated.value().secret));
  EXPECT_FALSE(status("sales").webhook.previous_secret_until);
}

// ---- delivery ----

TEST_F(WebhooksTest, TheRequestIsTheContracts) {
  add_instance("sales");
  WebhookSettings wanted = settings();
  wanted.authorization = "Basic  verbatim==";
  wanted.by_events = true;
  configure("sales", wanted);
  happen("sales");
  const Arrived arrived = take();
  EXPECT_EQ(arrived.request.method, "POST");
  EXPECT_EQ(arrived.request.url, "https://default.example.com/wh/instance.state");
  EXPECT_EQ(arrived.header("Content-Type"), "application/json");
  EXPECT_EQ(arrived.header("User-Agent"), "Ponte/test");
  EXPECT_EQ(arrived.header("Authorization"), "Basic  verbatim==");
  EXPECT_EQ(arrived.header("webhook-id"), webhook_message_id("id-sales", "default", 1, clock_.now().wall));
  EXPECT_EQ(arrived.header("webhook-timestamp"), std::to_string(unix_seconds(clock_.now().wall)));
  EXPECT_EQ(arrived.body(),
            R"({"event":"instance.state","data":{"n":1},"instanceData":{"baseUrl":"https://ponte.example",)"
            R"("instance":"sales","token":"token-of-sales"}})");
  EXPECT_FALSE(arrived.request.allow_private);
  EXPECT_FALSE(arrived.request.proxy);
  EXPECT_EQ(arrived.request.max_body, 1024u);
  EXPECT_EQ(arrived.request.long_body, net::LongBody::kCut);
  EXPECT_EQ(arrived.request.timeout, Milliseconds(15'000));
}

TEST_F(WebhooksTest, TheTokenMayBeLeftOut) {
  options_.include_token = false;
  start();
  add_instance("sales");
  configure("sales", settings());
  happen("sales");
  EXPECT_EQ(take().body().find("token"), std::string::npos);
}

TEST_F(WebhooksTest, BeginsWithWhatHappensFromThenOn) {
  add_instance("sales");
  happen("sales");
  happen("sales");
  configure("sales", settings());
  EXPECT_TRUE(arrived_.empty());
  happen("sales");
  EXPECT_EQ(number_in(arrived_.front()), 3u);
  answer(take(), 200);
  WebhookSettings off = settings();
  off.enabled = false;
  configure("sales", off);
  happen("sales");
  configure("sales", settings());
  happen("sales");
  EXPECT_EQ(number_in(take()), 5u) << "what happened while it was off is not made up for";
}

TEST_F(WebhooksTest, OneInFlightInOrder) {
  add_instance("sales");
  configure("sales", settings());
  for (int i = 0; i < 50; ++i) happen("sales");
  for (std::uint64_t i = 1; i <= 50; ++i) {
    ASSERT_EQ(arrived_.size(), 1u);
    EXPECT_EQ(number_in(arrived_.front()), i);
    answer(take(), 200);
  }
  EXPECT_TRUE(arrived_.empty());
  EXPECT_EQ(status("sales").pending, 0u);
  EXPECT_EQ(status("sales").delivered, 50u);
}

TEST_F(WebhooksTest, LabelsAndInstancesDoNotWaitForOneAnother) {
  for (const char* name : {"sales", "support"}) {
    add_instance(name);
    for (const char* label : {"default", "other"}) configure(name, settings(label));
  }
  happen("sales");
  happen("support");
  EXPECT_EQ(arrived_.size(), 4u);
  Arrived hangs = take();
  for (int i = 0; i < 3; ++i) answer(take(), 200);
  happen("sales");
  happen("support");
  EXPECT_EQ(arrived_.size(), 3u) << "all but the one whose receiver hangs";
  answer(std::move(hangs), 200);
  EXPECT_EQ(arrived_.size(), 4u);
}

TEST_F(WebhooksTest, ManyThatNeverAnswerLeaveRoomForWhoDoes) {
  for (int i = 0; i < 100; ++i) {
    add_instance("down-" + std::to_string(i));
    configure("down-" + std::to_string(i), settings());
    happen("down-" + std::to_string(i));
  }
  EXPECT_EQ(arrived_.size(), Webhooks::kSlots);
  while (!arrived_.empty()) fail(take(), Cause::kNetworkTimeout);
  // All of them are in the line of those that failed last: they fill its slots and no others.
  run_for(Seconds(2));
  EXPECT_EQ(arrived_.size(), Webhooks::kSlotsOfFailing);
  add_instance("up");
  configure("up", settings());
  happen("up");
  ASSERT_EQ(arrived_.size(), Webhooks::kSlotsOfFailing + 1);
  EXPECT_NE(arrived_.back().body().find("\"up\""), std::string::npos);
}

TEST_F(WebhooksTest, AReceiverDownForAnHourGetsAllInOrder) {
  add_instance("sales");
  configure("sales", settings());
  for (int i = 0; i < 30; ++i) happen("sales");
  const Mono up = clock_.now().mono + std::chrono::hours(1);
  const auto got =
      serve_for(std::chrono::hours(12), [&](const Arrived&) { return clock_.now().mono < up ? 502 : 200; });
  EXPECT_EQ(got, numbers(1, 30));
  EXPECT_EQ(dead_letters("sales").total, 0u);
}

TEST_F(WebhooksTest, AReceiverDownForTwoDaysLeavesOneDeadLetterThatIsRedriven) {
  add_instance("sales");
  configure("sales", settings());
  for (int i = 0; i < 5; ++i) happen("sales");
  std::string first_id;
  const Mono up = clock_.now().mono + std::chrono::hours(48);
  const auto got = serve_for(std::chrono::hours(24 * 5), [&](const Arrived& arrived) {
    if (number_in(arrived) == 1) first_id = arrived.header("webhook-id");
    return clock_.now().mono < up ? 503 : 200;
  });
  EXPECT_EQ(got, numbers(2, 5));
  const auto dead = dead_letters("sales");
  ASSERT_EQ(dead.total, 1u);
  EXPECT_EQ(dead.letters[0].sequence, 1u);
  EXPECT_EQ(dead.letters[0].attempts, 9u);
  EXPECT_EQ(dead.letters[0].status, 503);
  happen("sales");
  Arrived current = take();
  EXPECT_EQ(redrive("sales").value(), 1u);
  happen("sales");
  answer(std::move(current), 200);
  ASSERT_EQ(number_in(arrived_.front()), 1u) << "before what waits";
  EXPECT_EQ(arrived_.front().header("webhook-id"), first_id);
  answer(take(), 200);
  EXPECT_EQ(number_in(arrived_.front()), 7u);
  EXPECT_EQ(dead_letters("sales").total, 0u);
}

TEST_F(WebhooksTest, APoisonedEventDoesNotHoldUpTheRest) {
  add_instance("sales");
  configure("sales", settings());
  for (int i = 0; i < 4; ++i) happen("sales");
  const Mono begin = clock_.now().mono;
  const auto got =
      serve_for(std::chrono::minutes(1), [&](const Arrived& arrived) { return number_in(arrived) == 2 ? 422 : 200; });
  EXPECT_EQ(got, (std::vector<std::uint64_t>{1, 3, 4}));
  EXPECT_EQ(dead_letters("sales").letters.at(0).sequence, 2u);
  const auto tried = attempts("sales");
  ASSERT_EQ(tried.size(), 6u);
  EXPECT_EQ(tried[1].outcome, "delivered");
  EXPECT_EQ(tried[2].outcome, "dead_letter");
  EXPECT_EQ(tried[3].outcome, "retry");
  EXPECT_EQ(tried[2].status, 422);
  EXPECT_LT(tried[0].at - clock_.now().wall, clock_.now().mono - begin);
}

TEST_F(WebhooksTest, GoneDisablesAndIsShown) {
  add_instance("sales");
  configure("sales", settings());
  for (int i = 0; i < 3; ++i) happen("sales");
  answer(take(), 410);
  EXPECT_TRUE(arrived_.empty());
  start();
  const auto after = status("sales");
  EXPECT_FALSE(after.webhook.settings.enabled);
  EXPECT_EQ(after.webhook.disabled_reason, "the receiver answered 410 Gone");
  EXPECT_EQ(after.webhook.settings.url, settings().url) << "so that it may be enabled again";
  EXPECT_EQ(after.dead_letters, 1u);
  EXPECT_FALSE(webhooks_->default_webhook("id-sales")->settings.enabled);
  happen("sales");
  EXPECT_TRUE(arrived_.empty());
  EXPECT_EQ(redrive("sales").cause(), Cause::kWebhookDisabled);
  configure("sales", settings());
  EXPECT_EQ(status("sales").webhook.disabled_reason, "");
  EXPECT_EQ(redrive("sales", 1).value(), 1u);
  EXPECT_EQ(number_in(take()), 1u);
}

TEST_F(WebhooksTest, AGoneFromTheReceiverBeforeDisablesNothing) {
  add_instance("sales");
  configure("sales", settings());
  happen("sales");
  Arrived old = take();
  WebhookSettings moved = settings();
  moved.url = "https://moved.example/";
  configure("sales", moved);
  answer(std::move(old), 410);
  EXPECT_TRUE(status("sales").webhook.settings.enabled);
  run_for(Seconds(2));
  EXPECT_EQ(take().request.url, "https://moved.example/");
}

TEST_F(WebhooksTest, RemovalsForgetWhatIsOnItsWay) {
  add_instance("sales");
  configure("sales", settings());
  happen("sales");
  Arrived arrived = take();
  ask<std::monostate>([&](auto reply) { webhooks_->remove("id-sales", kDefaultLabel, std::move(reply)); }).value();
  EXPECT_TRUE(list("sales").empty());
  answer(std::move(arrived), 500);
  run_for(std::chrono::hours(1));
  EXPECT_TRUE(arrived_.empty());
  EXPECT_TRUE(store_.scan(store::keys::webhooks_owner("id-sales"), "").value().empty())
      << "nothing is left, and nothing comes back";
}

TEST_F(WebhooksTest, NothingIsWrittenOnceTheInstanceIsBeingRemoved) {
  add_instance("sales");
  configure("sales", settings());
  happen("sales");
  Arrived arrived = take();
  bool done = false;
  webhooks_->erase("id-sales", [&](const Status& status) { done = status.ok(); });
  webhooks_->configure("id-sales", {settings("late"), false, false}, Reply<ConfiguredWebhook>([](const auto& result) {
                         EXPECT_EQ(result.error().cause, Cause::kInstanceNotFound);
                       }));
  loop_.run();
  EXPECT_TRUE(done);
  answer(std::move(arrived), 200);
  run_for(std::chrono::hours(1));
  EXPECT_TRUE(store_.scan(store::keys::webhooks_owner("id-sales"), "").value().empty());
  EXPECT_FALSE(webhooks_->default_webhook("id-sales"));
}

TEST_F(WebhooksTest, WhatTheJournalLostIsCountedAndShown) {
  add_instance("sales");
  configure("sales", settings());
  happen("sales");
  fail(take());
  for (int i = 0; i < 99; ++i) happen("sales");
  auto& journal = feed_.journals["id-sales"];
  while (journal.size() > 10) journal.pop_front();
  start();
  const auto got = serve_for(std::chrono::minutes(1), [](const Arrived&) { return 200; });
  EXPECT_EQ(got, numbers(91, 100));
  EXPECT_EQ(status("sales").missed, 90u);
  start();
  EXPECT_EQ(status("sales").missed, 90u);
}

TEST_F(WebhooksTest, AnUnreadableJournalIsTriedAgain) {
  add_instance("sales");
  configure("sales", settings());
  feed_.broken = true;
  happen("sales");
  run_for(std::chrono::minutes(1));
  EXPECT_TRUE(arrived_.empty());
  feed_.broken = false;
  run_for(Seconds(6));
  EXPECT_EQ(number_in(take()), 1u);
}

TEST_F(WebhooksTest, OurOwnTroubleIsNoTry) {
  add_instance("sales");
  configure("sales", settings());
  happen("sales");
  fail(take(), Cause::kOverloaded);
  run_for(Seconds(6));
  ASSERT_EQ(arrived_.size(), 1u);
  EXPECT_EQ(status("sales").failures, 0u);
  EXPECT_TRUE(attempts("sales").empty());
}

TEST_F(WebhooksTest, DeadLettersArePagedAndBounded) {
  add_instance("sales");
  configure("sales", settings());
  for (std::size_t i = 0; i < kMostDeadLetters + 5; ++i) happen("sales");
  serve_for(std::chrono::hours(24), [](const Arrived&) { return 400; });
  const auto all = dead_letters("sales");
  EXPECT_EQ(all.total, kMostDeadLetters);
  EXPECT_EQ(all.letters.front().sequence, 6u) << "the oldest make room";
  EXPECT_EQ(status("sales").dropped, 5u);
  EXPECT_EQ(status("sales").dead_letters, kMostDeadLetters);
  const auto page = dead_letters("sales", 10, 3);
  ASSERT_EQ(page.letters.size(), 3u);
  EXPECT_EQ(page.letters[0].sequence, 11u);
  EXPECT_EQ(attempts("sales").size(), store::kDeliveryAttempts);
  EXPECT_EQ(redrive("sales", 5).cause(), Cause::kDeadLetterNotFound);
  EXPECT_EQ(redrive("sales", 6).value(), 1u);
  answer(take(), 500);
  EXPECT_EQ(dead_letters("sales").letters.front().attempts, 4u) << "one more try, and back";
  EXPECT_EQ(redrive("sales").value(), kMostDeadLetters);
  start();
  const auto got = serve_for(Seconds(1), [](const Arrived&) { return 200; });
  EXPECT_EQ(got, numbers(6, kMostDeadLetters + 5)) << "in their order, also over a restart";
  EXPECT_EQ(status("sales").dead_letters, 0u);
}

// ---- tests ----

TEST_F(WebhooksTest, ATestGoesPastWhatWaitsAndFreesIt) {
  add_instance("sales");
  configure("sales", settings());
  happen("sales");
  for (int i = 0; i < 6; ++i) {
    fail(take());
    run_for(std::chrono::minutes(67));
  }
  fail(take());
  EXPECT_GT(status("sales").next_try.value() - clock_.now().wall, std::chrono::hours(5));
  auto call = std::make_shared<Call<DeliveryAttempt>>();
  const auto begin = [&](std::shared_ptr<Call<DeliveryAttempt>> to) {
    webhooks_->test("id-sales", kDefaultLabel,
                    Reply<DeliveryAttempt>([to](Result<DeliveryAttempt> result) { to->result = std::move(result); }));
    loop_.run();
  };
  begin(call);
  auto second = std::make_shared<Call<DeliveryAttempt>>();
  begin(second);
  EXPECT_EQ(second->cause(), Cause::kOverloaded) << "one at a time";
  Arrived arrived = take();
  EXPECT_NE(arrived.body().find(R"({"event":"webhook.test","data":{"timestamp":")"), std::string::npos);
  answer(std::move(arrived), 200);
  EXPECT_EQ(call->value().outcome, "delivered");
  EXPECT_EQ(attempts("sales").front().event, "webhook.test");
  EXPECT_EQ(number_in(arrived_.front()), 1u) << "the receiver is back: nothing waits for its time";
  begin(second = std::make_shared<Call<DeliveryAttempt>>());
  take();
  fail(take(), Cause::kTargetNotAllowed);
  EXPECT_EQ(second->value().outcome, "failed");
  EXPECT_EQ(second->value().cause, "TARGET_NOT_ALLOWED");
}

// ---- when the store fails, and when the process dies ----

TEST_F(WebhooksTest, WithoutTheStoreNothingGoesOn) {
  add_instance("sales");
  configure("sales", settings());
  for (int i = 0; i < 3; ++i) happen("sales");
  store_.fail_commit(1);
  answer(take(), 200);
  run_for(std::chrono::minutes(1));
  EXPECT_TRUE(arrived_.empty()) << "the cursor of what was delivered is not written yet";
  ASSERT_TRUE(store_.try_resume().ok());
  run_for(Seconds(6));
  EXPECT_EQ(number_in(take()), 2u) << "and is not sent again";
}

TEST_F(WebhooksTest, ADeadLetterIsNotLostToAStoreThatFails) {
  add_instance("sales");
  configure("sales", settings());
  happen("sales");
  for (int i = 0; i < 2; ++i) {
    answer(take(), 404);
    run_for(Seconds(10));
  }
  store_.fail_commit(1);
  answer(take(), 404);
  ASSERT_TRUE(store_.try_resume().ok());
  // A change that comes before the next try takes it along.
  WebhookSettings off = settings();
  off.enabled = false;
  ASSERT_TRUE(configure("sales", off).result->ok());
  start();
  EXPECT_EQ(dead_letters("sales").letters.size(), 1u);
  EXPECT_EQ(status("sales").dead_letters, 1u);
}

TEST_F(WebhooksTest, AProcessThatDiesLosesNothingAndRepeatsOnlyWithTheSameId) {
  add_instance("sales");
  configure("sales", settings());
  test::SeededRandom chance(11);
  std::map<std::uint64_t, std::string> ids;
  std::vector<std::uint64_t> first_seen;
  std::set<std::uint64_t> acknowledged;
  std::uint64_t duplicates = 0;
  const auto receive = [&](const Arrived& arrived) {
    const std::uint64_t number = number_in(arrived);
    const auto [seen, is_new] = ids.emplace(number, arrived.header("webhook-id"));
    if (is_new) first_seen.push_back(number);
    if (!is_new) ++duplicates;
    EXPECT_EQ(seen->second, arrived.header("webhook-id"));
    EXPECT_EQ(acknowledged.count(number), 0u) << number << " was taken, and we knew";
    return number;
  };
  for (int i = 0; i < 300; ++i) {
    happen("sales");
    if (!arrived_.empty()) {
      // The receiver has it; whether we learn of that is up to the crash.
      Arrived arrived = take();
      const std::uint64_t number = receive(arrived);
      if (chance.next() % 3 == 0) {
        start();
        continue;
      }
      const bool taken = chance.next() % 4 != 0;
      answer(std::move(arrived), taken ? 200 : 500);
      if (taken) acknowledged.insert(number);
    }
    if (chance.next() % 5 == 0) start();
    if (chance.next() % 2 == 0) run_for(Seconds(7));
  }
  while (status("sales").pending > 0) {
    if (arrived_.empty()) run_for(std::chrono::hours(1));
    if (arrived_.empty()) continue;
    Arrived arrived = take();
    acknowledged.insert(receive(arrived));
    answer(std::move(arrived), 200);
  }
  EXPECT_EQ(dead_letters("sales").letters.size(), 0u);
  EXPECT_EQ(first_seen, numbers(1, 300)) << "each at least once, in order";
  EXPECT_EQ(acknowledged.size(), 300u);
  EXPECT_GT(duplicates, 10u);
}

TEST_F(WebhooksTest, APowerFailureRepeatsButLosesNothing) {
  add_instance("sales");
  configure("sales", settings());
  for (int i = 0; i < 3; ++i) happen("sales");
  const std::string id = arrived_.front().header("webhook-id");
  for (int i = 0; i < 3; ++i) answer(take(), 200);
  store_.lose_power();
  start();
  ASSERT_EQ(arrived_.size(), 1u);
  EXPECT_EQ(arrived_.front().header("webhook-id"), id);
  EXPECT_EQ(serve_for(Seconds(1), [](const Arrived&) { return 200; }), numbers(1, 3));
}

TEST_F(WebhooksTest, ADamagedRecordIsNotTakenForNone) {
  add_instance("sales");
  add_instance("other");
  configure("sales", settings());
  configure("other", settings());
  store::Transaction transaction(store_, store::keys::webhooks_owner("id-sales"));
  transaction.put(store::keys::webhook(kDefaultLabel), to_bytes("\xff\xff"));
  store_.commit(transaction.take(), [](const Status&) {});
  start();
  EXPECT_EQ(configure("sales", settings()).cause(), Cause::kStoreCorrupt);
  happen("other");
  EXPECT_EQ(arrived_.size(), 1u) << "others go on";
}

}  // namespace
}  // namespace ponte::instance
