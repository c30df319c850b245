#include "store/webhook_records.h"

#include <gtest/gtest.h>

#include "records.pb.h"
#include "store/keys.h"
#include "store/memory_store.h"

namespace ponte::store {
namespace {

const Owner kOwner = keys::webhooks_owner("0190b1f0-5a3c-7c41-9f9e-0123456789ab");

class WebhookRecordsTest : public ::testing::Test {
 protected:
  template <typename Change>
  void change(Change change) {
    Transaction transaction(store, kOwner);
    change(transaction);
    store.commit(transaction.take(), [](const Status& status) { ASSERT_TRUE(status.ok()); });
  }
  WebhookRecord webhook(const std::string& label) const {
    WebhookRecord out;
    out.label = label;
    out.enabled = true;
    out.url = "https://example.com/";
    out.secret = Bytes(32, 1);
    out.created_at = out.updated_at = Wall(Milliseconds(1000));
    return out;
  }

  Result<std::vector<DeadLetter>> letters(const std::string& label, std::uint64_t after = 0, std::size_t limit = 99) {
    return get_dead_letters(store, kOwner, label, after, limit);
  }

  MemoryStore store;
  RecordSource source{store, kOwner};
};

TEST_F(WebhookRecordsTest, WebhooksComeBackByLabel) {
  WebhookRecord full = webhook("b / \xc3\xa9");
  full.authorization = "Bearer x";
  full.by_events = full.media_base64 = true;
  full.events = {"call.update", "message.exchange"};
  full.previous_secret = Bytes(24, 2);
  full.previous_until = Wall(Milliseconds(5000));
  full.disabled_reason = "gone";
  WebhookRecord other = webhook("a");
  other.enabled = false;
  other.url.clear();
  change([&](Transaction& transaction) {
    put_webhook(transaction, full);
    put_webhook(transaction, other);
    put_webhook_progress(transaction, "a", {});
    put_delivery_attempt(transaction, "a", {});
  });
  EXPECT_EQ(get_webhooks(source).value(), (std::vector{other, full}));
}

TEST_F(WebhookRecordsTest, ProgressLettersAndAttemptsComeBack) {
  const WebhookProgress progress{7, 8, 3, 1, Wall(Milliseconds(99)), 5, 4, 60, 2, 1};
  const DeadLetter late{300, Wall(Milliseconds(1)), "call.update",         "{}", 9,
                        0,   "NETWORK_TIMEOUT",     Wall(Milliseconds(2)), true};
  const DeadLetter early{20, Wall(Milliseconds(1)), "call.update", "{\"a\":1}", 3, 404,
                         "", Wall(Milliseconds(2)), false};
  change([&](Transaction& transaction) {
    put_webhook_progress(transaction, "a", progress);
    put_dead_letter(transaction, "a", late);
    put_dead_letter(transaction, "a", early);
    put_dead_letter(transaction, "b", late);
    for (std::uint64_t i = 1; i <= kDeliveryAttempts + 10; ++i)
      put_delivery_attempt(transaction, "a",
                           {i, Wall(Milliseconds(3)), "call.update", i, 0, "X", "y", Milliseconds(12), "retry"});
  });
  EXPECT_EQ(get_webhook_progress(source, "a").value(), progress);
  EXPECT_EQ(get_webhook_progress(source, "b").value(), std::nullopt);
  EXPECT_EQ(letters("a").value(), (std::vector{early, late}));
  EXPECT_EQ(letters("a", 20).value(), (std::vector{late}));
  EXPECT_EQ(letters("a", 0, 1).value(), (std::vector{early}));
  EXPECT_EQ(get_dead_letter(source, "a", 300).value(), late);
  EXPECT_EQ(get_dead_letter(source, "a", 301).value(), std::nullopt);
  const auto attempts = get_delivery_attempts(source, "a").value();
  ASSERT_EQ(attempts.size(), kDeliveryAttempts);
  EXPECT_EQ(attempts.front().number, kDeliveryAttempts + 10);
  EXPECT_EQ(attempts.back().number, 11u);
  EXPECT_EQ(attempts.front().duration, Milliseconds(12));
  change([&](Transaction& transaction) { ASSERT_TRUE(erase_webhook(transaction, "a").ok()); });
  EXPECT_TRUE(letters("a").value().empty());
  EXPECT_TRUE(get_delivery_attempts(source, "a").value().empty());
  EXPECT_EQ(letters("b").value().size(), 1u) << "another label's stay";
}

TEST_F(WebhookRecordsTest, DamageIsSaidWithTheField) {
  const auto damaged = [&](const std::function<void(proto::WebhookRecord&)>& damage) {
    proto::WebhookRecord message;
    message.set_label("a");
    message.set_enabled(true);
    message.set_url("https://example.com/");
    message.set_secret(std::string(32, 'x'));
    damage(message);
    Bytes bytes(message.ByteSizeLong());
    message.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
    change([&](Transaction& transaction) { transaction.put(keys::webhook("a"), bytes); });
    const auto read = get_webhooks(source);
    return read.ok() ? "" : read.error().message;
  };
  EXPECT_EQ(damaged([](proto::WebhookRecord&) {}), "");
  EXPECT_NE(damaged([](proto::WebhookRecord& message) { message.clear_label(); }).find("label"), std::string::npos);
  EXPECT_NE(damaged([](proto::WebhookRecord& message) { message.set_label("b"); }).find("key"), std::string::npos);
  EXPECT_NE(damaged([](proto::WebhookRecord& message) { message.clear_url(); }).find("url"), std::string::npos);
  EXPECT_NE(damaged([](proto::WebhookRecord& message) { message.set_secret("short"); }).find("secret"),
            std::string::npos);
  EXPECT_NE(
      damaged([](proto::WebhookRecord& message) { message.set_previous_secret("short"); }).find("previous_secret"),
      std::string::npos);
  change([&](Transaction& transaction) { transaction.put(keys::webhook_progress("a"), {}); });
  EXPECT_EQ(get_webhook_progress(source, "a").error().cause, Cause::kStoreCorrupt);
  change([&](Transaction& transaction) { transaction.put(keys::dead_letter("a", 1), to_bytes("\xff")); });
  EXPECT_EQ(letters("a").error().cause, Cause::kStoreCorrupt);
}

}  // namespace
}  // namespace ponte::store
