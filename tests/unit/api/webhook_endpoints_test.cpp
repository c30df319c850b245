// Webhooks over a real socket: the contract's routes, the create block, and /v1.
#include "unit/api/api_support.h"

namespace ponte::api::test {
namespace {

constexpr char kOwn[] = "token: token-sales\r\n";
constexpr char kUpdate[] = "/api/events/webhook/sales";
constexpr char kV1[] = "/v1/instances/sales/webhooks";
constexpr char kPlain[] = R"({"enabled":true,"url":"https://app.example.com/wh"})";

class WebhookEndpoints : public ApiTest {
 protected:
  void SetUp() override {
    instances.add("sales");
    start();
  }
  nlohmann::json status_of() { return call("GET", kV1).json()["webhooks"][0]; }
};

TEST_F(WebhookEndpoints, EachRefusesWhatIsNoName) {
  const struct {
    const char* method;
    std::string before;
    std::string after;
  } routes[] = {{"POST", "/api/events/webhook", ""},
                {"GET", "/api/events/webhook", ""},
                {"GET", "/api/events/getWebhook", ""},
                {"GET", "/v1/instances", "/webhooks"},
                {"DELETE", "/v1/instances", "/webhooks"},
                {"GET", "/v1/instances", "/webhooks/dead-letters"},
                {"GET", "/v1/instances", "/webhooks/attempts"},
                {"POST", "/v1/instances", "/webhooks/redrive"},
                {"POST", "/v1/instances", "/webhooks/test"}};
  for (const auto& route : routes) {
    const auto ask = [&](const char* name, const char* token) {
      return call(route.method, route.before + "/" + name + route.after + "?label=x", token, "{}");
    };
    EXPECT_EQ(ask("", kAccount).message(), "Instance name is required") << route.before << route.after;
    EXPECT_EQ(ask("nobody", kAccount).message(), "Instance not found") << route.before << route.after;
    EXPECT_EQ(ask("other", kOwn).status, 401) << route.before << route.after;
    EXPECT_EQ(ask("sales", "").message(), "Invalid token") << route.before << route.after;
  }
}

TEST_F(WebhookEndpoints, AWebhookIsMadeAndItsSecretShownOnce) {
  const Answer made = call("POST", kUpdate, kOwn,
                           R"({"enabled":true,"url":"https://app.example.com/wh","authorization":"Bearer hunter2",
                               "byEvents":true,"events":["message.exchange"],"mediaBase64":true,"unknown":1})");
  ASSERT_EQ(made.status, 200) << made.body;
  auto webhook = made.json()["webhook"];
  EXPECT_TRUE(webhook["secret"].get<std::string>().starts_with("whsec_"));
  webhook.erase("secret");
  const auto expected = nlohmann::json::parse(
      R"({"label":"default","enabled":true,"url":"https://app.example.com/wh","authorization":"Bearer hunter2",
          "byEvents":true,"events":["message.exchange"],"mediaBase64":true})");
  EXPECT_EQ(webhook, expected);
  for (const char* route : {"/api/events/getWebhook/sales?label=default",
                            "/api/events/getWebhook/sales?label=", "/api/events/webhook/sales?label=default"}) {
    const Answer read = call("GET", route, kOwn);
    EXPECT_EQ(read.status, 200) << route;
    EXPECT_EQ(read.json()["webhook"], expected) << route;
  }
  const Answer again = call("POST", kUpdate, kOwn, kPlain);
  EXPECT_FALSE(again.json()["webhook"].contains("secret"));
  EXPECT_EQ(again.json()["webhook"]["authorization"], nullptr);
  const Answer rotated = call("POST", kUpdate, kOwn, R"({"rotateSecret":true})");
  ASSERT_EQ(rotated.status, 200) << rotated.body;
  EXPECT_EQ(rotated.json()["webhook"]["url"], "https://app.example.com/wh");
  EXPECT_TRUE(rotated.json()["webhook"]["secret"].is_string());
  EXPECT_TRUE(rotated.json()["webhook"]["previousSecretUntil"].is_string());
}

