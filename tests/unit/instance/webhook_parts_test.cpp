// The envelope, the signature, and what a webhook may be.
#include <gtest/gtest.h>

#include "crypto/base64.h"
#include "instance/event_envelope.h"
#include "instance/webhook_rules.h"
#include "instance/webhook_signature.h"

namespace ponte::instance {
namespace {

TEST(EventEnvelope, IsTheContracts) {
  const JournalEvent event{3, Wall{}, "instance.state", R"({"state":"connected","instance":"sales"})"};
  EXPECT_EQ(render_envelope(event, {"https://ponte.example", "sales", "secret-token"}),
            R"({"event":"instance.state","data":{"state":"connected","instance":"sales"},)"
            R"("instanceData":{"baseUrl":"https://ponte.example","instance":"sales","token":"secret-token"}})");
  EXPECT_EQ(render_envelope({3, Wall{}, "a\"b", ""}, {"", "sales", std::nullopt}),
            R"({"event":"a\"b","data":{},"instanceData":{"baseUrl":"","instance":"sales"}})");
}

// The vector in the tests of the Standard Webhooks libraries (github.com/standard-webhooks/standard-webhooks).
TEST(WebhookSignature, IsThatOfStandardWebhooks) {
  const Bytes secret = crypto::from_base64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").value();
  EXPECT_EQ(webhook_secret_text(secret), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const std::string signature =
      webhook_signature({secret}, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})");
  EXPECT_EQ(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  const Bytes other(32, 7);
  const std::string both =
      webhook_signature({other, secret}, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})");
  EXPECT_TRUE(both.starts_with("v1,")) << both;
  EXPECT_TRUE(both.ends_with(" " + signature)) << both;
  for (const auto& [id, time, body] :
       {std::tuple("msg_p5jXN8AQM9LWM0D4loKWxJel", 1614265330, R"({"test": 2432232314})"),
        std::tuple("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265331, R"({"test": 2432232314})"),
        std::tuple("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232315})")})
    EXPECT_NE(webhook_signature({secret}, id, time, body), signature);
}

TEST(WebhookSignature, MessageIdsAreOfInstanceLabelAndEvent) {
  const Wall at(Milliseconds(5));
  const std::string id = webhook_message_id("instance", "default", 7, at);
  EXPECT_EQ(id.size(), 36u);
  EXPECT_TRUE(id.starts_with("msg_"));
  EXPECT_EQ(webhook_message_id("instance", "default", 7, at), id);
  EXPECT_NE(webhook_message_id("instanc", "edefault", 7, at), id);
  EXPECT_NE(webhook_message_id("instance", "other", 7, at), id);
  EXPECT_NE(webhook_message_id("instance", "default", 8, at), id);
  EXPECT_NE(webhook_message_id("instance", "default", 7, Wall(Milliseconds(6))), id);
}

WebhookSettings settings(std::string url) {
  WebhookSettings out;
  out.enabled = true;
  out.url = std::move(url);
  return out;
}

std::string refusal(WebhookSettings settings, PrivateTargets targets = PrivateTargets::kRefused) {
  const Status status = check_webhook(settings, targets);
  if (status.ok()) return "";
  EXPECT_EQ(status.error().cause, Cause::kInvalidWebhook);
  EXPECT_EQ(status.error().code, Errc::kInvalidArgument);
  EXPECT_EQ(status.error().message.find("hunter2"), std::string::npos) << status.error().message;
  return status.error().message;
}

TEST(WebhookRules, TakesPublicUrls) {
  for (const char* url :
       {"https://app.example.com/wh", "http://app.example.com", "https://app.example.com:8443/a/b?c=d@e",
        "https://8.8.8.8/", "https://[2606:4700::1111]/x", "HTTPS://App.Example.com/x", "https://a.b/1.2.3",
        "https://hunter2.example/", "https://3com.example/", "https://1.example.com/"})
    EXPECT_EQ(refusal(settings(url)), "") << url;
}

TEST(WebhookRules, RefusesWhatIsNoUrlOfAReceiver) {
  for (const char* url :
       {"ftp://example.com/", "//example.com", "example.com", "https://", "https:///x",
        "https://user:hunter2@example.com/", "https://user@example.com/", "https://example.com/#hunter2",
        "https://exa mple.com/", "https://example.com/\n", "https://ex\xc3\xa4mple.com/", "https://example.com:0/",
        "https://example.com:99999/", "javascript:alert(1)", "file:///etc/passwd", "gopher://example.com/",
        "https://[::1/", "https://example.com\\@evil.example/"})
    EXPECT_TRUE(refusal(settings(url)).starts_with("url: ")) << url;
  EXPECT_NE(refusal(settings("https://example.com/" + std::string(kLongestWebhookUrl, 'a'))), "");
  EXPECT_EQ(refusal(settings("")), "url: expected one where the webhook is enabled");
}

TEST(WebhookRules, RefusesPrivateTargetsUnlessAllowed) {
  for (const char* host :
       {"127.0.0.1",          "127.9.9.9",          "0.0.0.0",   "10.0.0.1",        "172.31.0.1",   "192.168.0.1",
        "169.254.169.254",    "100.64.0.1",         "224.0.0.1", "255.255.255.255", "[::1]",        "[::]",
        "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[fe80::1]", "[fd00:ec2::254]", "[ff02::1]",    "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",    "localhost",          "LOCALHOST", "localhost.",      "api.localhost"}) {
    const std::string url = "http://" + std::string(host) + ":8080/wh";
    EXPECT_TRUE(refusal(settings(url)).starts_with("url: expected a public address")) << host;
    EXPECT_EQ(refusal(settings(url), PrivateTargets::kAllowed), "") << host;
  }
  // Forms that a resolver would take for an address, and a reader would not.
  for (const char* host : {"2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1.", "017700000001",
                           "10.0.0.0x1", "999.1.1.1"}) {
    for (const auto targets : {PrivateTargets::kRefused, PrivateTargets::kAllowed})
      EXPECT_NE(refusal(settings("http://" + std::string(host) + "/"), targets), "") << host;
  }
}

TEST(WebhookRules, NamesTheFieldThatIsWrong) {
  WebhookSettings webhook = settings("https://example.com/");
  webhook.label = std::string(kLongestLabel + 1, 'a');
  EXPECT_TRUE(refusal(webhook).starts_with("label: "));
  webhook.label = "a\nb";
  EXPECT_TRUE(refusal(webhook).starts_with("label: "));
  webhook.label = "Vendas \xc3\xa9";
  EXPECT_EQ(refusal(webhook), "");
  webhook.events = {"message.exchange", "qrcode.updated"};
  EXPECT_TRUE(refusal(webhook).starts_with("events: "));
  webhook.events.clear();
  for (const char* value : {"hunter2\r\nX-Other: 1", "hunter2\n", "hunter2\x7f", "hunter2 \xc3\xa9", "hunter2\t"}) {
    webhook.authorization = value;
    EXPECT_TRUE(refusal(webhook).starts_with("authorization: "));
  }
  webhook.authorization = std::string(kLongestAuthorization + 1, 'a');
  EXPECT_TRUE(refusal(webhook).starts_with("authorization: "));
}

TEST(WebhookRules, PutsSettingsIntoTheirStoredForm) {
  WebhookSettings webhook = settings("https://example.com/");
  webhook.events = {"call.update", "message.exchange", "call.update"};
  webhook.authorization = "";
  ASSERT_TRUE(check_webhook(webhook, PrivateTargets::kRefused).ok());
  EXPECT_EQ(webhook.events, (std::vector<std::string>{"call.update", "message.exchange"}));
  EXPECT_EQ(webhook.authorization, std::nullopt);
  webhook.authorization = "Bearer abc def";
  EXPECT_TRUE(check_webhook(webhook, PrivateTargets::kRefused).ok());
  WebhookSettings cleared;
  EXPECT_TRUE(check_webhook(cleared, PrivateTargets::kRefused).ok());
}

TEST(WebhookRules, TheEventsNameGoesBehindThePath) {
  EXPECT_EQ(delivery_url("https://app/wh", false, "call.update"), "https://app/wh");
  EXPECT_EQ(delivery_url("https://app/wh", true, "call.update"), "https://app/wh/call.update");
  EXPECT_EQ(delivery_url("https://app/wh/", true, "call.update"), "https://app/wh/call.update");
  EXPECT_EQ(delivery_url("https://app", true, "call.update"), "https://app/call.update");
  EXPECT_EQ(delivery_url("https://app?key=a/b", true, "call.update"), "https://app/call.update?key=a/b");
}

}  // namespace
}  // namespace ponte::instance
