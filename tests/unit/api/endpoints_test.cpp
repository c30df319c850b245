// Every endpoint over a real socket: each status and each message of the contract.
#include "unit/api/api_support.h"

namespace ponte::api::test {
namespace {

class Endpoints : public ApiTest {
 protected:
  void SetUp() override {
    instances.add("sales");
    instances.add("support");
    start();
  }
  /// A connect call, and the answer that the instances give to it.
  Answer connect_answered(std::string_view target, Result<instance::ConnectResult> result) {
    Client client(port);
    client.send(request_text("GET", target, kAccount));
    auto waiting = take_waiting(1);
    waiting.at(0).reply.answer(std::move(result));
    return client.read_answer();
  }
};

TEST_F(Endpoints, HealthNeedsNoTokenAndHasNoRateLimit) {
  const Answer answer = call("GET", "/health", "");
  EXPECT_EQ(answer.status, 200);
  const auto body = answer.json();
  EXPECT_EQ(body["status"], "ok");
  EXPECT_EQ(body["service"], "Ponte");
  EXPECT_EQ(body["checks"]["db"], "ok");
  EXPECT_EQ(body["timestamp"].get<std::string>().back(), 'Z');
  EXPECT_EQ(body["uptime"].get<std::string>().back(), 's');
  EXPECT_FALSE(answer.header("x-request-id").empty());
}

TEST_F(Endpoints, HealthIsDegradedWhereTheStoreFails) {
  instances.store_error = Error{Errc::kStorage, Cause::kStoreUnavailable, "disk full"};
  const Answer answer = call("GET", "/health", "");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.json()["status"], "degraded");
  EXPECT_EQ(answer.json()["checks"]["db"], "fail: disk full");
}

TEST_F(Endpoints, CreateAnswers201WithTheInstance) {
  for (bool deferred : {false, true}) {
    instances.deferred = deferred;
    const std::string name = deferred ? "one" : "two";
    const Answer answer = call("POST", "/api/instance/new", kAccount,
                               R"({"name":")" + name + R"(","token":"mine-)" + name +
                                   R"(","autoRejectCalls":true,"disableHistorySync":false,"unknown":[1,2]})");
    ASSERT_EQ(answer.status, 201) << answer.body;
    const auto body = answer.json();
    EXPECT_EQ(body["success"], true);
    EXPECT_EQ(body["message"], "Instance created");
    const auto& item = body["instance"];
    EXPECT_EQ(item["name"], name);
    EXPECT_EQ(item["token"], "mine-" + name);
    EXPECT_EQ(item["status"], "disconnected");
    EXPECT_TRUE(item["numberJid"].is_null());
    EXPECT_EQ(item["createdAt"], "2025-06-01T00:00:00Z");
    EXPECT_EQ(item["updatedAt"], "2025-06-01T00:00:00Z");
    EXPECT_EQ(item["settings"]["autoRejectCalls"], true);
    EXPECT_EQ(item["settings"]["disableHistorySync"], false);
    EXPECT_EQ(item["webhook"]["enabled"], false);
    EXPECT_EQ(item["chatwoot"]["enabled"], false);
    EXPECT_EQ(answer.header("cache-control"), "no-store");
    EXPECT_EQ(answer.header("connection"), deferred ? answer.header("connection") : "keep-alive");
  }
}