TEST_F(WebhookEndpoints, ListsAreSortedAndDisabledRowsStay) {
  EXPECT_EQ(call("GET", "/api/events/getWebhook/sales").body,
            R"({"success":true,"message":"Webhooks retrieved successfully","webhooks":[]})");
  EXPECT_EQ(call("GET", "/api/events/getWebhook/sales?label=none").message(), "Webhook not found");
  EXPECT_EQ(call("GET", "/api/events/getWebhook/sales?label=").status, 404);
  for (const char* label : {"b", "", "a"}) {
    const std::string body =
        R"({"label":")" + std::string(label) + R"(","enabled":true,"url":"https://app.example.com/wh"})";
    ASSERT_EQ(call("POST", kUpdate, kOwn, body).status, 200) << label;
  }
  const Answer fourth =
      call("POST", kUpdate, kOwn, R"({"label":"c","enabled":true,"url":"https://app.example.com/wh"})");
  EXPECT_EQ(fourth.status, 400);
  EXPECT_EQ(fourth.message(), "Webhook limit reached");
  EXPECT_EQ(fourth.code(), "WEBHOOK_LIMIT");
  const Answer cleared = call("POST", kUpdate, kOwn, R"({"label":"a","enabled":false})");
  EXPECT_EQ(
      cleared.json()["webhook"].dump(),
      R"({"authorization":null,"byEvents":false,"enabled":false,"events":[],"label":"a","mediaBase64":false,"url":""})");
  std::string labels;
  const auto all = call("GET", "/api/events/webhook/sales").json();
  for (const auto& each : all["webhooks"]) labels += each["label"].get<std::string>() + " ";
  EXPECT_EQ(labels, "a b default ");
  EXPECT_EQ(call("POST", kUpdate, kOwn, R"({"label":"c","enabled":true,"url":"https://app.example.com/wh"})").status,
            200);
}

TEST_F(WebhookEndpoints, RefusalsNameFieldAndRule) {
  const struct {
    const char* body;
    const char* details;
  } cases[] = {
      {R"({"enabled":true})", "url: expected one where the webhook is enabled"},
      {R"({"enabled":true,"url":"https://user:hunter2@app.example.com/"})", "url: expected no user and password in it"},
      {R"({"enabled":true,"url":"http://127.0.0.1/"})", "url: expected a public address, got a loopback one"},
      {R"({"enabled":true,"url":"http://169.254.169.254/latest"})", "url: expected a public address, got a link-local"},
      {R"({"enabled":true,"url":"https://a.example/","events":["QRCODE_UPDATED"]})",
       "events: expected message.exchange"},
      {R"({"enabled":true,"url":"https://a.example/","authorization":"a\r\nb: c"})", "authorization: expected visible"},
      {R"({"enabled":true,"url":"https://a.example/","label":"a\u0000b"})", "label: expected 1 to 100 bytes"}};
  for (const auto& each : cases) {
    const Answer answer = call("POST", kUpdate, kOwn, each.body);
    EXPECT_EQ(answer.status, 400) << each.body;
    EXPECT_EQ(answer.message(), "Invalid webhook configuration") << each.body;
    EXPECT_EQ(answer.code(), "INVALID_WEBHOOK") << each.body;
    EXPECT_TRUE(answer.json()["error"]["details"].get<std::string>().starts_with(each.details)) << answer.body;
    EXPECT_EQ(answer.body.find("hunter2"), std::string::npos);
  }
  for (const char* wrong : {"", "[]", "{}", R"({"enabled":"yes"})", R"({"enabled":true,"url":5})",
                            R"({"enabled":true,"url":"https://a.example/","events":"all"})",
                            R"({"enabled":true,"url":"https://a.example/","authorization":{}})"}) {
    const Answer answer = call("POST", kUpdate, kOwn, wrong);
    EXPECT_EQ(answer.status, 400) << wrong;
    EXPECT_EQ(answer.message(), "Invalid request body") << wrong;
  }
  EXPECT_EQ(call("POST", kUpdate, kOwn, R"({"rotateSecret":true})").message(), "Webhook not found");
}

TEST_F(WebhookEndpoints, CreateTakesTheBlockAlongAndListShowsIt) {
  const Answer made = call("POST", "/api/instance/new", kAccount,
                           R"({"name":"support","webhookEnabled":true,"webhookURL":"https://app.example.com/wh",
                               "webhookAuthorization":"Bearer hunter2","webhookEvents":["call.update"],
                               "webhookByEvents":true,"webhookMediaBase64":true})");
  ASSERT_EQ(made.status, 201) << made.body;
  auto webhook = made.json()["instance"]["webhook"];
  EXPECT_TRUE(webhook["secret"].get<std::string>().starts_with("whsec_"));
  webhook.erase("secret");
  EXPECT_EQ(webhook.dump(),
            R"({"byEvents":true,"enabled":true,"events":["call.update"],"label":"default","mediaBase64":true,)"
            R"("url":"https://app.example.com/wh"})");
  const Answer listed = call("GET", "/api/instance/list?instanceName=support");
  EXPECT_EQ(listed.json()["instances"][0]["webhook"], webhook);
  EXPECT_EQ(listed.body.find("hunter2"), std::string::npos);
  EXPECT_EQ(call("GET", "/api/events/getWebhook/support?label=default").json()["webhook"]["authorization"],
            "Bearer hunter2");
  EXPECT_EQ(call("GET", "/api/instance/list?instanceName=sales").json()["instances"][0]["webhook"].dump(),
            R"({"byEvents":false,"enabled":false,"events":[],"label":"default","mediaBase64":false,"url":""})");
}

TEST_F(WebhookEndpoints, ABlockThatFailsDoesNotFailTheCreation) {
  int number = 0;
  for (const char* block : {R"("webhookEnabled":true)", R"("webhookEnabled":true,"webhookURL":"http://10.0.0.1/")",
                            R"("webhookEnabled":true,"webhookURL":"https://a.example/","webhookEvents":["all"])",
                            R"("webhookEnabled":false,"webhookURL":"https://a.example/")"}) {
    const std::string name = "failing-" + std::to_string(++number);
    const Answer made = call("POST", "/api/instance/new", kAccount, R"({"name":")" + name + "\"," + block + "}");
    EXPECT_EQ(made.status, 201) << block;
    EXPECT_EQ(made.json()["instance"]["webhook"]["enabled"], false) << block;
    EXPECT_FALSE(made.json()["instance"]["webhook"].contains("secret")) << block;
    EXPECT_EQ(call("GET", "/api/events/getWebhook/" + name).json()["webhooks"].size(), 0u) << block;
  }
  const Answer wrong = call("POST", "/api/instance/new", kAccount, R"({"name":"x","webhookEnabled":"yes"})");
  EXPECT_EQ(wrong.status, 400) << "the types are the contract's";
}

TEST_F(WebhookEndpoints, StatusAttemptsDeadLettersAndTheirReturn) {
  webhooks.set_answer(410);
  ASSERT_EQ(call("POST", kUpdate, kOwn, kPlain).status, 200);
  webhooks.happen("id-sales", "instance.state");
  ASSERT_TRUE(eventually([&] { return status_of()["deadLetters"] == 1; }));
  const auto status = status_of();
  EXPECT_EQ(status["enabled"], false);
  EXPECT_EQ(status["disabledReason"], "the receiver answered 410 Gone");
  EXPECT_EQ(call("GET", "/api/events/getWebhook/sales?label=").json()["webhook"]["disabledReason"],
            "the receiver answered 410 Gone");
  const Answer letters = call("GET", std::string(kV1) + "/dead-letters?limit=1", kOwn);
  ASSERT_EQ(letters.status, 200) << letters.body;
  const auto letter = letters.json()["deadLetters"][0];
  EXPECT_EQ(letter["id"], 1);
  EXPECT_EQ(letter["event"], "instance.state");
  EXPECT_EQ(letter["status"], 410);
  EXPECT_EQ(letter["attempts"], 1);
  EXPECT_EQ(letter["data"]["state"], "connected");
  EXPECT_EQ(letters.json()["meta"].dump(), R"({"next":1,"total":1})");
  EXPECT_EQ(call("GET", std::string(kV1) + "/dead-letters?after=1").json()["deadLetters"].size(), 0u);
  for (const char* wrong : {"limit=0", "limit=101", "limit=x", "after=-1"})
    EXPECT_EQ(call("GET", std::string(kV1) + "/dead-letters?" + wrong).status, 400) << wrong;

  EXPECT_EQ(call("POST", std::string(kV1) + "/redrive", kOwn, "{}").status, 409);
  webhooks.set_answer(200);
  ASSERT_EQ(call("POST", kUpdate, kOwn, kPlain).status, 200);
  EXPECT_EQ(call("POST", std::string(kV1) + "/redrive", kOwn, R"({"id":7})").message(), "Dead letter not found");
  EXPECT_EQ(call("POST", std::string(kV1) + "/redrive", kOwn, R"({"id":"1"})").status, 400);
  const Answer redriven = call("POST", std::string(kV1) + "/redrive", kOwn, R"({"id":1})");
  EXPECT_EQ(redriven.json()["redriven"], 1) << redriven.body;
  ASSERT_TRUE(eventually([&] { return status_of()["deadLetters"] == 0; }));
  EXPECT_EQ(status_of()["delivered"], 1);

  const auto attempts = call("GET", std::string(kV1) + "/attempts", kOwn).json()["attempts"];
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts[0]["outcome"], "delivered");
  EXPECT_EQ(attempts[1]["outcome"], "disabled");
  EXPECT_EQ(attempts[1]["status"], 410);
  EXPECT_EQ(call("GET", std::string(kV1) + "/attempts?label=none").status, 404);
}

TEST_F(WebhookEndpoints, TestsAnswerWithTheOutcome) {
  EXPECT_EQ(call("POST", std::string(kV1) + "/test", kOwn).message(), "Webhook not found");
  ASSERT_EQ(call("POST", kUpdate, kOwn, kPlain).status, 200);
  const Answer well = call("POST", std::string(kV1) + "/test", kOwn);
  EXPECT_EQ(well.status, 200) << well.body;
  EXPECT_EQ(well.json()["delivered"], true);
  EXPECT_EQ(well.json()["attempt"]["event"], "webhook.test");
  EXPECT_EQ(well.json()["attempt"]["status"], 200);
  webhooks.set_answer(0);
  const Answer ill = call("POST", std::string(kV1) + "/test", kOwn, R"({"label":"default"})");
  EXPECT_EQ(ill.json()["delivered"], false);
  EXPECT_EQ(ill.json()["attempt"]["cause"], "HTTP_FAILED");
  EXPECT_EQ(webhooks.requests().size(), 2u);
  ASSERT_EQ(call("POST", kUpdate, kOwn, R"({"enabled":false})").status, 200);
  EXPECT_EQ(call("POST", std::string(kV1) + "/test", kOwn).message(), "Webhook is disabled");
}

TEST_F(WebhookEndpoints, AWebhookIsRemoved) {
  ASSERT_EQ(call("POST", kUpdate, kOwn, kPlain).status, 200);
  EXPECT_EQ(call("DELETE", kV1, kOwn).status, 400) << "not by oversight";
  EXPECT_EQ(call("DELETE", std::string(kV1) + "?label=default", kOwn).body,
            R"({"success":true,"message":"Webhook removed"})");
  EXPECT_EQ(call("DELETE", std::string(kV1) + "?label=default", kOwn).message(), "Webhook not found");
  EXPECT_EQ(call("GET", "/api/events/getWebhook/sales").json()["webhooks"].size(), 0u);
  EXPECT_TRUE(call("POST", kUpdate, kOwn, kPlain).json()["webhook"].contains("secret")) << "made anew";
}

}  // namespace
}  // namespace ponte::api::test
