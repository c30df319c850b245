// What is counted of deliveries, and what waits.
#include "instance/webhook_metrics.h"

#include "unit/instance/webhooks_fixture.h"

namespace ponte::instance {
namespace {

class WebhookFigures : public WebhooksFixture {
 protected:
  std::uint64_t outcomes(Verdict verdict) {
    return webhooks_->metrics().outcomes[static_cast<std::size_t>(verdict)].value();
  }
  std::uint64_t pending() { return webhooks_->backlog().pending; }
  std::uint64_t dead() { return webhooks_->backlog().dead_letters; }
};

TEST_F(WebhookFigures, CountTriesByWhatBecameOfThem) {
  add_instance("sales");
  configure("sales", settings());
  happen("sales");
  clock_.advance(Milliseconds(300));
  answer(take(), 500);
  EXPECT_EQ(outcomes(Verdict::kRetry), 1U);
  run_for(Seconds(2));
  answer(take(), 200);
  EXPECT_EQ(outcomes(Verdict::kDelivered), 1U);
  happen("sales");
  answer(take(), 410);
  EXPECT_EQ(outcomes(Verdict::kDisabled), 1U);
  const auto durations = webhooks_->metrics().delivery.snapshot();
  EXPECT_EQ(durations.cumulative.back(), 3U);
  EXPECT_GE(durations.sum, 0.3);
}

TEST_F(WebhookFigures, CountWhatWaitsOfAllTogether) {
  for (const char* name : {"sales", "support"}) {
    add_instance(name);
    configure(name, settings());
    happen(name);
    happen(name);
  }
  EXPECT_EQ(pending(), 4U);
  answer(take(), 200);
  EXPECT_EQ(pending(), 3U);
  start();
  EXPECT_EQ(pending(), 3U) << "also of a new process";
  serve_for(Seconds(60), [this](const Arrived& arrived) { return number_in(arrived) == 1 ? 400 : 200; });
  EXPECT_EQ(pending(), 0U);
  EXPECT_EQ(dead(), 1U) << "the one that was refused three times";
  EXPECT_EQ(webhooks_->metrics().missed.value(), 0U);
  std::optional<Status> erased;
  webhooks_->erase("id-support", [&](Status status) { erased = status; });
  loop_.run();
  ASSERT_TRUE(erased && erased->ok());
  EXPECT_EQ(dead(), 0U) << "they go with their instance";
  WebhookSettings off = settings();
  off.enabled = false;
  happen("sales");
  EXPECT_EQ(pending(), 1U);
  configure("sales", off);
  EXPECT_EQ(pending(), 0U) << "for a disabled one nothing waits";
}

TEST_F(WebhookFigures, CountWhatLeftTheJournalUnsent) {
  add_instance("sales");
  configure("sales", settings());
  happen("sales");
  happen("sales");
  happen("sales");
  feed_.journals["id-sales"].erase(feed_.journals["id-sales"].begin(), feed_.journals["id-sales"].begin() + 2);
  start();
  serve_for(Seconds(10), [](const Arrived&) { return 200; });
  EXPECT_EQ(webhooks_->metrics().missed.value(), 2U);
}

}  // namespace
}  // namespace ponte::instance