TEST_F(Endpoints, CreateRefusesNamesThatAreNoNames) {
  for (const char* body : {R"({})", R"({"name":""})", R"({"name":"a b"})", R"({"name":"ä"})", R"({"name":"a\u0000b"})",
                           R"({"name":"a/b"})", R"({"name":null})"}) {
    const Answer answer = call("POST", "/api/instance/new", kAccount, body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(answer.message(), "Invalid instance name") << body;
    EXPECT_EQ(answer.code(), "INVALID_INSTANCE_NAME") << body;
  }
  EXPECT_EQ(call("POST", "/api/instance/new", kAccount, R"({"name":")" + std::string(101, 'a') + R"("})").status, 400);
  EXPECT_EQ(call("POST", "/api/instance/new", kAccount, R"({"name":")" + std::string(100, 'a') + R"("})").status, 201);
}

TEST_F(Endpoints, CreateRefusesBodiesOfTheWrongShape) {
  const std::string deep = R"({"name":"x","a":)" + std::string(40, '[') + std::string(40, ']') + "}";
  const std::pair<std::string, std::string> cases[] = {
      {"", "broken"},
      {"not json", "broken"},
      {"[]", "object"},
      {"\"text\"", "object"},
      {"{\"name\":\"x\"", "broken"},
      {"{\"name\":\"x\"} trailing", "broken"},
      {"{\"name\":\"\xff\xfe\"}", "broken"},
      {R"({"name":"x","name":"y"})", "twice"},
      {deep, "levels"},
      {std::string(100'000, '['), "levels"},
      {R"({"name":7})", "name"},
      {R"({"name":"x","token":7})", "token"},
      {R"({"name":"x","token":"a b"})", "token"},
      {R"({"name":"x","autoRejectCalls":"yes"})", "autoRejectCalls"},
      {R"({"name":"x","callRejectMessage":1})", "callRejectMessage"},
      {R"({"name":"x","proxyPort":1080})", "proxyPort"},
      {R"({"name":"x","webhookEvents":"message.exchange"})", "webhookEvents"},
      {R"({"name":"x","webhookEvents":[1]})", "webhookEvents"},
      {R"({"name":"x","chatwootAccountId":"1"})", "chatwootAccountId"},
      {R"({"name":"x","s3Enabled":0})", "s3Enabled"},
      {R"({"name":"x","token":")" + std::string(300, 't') + R"("})", "token"},
      {R"({"name":"x","n":1e999})", "range"},
  };
  for (const auto& [body, hint] : cases) {
    const Answer answer = call("POST", "/api/instance/new", kAccount, body);
    EXPECT_EQ(answer.status, 400) << body.substr(0, 80);
    EXPECT_EQ(answer.message(), "Invalid request body") << body.substr(0, 80);
    EXPECT_EQ(answer.code(), "INVALID_REQUEST");
    EXPECT_NE(answer.json()["error"]["details"].get<std::string>().find(hint), std::string::npos) << answer.body;
  }
}

TEST_F(Endpoints, CreateTakesEveryFieldOfTheContract) {
  const Answer answer = call("POST", "/api/instance/new", kAccount, R"({"name":"full","token":"",
    "proxyEnabled":false,"proxyHost":"h","proxyPort":"1080","proxyProtocol":"socks5","proxyUsername":"u","proxyPassword":"p",
    "webhookEnabled":true,"webhookURL":"https://h/","webhookAuthorization":null,"webhookByEvents":true,
    "webhookEvents":["message.exchange"],"webhookMediaBase64":false,"websocketEnabled":true,"websocketEvents":[],
    "websocketMediaBase64":true,"chatwootEnabled":true,"chatwootBaseUrl":"https://c","chatwootAccountId":1,
    "chatwootApiToken":"t","chatwootInboxName":"i","chatwootSignMessages":true,"chatwootIgnoreGroups":true,
    "chatwootStartAsPending":true,"chatwootReopenResolved":true,"autoRejectCalls":true,"callRejectMessage":"busy",
    "ignoreGroupMessages":true,"keepOnlineStatus":true,"autoReadMessages":true,"disableHistorySync":false,
    "ignoreStatus":true,"s3Enabled":true,"s3Region":"r","s3Bucket":"b","s3AccessKey":"a","s3SecretKey":"s",
    "s3Endpoint":"","s3PathPrefix":"p"})");
  ASSERT_EQ(answer.status, 201) << answer.body;
  const auto item = answer.json()["instance"];
  EXPECT_EQ(item["token"], "token-full") << "an empty token is none";
  EXPECT_EQ(item["settings"]["callRejectMessage"], "busy");
  for (const char* block : {"chatwoot", "proxy", "s3"}) EXPECT_EQ(item[block]["enabled"], false);
  EXPECT_EQ(item["websocket"]["events"].size(), 6U) << "none named: all";
  EXPECT_EQ(item["webhook"]["url"], "https://h/");
  EXPECT_EQ(answer.body.find("\"p\""), std::string::npos) << "no password comes back";
}

TEST_F(Endpoints, CreateTakesAProxyAndNeverShowsItsPassword) {
  const Answer answer = call("POST", "/api/instance/new", kAccount,
                             R"({"name":"hidden","proxyEnabled":true,"proxyHost":"10.0.0.7","proxyPort":"1080",
                                 "proxyProtocol":"socks5","proxyUsername":"u","proxyPassword":"hunter2"})");
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.json()["instance"]["proxy"].dump(),
            R"({"enabled":true,"host":"10.0.0.7","port":"1080","protocol":"socks5","username":"u"})");
  EXPECT_EQ(answer.body.find("hunter2"), std::string::npos);
  ASSERT_TRUE(instances.last_proxy);
  EXPECT_EQ(instances.last_proxy->password, "hunter2");
  EXPECT_TRUE(instances.last_proxy->allow_private) << "the account token may name any";
}

TEST_F(Endpoints, CreateMakesNothingWhereItsProxyIsNoProxy) {
  const Answer answer = call("POST", "/api/instance/new", kAccount, R"({"name":"hidden","proxyEnabled":true})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.message(), "Invalid proxy configuration");
  EXPECT_EQ(answer.code(), "INVALID_PROXY");
  EXPECT_FALSE(instances.find("hidden"));
}

TEST_F(Endpoints, CreateAnswersConflictsAndFailures) {
  const Answer duplicate = call("POST", "/api/instance/new", kAccount, R"({"name":"sales"})");
  EXPECT_EQ(duplicate.status, 409);
  EXPECT_EQ(duplicate.message(), "Instance already exists");
  instances.create_error = Error{Errc::kAlreadyExists, Cause::kTokenInUse, "token in use"};
  const Answer token = call("POST", "/api/instance/new", kAccount, R"({"name":"x"})");
  EXPECT_EQ(token.status, 409);
  EXPECT_EQ(token.message(), "Token already in use");
  EXPECT_EQ(token.code(), "TOKEN_IN_USE");
  instances.create_error = Error{Errc::kStorage, Cause::kStoreUnavailable, "disk full"};
  const Answer storage = call("POST", "/api/instance/new", kAccount, R"({"name":"x"})");
  EXPECT_EQ(storage.status, 500);
  EXPECT_EQ(storage.message(), "Failed to create instance");
  EXPECT_EQ(storage.code(), "STORE_UNAVAILABLE");
}

TEST_F(Endpoints, ConnectAnswersWithTheQr) {
  const Answer answer = connect_answered(
      "/api/instance/connect/sales",
      instance::ConnectResult{instance::ConnectResult::Kind::kQr, "2@text,a,b,c", Milliseconds(19'999)});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto body = answer.json();
  EXPECT_EQ(body["success"], true);
  EXPECT_EQ(body["message"], "QR code generated");
  EXPECT_EQ(body["qrCode"], "2@text,a,b,c");
  EXPECT_EQ(body["qrCodeBase64"].get<std::string>().substr(0, 33), "data:image/png;base64,iVBORw0KGgo");
  EXPECT_EQ(body["status"], "qr");
  EXPECT_EQ(body["expiresIn"], 19);
  EXPECT_EQ(body.size(), 6u);
  EXPECT_EQ(answer.header("cache-control"), "no-store");
  EXPECT_EQ(answer.header("connection"), "close");
}

TEST_F(Endpoints, ConnectNamesNoExpiryBelowOneSecond) {
  const Answer answer =
      connect_answered("/api/instance/connect/sales",
                       instance::ConnectResult{instance::ConnectResult::Kind::kQr, "2@x", Milliseconds(3)});
  EXPECT_EQ(answer.json()["expiresIn"], 1);
}

TEST_F(Endpoints, ConnectSaysThatItIsConnected) {
  const Answer answer = connect_answered("/api/instance/connect/sales",
                                         instance::ConnectResult{instance::ConnectResult::Kind::kConnected, "", {}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"success":true,"message":"Instance already connected","status":"connected"})");
}

TEST_F(Endpoints, ConnectHandsHistoryOver) {
  connect_answered("/api/instance/connect/sales?history=30",
                   instance::ConnectResult{instance::ConnectResult::Kind::kConnected, "", {}});
  EXPECT_EQ(instances.last_connect().history_days, 30u);
  connect_answered("/api/instance/connect/sales",
                   instance::ConnectResult{instance::ConnectResult::Kind::kConnected, "", {}});
  EXPECT_EQ(instances.last_connect().history_days, std::nullopt);
}

TEST_F(Endpoints, ConnectAnswersWithThePairingCode) {
  const Answer answer =
      connect_answered("/api/instance/connect/sales?number=%2B55+(11)+99999-9999&code=abcd-1234",
                       instance::ConnectResult{instance::ConnectResult::Kind::kPairingCode, "ABCD-1234", Seconds(180)});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(
      answer.body,
      R"({"success":true,"message":"Pairing code generated","pairingCode":"ABCD-1234","status":"pairing_code","expiresIn":180})");
  EXPECT_EQ(instances.last_connect().number, "5511999999999");
  EXPECT_EQ(instances.last_connect().code, "abcd-1234");
}

TEST_F(Endpoints, ConnectRefusesWhatIsNotValid) {
  const struct {
    const char* target;
    int status;
    const char* message;
    const char* code;
  } cases[] = {
      {"/api/instance/connect/", 400, "Instance name is required", "INVALID_INSTANCE_NAME"},
      {"/api/instance/connect", 400, "Instance name is required", "INVALID_INSTANCE_NAME"},
      {"/api/instance/connect/%20", 400, "Instance name is required", "INVALID_INSTANCE_NAME"},
      {"/api/instance/connect/?number=1", 400, "Instance name is required", "INVALID_INSTANCE_NAME"},
      {"/api/instance/connect/nobody", 404, "Instance not found", "INSTANCE_NOT_FOUND"},
      {"/api/instance/connect/..%2fsales", 404, "Instance not found", "INSTANCE_NOT_FOUND"},
      {"/api/instance/connect/sales?history=0", 400, "Invalid history value", "INVALID_HISTORY"},
      {"/api/instance/connect/sales?history=3651", 400, "Invalid history value", "INVALID_HISTORY"},
      {"/api/instance/connect/sales?history=", 400, "Invalid history value", "INVALID_HISTORY"},
      {"/api/instance/connect/sales?history=-1", 400, "Invalid history value", "INVALID_HISTORY"},
      {"/api/instance/connect/sales?history=1.5", 400, "Invalid history value", "INVALID_HISTORY"},
      {"/api/instance/connect/sales?history=99999999999999999999", 400, "Invalid history value", "INVALID_HISTORY"},
      {"/api/instance/connect/sales?number=", 400, "Invalid phone number", "INVALID_NUMBER"},
      {"/api/instance/connect/sales?number=123456", 400, "Invalid phone number", "INVALID_NUMBER"},
      {"/api/instance/connect/sales?number=1234567890123456", 400, "Invalid phone number", "INVALID_NUMBER"},
      {"/api/instance/connect/sales?number=05511999999999", 400, "Invalid phone number", "INVALID_NUMBER"},
      {"/api/instance/connect/sales?number=5511x9999999", 400, "Invalid phone number", "INVALID_NUMBER"},
      {"/api/instance/connect/sales?code=ABCD1234", 400, "Invalid pairing code", "INVALID_CODE"},
      {"/api/instance/connect/sa%ZZles", 400, "Malformed request", "INVALID_REQUEST"},
      {"/api/instance/connect/sales%00", 400, "Malformed request", "INVALID_REQUEST"},
  };
  for (const auto& each : cases) {
    const Answer answer = call("GET", each.target);
    EXPECT_EQ(answer.status, each.status) << each.target;
    EXPECT_EQ(answer.message(), each.message) << each.target;
    EXPECT_EQ(answer.code(), each.code) << each.target;
    EXPECT_EQ(answer.json()["success"], false);
  }
}

TEST_F(Endpoints, ConnectFailuresAre500WithTheirCause) {
  const Error errors[] = {
      {Errc::kUnavailable, Cause::kProxyUnreachable, "the proxy refused the connection", Seconds(60)},
      {Errc::kTimedOut, Cause::kConnectTimeout, "no code within 60 s"},
      {Errc::kUntrusted, Cause::kCertificateSignature, "the certificate is not WhatsApp's"},
      {Errc::kRejected, Cause::kClientOutdated, "WhatsApp asks for a newer version"},
      {Errc::kCancelled, Cause::kShuttingDown, "the service is shutting down"},
      {Errc::kStorage, Cause::kStoreCorrupt, "the session does not open"},
      {Errc::kMalformed, Cause::kNodeMalformed, "a node did not decode"},
  };
  for (const Error& error : errors) {
    const Answer answer = connect_answered("/api/instance/connect/sales", error);
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.message(), "Failed to generate QR code");
    EXPECT_EQ(answer.code(), cause_name(error.cause));
    EXPECT_EQ(answer.json()["error"]["details"], error.message);
    EXPECT_EQ(answer.json()["error"].contains("retryAt"), error.retry_after.has_value());
    EXPECT_EQ(answer.json()["requestId"], answer.header("x-request-id"));
  }
}

TEST_F(Endpoints, ConnectWhoseReplyIsLostIsAnswered) {
  Client client(port);
  client.send(request_text("GET", "/api/instance/connect/sales", kAccount));
  take_waiting(1);  // and dropped
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.code(), "REPLY_DROPPED");
}

TEST_F(Endpoints, ListShowsAllToTheAccount) {
  instances.edit("sales", [](instance::InstanceInfo& info) {
    info.state = instance::State::kConnected;
    info.number_jid = "5511999999999@s.whatsapp.net";
    info.push_name = "Ana \xff";
  });
  instances.edit("support", [](instance::InstanceInfo& info) {
    info.state = instance::State::kLoggedOut;
    info.reason = Error{Errc::kRejected, Cause::kLoggedOut, "the phone removed the device"};
  });
  const Answer answer = call("GET", "/api/instance/list");
  ASSERT_EQ(answer.status, 200);
  const auto body = answer.json();
  EXPECT_EQ(body["message"], "2 Instances found");
  EXPECT_EQ(body["meta"]["total"], 2);
  const auto& sales = body["instances"][0];
  EXPECT_EQ(sales["name"], "sales");
  EXPECT_EQ(sales["token"], "token-sales");
  EXPECT_EQ(sales["status"], "connected");
  EXPECT_EQ(sales["numberJid"], "5511999999999@s.whatsapp.net");
  EXPECT_EQ(sales["connection"]["state"], "connected");
  EXPECT_EQ(sales["connection"]["displayStatus"], "Connected");
  EXPECT_EQ(sales["profile"]["name"], "Ana \xEF\xBF\xBD") << "text that is no UTF-8 never throws";
  EXPECT_FALSE(sales.contains("reason"));
  for (const char* block : {"webhook", "websocket", "chatwoot", "proxy", "s3"}) {
    ASSERT_TRUE(sales[block].is_object()) << block;
    EXPECT_EQ(sales[block]["enabled"], false) << block;
  }
  EXPECT_EQ(sales["settings"]["disableHistorySync"], true);
  const auto& support = body["instances"][1];
  EXPECT_EQ(support["connection"]["state"], "loggedout");
  EXPECT_EQ(support["reason"]["code"], "LOGGED_OUT");
}

TEST_F(Endpoints, ListFiltersByName) {
  const auto names = [&](const char* target) {
    const Answer answer = call("GET", target);
    std::string out = answer.message();
    if (answer.status != 200) return out;
    const auto body = answer.json();
    for (const auto& item : body["instances"]) out += item["name"].get<std::string>() + " ";
    return out + body["message"].get<std::string>();
  };
  EXPECT_EQ(names("/api/instance/list?instanceName=sales"), "sales 1 Instance found");
  EXPECT_EQ(names("/api/instance/list?instanceName=nobody"), "Instance not found");
  EXPECT_EQ(names("/api/instance/list?instanceName=sales,nobody"), "sales 1 Instance found");
  EXPECT_EQ(names("/api/instance/list?instanceName=support,%20sales"), "sales support 2 Instances found");
  EXPECT_EQ(names("/api/instance/list?instanceName=x,y"), "0 Instances found");
  EXPECT_EQ(names("/api/instance/list?instanceName="), "sales support 2 Instances found");
  EXPECT_EQ(call("GET", "/api/instance/list?instanceName=nobody").status, 404);
}

TEST_F(Endpoints, ListShowsAnInstanceTokenItsOwnWithoutTheToken) {
  const Answer answer = call("GET", "/api/instance/list?instanceName=support", "token: token-sales\r\n");
  ASSERT_EQ(answer.status, 200);
  const auto body = answer.json();
  EXPECT_EQ(body["message"], "1 Instance found");
  ASSERT_EQ(body["instances"].size(), 1u);
  EXPECT_EQ(body["instances"][0]["name"], "sales");
  EXPECT_FALSE(body["instances"][0].contains("token"));
}

TEST_F(Endpoints, DeleteErasesOnceAndThenFindsNothing) {
  const Answer first = call("DELETE", "/api/instance/delete/sales");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, R"({"success":true,"message":"Instance deleted","instance":{"status":"deleted"}})");
  const Answer second = call("DELETE", "/api/instance/delete/sales");
  EXPECT_EQ(second.status, 404);
  EXPECT_EQ(second.message(), "Instance not found");
  EXPECT_EQ(call("DELETE", "/api/instance/delete/").message(), "Instance name is required");
  instances.remove_error = Error{Errc::kStorage, Cause::kStoreUnavailable, "disk full"};
  const Answer failed = call("DELETE", "/api/instance/delete/support");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.message(), "Failed to delete instance: disk full");
}

TEST_F(Endpoints, EveryRouteWithATokenRefusesForeignOnes) {
  const struct {
    const char* method;
    const char* target;
    const char* headers;
  } cases[] = {
      {"GET", "/api/instance/list", ""},
      {"GET", "/api/instance/list", "token: wrong\r\n"},
      {"GET", "/api/instance/list", "token:\r\n"},
      {"GET", "/api/instance/list", "Authorization: Basic account-token\r\n"},
      {"GET", "/api/instance/list", "Authorization: account-token\r\n"},
      {"GET", "/api/instance/list?token=account-token", ""},
      {"GET", "/api/instance/connect/sales", ""},
      {"GET", "/api/instance/connect/sales", "token: token-support\r\n"},
      {"GET", "/api/instance/connect/nobody", "token: token-support\r\n"},
      {"POST", "/api/instance/new", ""},
      {"POST", "/api/instance/new", "token: token-sales\r\n"},
      {"DELETE", "/api/instance/delete/sales", ""},
      {"DELETE", "/api/instance/delete/sales", "token: token-sales\r\n"},
      {"DELETE", "/api/instance/delete/nobody", "token: token-sales\r\n"},
  };
  for (const auto& each : cases) {
    const Answer answer = call(each.method, each.target, each.headers);
    EXPECT_EQ(answer.status, 401) << each.method << each.target << each.headers;
    EXPECT_EQ(answer.message(), "Invalid token");
    EXPECT_EQ(answer.code(), "INVALID_TOKEN");
  }
  EXPECT_EQ(instances.waiting_count(), 0u);
  EXPECT_EQ(instances.list().size(), 2u);
}

TEST_F(Endpoints, TokensComeInEveryFormOfTheContract) {
  for (const char* headers : {"token: account-token\r\n", "token: account-token \t\r\n", "TOKEN:account-token\r\n",
                              "Authorization: Bearer account-token\r\n", "authorization: bearer account-token\r\n",
                              "token: account-token\r\nAuthorization: Bearer wrong\r\n"}) {
    EXPECT_EQ(call("GET", "/api/instance/list", headers).status, 200) << headers;
  }
  EXPECT_EQ(call("GET", "/api/instance/connect/", "token: token-sales\r\n").message(), "Instance name is required");
}

TEST_F(Endpoints, UnknownRoutesAndMethodsAreInTheEnvelope) {
  for (const char* target : {"/api", "/api/instance", "/api//instance/list", "/api/instance/list/", "/health/",
                             "/api/instance/connect/a/b", "/API/instance/list"}) {
    const Answer answer = call("GET", target);
    EXPECT_EQ(answer.status, 404) << target;
    EXPECT_EQ(answer.message(), "Not found");
    EXPECT_EQ(answer.code(), "ROUTE_NOT_FOUND");
  }
  const Answer wrong = call("DELETE", "/api/instance/list");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.message(), "Method not allowed");
  EXPECT_EQ(wrong.header("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(call("GET", "/api/instance/new").header("allow"), "POST, OPTIONS");
}

TEST_F(Endpoints, HeadAnswersLikeGetWithoutBody) {
  const Answer get = call("GET", "/api/instance/list");
  Client client(port);
  client.send(request_text("HEAD", "/api/instance/list", kAccount) + request_text("GET", "/health"));
  const Answer head = client.read_answer(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), std::to_string(get.body.size()));
  EXPECT_EQ(client.read_answer().json()["service"], "Ponte") << "no byte of a body came between the two";
}

TEST_F(Endpoints, RequestIdIsTakenOverOrMade) {
  EXPECT_EQ(call("GET", "/health", "X-Request-Id: my-id/1\r\n").header("x-request-id"), "my-id/1");
  const std::string longest(128, 'i');
  EXPECT_EQ(call("GET", "/health", "X-Request-Id: " + longest + "\r\n").header("x-request-id"), longest);
  for (const std::string& bad : {std::string("a b"), std::string(129, 'i'), std::string("\xC3\xA4"), std::string()}) {
    const Answer answer = call("GET", "/api/instance/list", "X-Request-Id: " + bad + "\r\n");
    const std::string made = answer.header("x-request-id");
    ASSERT_EQ(made.size(), 36u) << bad;
    EXPECT_EQ(made[14], '7');
    EXPECT_EQ(answer.json()["requestId"], made);
  }
}

TEST_F(Endpoints, ProblemJsonIsRenderedWhereItIsAccepted) {
  const Answer answer = call("GET", "/api/instance/connect/nobody",
                             std::string(kAccount) + "Accept: text/html, application/problem+json;q=0.9\r\n");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.header("content-type"), "application/problem+json");
  const auto body = answer.json();
  EXPECT_EQ(body["status"], 404);
  EXPECT_EQ(body["detail"], "Instance not found");
  EXPECT_EQ(body["code"], "INSTANCE_NOT_FOUND");
  EXPECT_EQ(body["requestId"], answer.header("x-request-id"));
  // Accept values that make Pistache's own parser answer 415.
  for (const char* accept :
       {"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "nonsense", "application/problem+json;q=0"}) {
    EXPECT_EQ(call("GET", "/nowhere", std::string("Accept: ") + accept + "\r\n").header("content-type"),
              "application/json");
  }
}

class Limits : public ApiTest {
 protected:
  void SetUp() override {
    options.dispatcher.limits.global = 5;
    options.dispatcher.limits.create = 2;
    instances.add("sales");
    start();
  }
};

TEST_F(Limits, TokensAreCountedApartAndAnswered429) {
  for (int i = 0; i < 5; ++i) {
    const Answer answer = call("GET", "/api/instance/list");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("x-ratelimit-limit"), "5");
    EXPECT_EQ(answer.header("x-ratelimit-remaining"), std::to_string(4 - i));
    EXPECT_GE(std::stoll(answer.header("x-ratelimit-reset")), unix_seconds(clock.now().wall));
  }
  const Answer refused = call("GET", "/api/instance/list");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.message(), "Rate limit exceeded. Try again later.");
  EXPECT_EQ(refused.code(), "RATE_LIMITED");
  EXPECT_EQ(refused.header("x-ratelimit-remaining"), "0");
  EXPECT_GE(std::stoi(refused.header("retry-after")), 1);
  EXPECT_FALSE(refused.header("x-request-id").empty());
  EXPECT_EQ(call("GET", "/api/instance/list", "token: token-sales\r\n").status, 200) << "another bucket";
  EXPECT_EQ(call("POST", "/api/instance/new", kAccount, R"({"name":"a"})").status, 201) << "another bucket";
  EXPECT_EQ(call("GET", "/health", "").status, 200);
}

TEST_F(Limits, CreateHasItsOwn) {
  EXPECT_EQ(call("POST", "/api/instance/new", kAccount, R"({"name":"a"})").header("x-ratelimit-limit"), "2");
  EXPECT_EQ(call("POST", "/api/instance/new", kAccount, R"({"name":"b"})").status, 201);
  EXPECT_EQ(call("POST", "/api/instance/new", kAccount, R"({"name":"c"})").status, 429);
  EXPECT_EQ(call("GET", "/api/instance/list").status, 200);
}

TEST_F(Limits, InvalidTokensShareTheAddressesBucket) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(call("GET", "/api/instance/list", "token: guess-" + std::to_string(i) + "\r\n").status, 401);
  }
  EXPECT_EQ(call("GET", "/api/instance/list", "token: guess-6\r\n").status, 429);
  EXPECT_EQ(call("GET", "/api/instance/list").status, 200) << "a valid token is not held up";
}

TEST_F(Limits, EveryAnswerButHealthCarriesTheHeaders) {
  EXPECT_FALSE(call("GET", "/nowhere").header("x-ratelimit-limit").empty());
  EXPECT_FALSE(raw("BROKEN\r\n\r\n").header("x-ratelimit-limit").empty());
  EXPECT_FALSE(call("OPTIONS", "/api/instance/list", "").header("x-ratelimit-limit").empty());
}

class Cors : public ApiTest {
 protected:
  void SetUp() override {
    options.dispatcher.cors_origins = {"https://app.example.com"};
    start();
  }
};

TEST_F(Cors, PreflightNamesWhatIsAllowed) {
  const Answer answer = call("OPTIONS", "/api/instance/connect/sales",
                             "Origin: https://app.example.com\r\nAccess-Control-Request-Method: GET\r\n");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("access-control-allow-origin"), "https://app.example.com");
  EXPECT_NE(answer.header("access-control-allow-headers").find("token"), std::string::npos);
  EXPECT_NE(answer.header("access-control-allow-headers").find("Authorization"), std::string::npos);
  EXPECT_NE(answer.header("access-control-allow-headers").find("Last-Event-ID"), std::string::npos);
  EXPECT_NE(answer.header("access-control-allow-methods").find("DELETE"), std::string::npos);
  EXPECT_EQ(answer.header("vary"), "Origin");
  EXPECT_EQ(call("OPTIONS", "/nowhere").status, 404);
  EXPECT_EQ(call("OPTIONS", "*", "").status, 204);
}

TEST_F(Cors, OnlyAllowedOriginsAreNamed) {
  EXPECT_EQ(
      call("GET", "/api/instance/list", "Origin: https://evil.example.com\r\n").header("access-control-allow-origin"),
      "");
  EXPECT_EQ(
      call("GET", "/api/instance/list", "Origin: https://app.example.com\r\n").header("access-control-allow-origin"),
      "https://app.example.com")
      << "also on a 401, or the page could not read it";
}

}  // namespace
}  // namespace ponte::api::test
