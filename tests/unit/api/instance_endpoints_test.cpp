// Reconnect, logout, settings, proxy and passkey over a real socket.
#include "unit/api/api_support.h"

namespace ponte::api::test {
namespace {

constexpr char kOwn[] = "token: token-sales\r\n";

class InstanceEndpoints : public ApiTest {
 protected:
  void SetUp() override {
    instances.add("sales");
    start();
  }
};

TEST_F(InstanceEndpoints, EachRefusesWhatIsNoName) {
  const struct {
    const char* method;
    const char* path;
  } routes[] = {{"POST", "/api/instance/reconnect"},  {"DELETE", "/api/instance/logout"},
                {"GET", "/api/instance/getSettings"}, {"POST", "/api/instance/settings"},
                {"GET", "/api/instance/getProxy"},    {"POST", "/api/instance/proxy"}};
  for (const auto& route : routes) {
    const std::string path = route.path;
    const char* body = R"({"enabled":false,"ignoreStatus":true})";
    EXPECT_EQ(call(route.method, path, kAccount, body).message(), "Instance name is required") << path;
    EXPECT_EQ(call(route.method, path + "/nobody", kAccount, body).message(), "Instance not found") << path;
    EXPECT_EQ(call(route.method, path + "/other", kOwn, body).status, 401) << path;
    EXPECT_EQ(call(route.method, path + "/sales", "", body).message(), "Invalid token") << path;
  }
  EXPECT_EQ(call("GET", "/v1/instances//passkey").message(), "Instance name is required");
  EXPECT_EQ(call("POST", "/v1/instances//passkey/confirm").message(), "Instance name is required");
  EXPECT_EQ(call("GET", "/v1/instances/nobody/passkey").message(), "Instance not found");
}

TEST_F(InstanceEndpoints, Reconnect) {
  for (const char* body : {"", "{}", "not json"}) {
    const Answer answer = call("POST", "/api/instance/reconnect/sales", kOwn, body);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"success":true,"message":"Reconnect initiated","status":"connecting"})");
  }
  instances.next_error = Error{Errc::kInvalidArgument, Cause::kNoSavedSession, "never linked"};
  const Answer never = call("POST", "/api/instance/reconnect/sales");
  EXPECT_EQ(never.status, 400);
  EXPECT_EQ(never.message(), "Instance has no saved session \u2014 call /connect first");
  instances.next_error = Error{Errc::kUnavailable, Cause::kProxyUnreachable, "proxy down.example: no answer"};
  const Answer failed = call("POST", "/api/instance/reconnect/sales");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.message(), "Failed to reconnect: proxy down.example: no answer");
  EXPECT_EQ(failed.code(), "PROXY_UNREACHABLE");
}

TEST_F(InstanceEndpoints, Logout) {
  const Answer answer = call("DELETE", "/api/instance/logout/sales", kOwn);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body,
            R"({"success":true,"message":"Instance logged out","instance":{"status":"loggedout"},"unlinked":true})");
  EXPECT_EQ(call("DELETE", "/api/instance/logout/sales").status, 200) << "idempotent";
  EXPECT_EQ(call("GET", "/api/instance/list?instanceName=sales").json()["instances"][0]["status"], "loggedout");
  instances.next_error = Error{Errc::kStorage, Cause::kStoreUnavailable, "disk full"};
  const Answer failed = call("DELETE", "/api/instance/logout/sales");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.message(), "Failed to logout instance");
}

TEST_F(InstanceEndpoints, Settings) {
  const Answer before = call("GET", "/api/instance/getSettings/sales", kOwn);
  EXPECT_EQ(before.status, 200);
  EXPECT_EQ(before.body,
            R"({"success":true,"message":"Settings retrieved successfully","settings":{"autoRejectCalls":false,)"
            R"("callRejectMessage":"","ignoreGroupMessages":false,"keepOnlineStatus":false,"autoReadMessages":false,)"
            R"("disableHistorySync":true,"ignoreStatus":false}})");
  const Answer changed = call("POST", "/api/instance/settings/sales", kOwn,
                              R"({"keepOnlineStatus":true,"callRejectMessage":"later","unknown":1})");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.json()["message"], "Settings updated successfully");
  EXPECT_EQ(changed.json()["settings"]["keepOnlineStatus"], true);
  EXPECT_EQ(changed.json()["settings"]["callRejectMessage"], "later");
  EXPECT_EQ(changed.json()["settings"]["disableHistorySync"], true);
  for (const char* none : {"{}", R"({"unknown":true})", R"({"ignoreStatus":null})"}) {
    const Answer answer = call("POST", "/api/instance/settings/sales", kOwn, none);
    EXPECT_EQ(answer.status, 400) << none;
    EXPECT_EQ(answer.message(), "At least one setting must be provided") << none;
  }
  for (const char* wrong : {"", "[]", "null", R"({"ignoreStatus":"yes"})", R"({"callRejectMessage":5})",
                            R"({"ignoreStatus":true,"ignoreStatus":false})"}) {
    const Answer answer = call("POST", "/api/instance/settings/sales", kOwn, wrong);
    EXPECT_EQ(answer.status, 400) << wrong;
    EXPECT_EQ(answer.message(), "Invalid request body") << wrong;
  }
  const Answer named = call("POST", "/api/instance/settings/sales", kOwn, R"({"ignoreStatus":"yes"})");
  EXPECT_EQ(named.json()["error"]["details"], "ignoreStatus: expected a boolean, got string");
  instances.next_error = Error{Errc::kStorage, Cause::kStoreUnavailable, "disk full"};
  EXPECT_EQ(call("POST", "/api/instance/settings/sales", kOwn, R"({"ignoreStatus":true})").message(),
            "Failed to update settings configuration");
}

TEST_F(InstanceEndpoints, ProxyIsSetShownAndRemoved) {
  EXPECT_EQ(call("GET", "/api/instance/getProxy/sales", kOwn).body,
            R"({"success":true,"message":"Proxy configuration retrieved successfully","proxy":{"enabled":false,)"
            R"("host":null,"port":null,"protocol":null,"username":null}})");
  const Answer set = call("POST", "/api/instance/proxy/sales", kAccount,
                          R"({"enabled":true,"host":"[::1]","port":"3128","protocol":"http","username":"u",
                              "password":"hunter2"})");
  ASSERT_EQ(set.status, 200) << set.body;
  EXPECT_EQ(set.json()["proxy"].dump(),
            R"({"enabled":true,"host":"::1","port":"3128","protocol":"http","username":"u"})");
  EXPECT_EQ(instances.last_proxy->password, "hunter2");
  for (const char* route : {"/api/instance/getProxy/sales", "/api/instance/list"}) {
    EXPECT_EQ(call("GET", route).body.find("hunter2"), std::string::npos) << route;
  }
  const Answer removed = call("POST", "/api/instance/proxy/sales", kOwn, R"({"enabled":false})");
  EXPECT_EQ(removed.status, 200);
  EXPECT_EQ(removed.json()["proxy"]["enabled"], false);
  EXPECT_FALSE(instances.last_proxy);
  instances.next_error = Error{Errc::kStorage, Cause::kStoreUnavailable, "disk full"};
  EXPECT_EQ(call("POST", "/api/instance/proxy/sales", kOwn, R"({"enabled":false})").message(),
            "Failed to update proxy configuration");
}

TEST_F(InstanceEndpoints, ProxiesThatAreNoneAreRefusedByFieldAndRule) {
  const struct {
    const char* body;
    const char* message;
    const char* field;
  } cases[] = {
      {"", "Invalid request body", ""},
      {"{}", "Invalid request body", "enabled"},
      {R"({"enabled":"true"})", "Invalid request body", "enabled"},
      {R"({"enabled":true,"host":"p","port":1080,"protocol":"http"})", "Invalid request body", "port"},
      {R"({"enabled":true,"host":"p","port":"1080"})", "Invalid proxy configuration", "protocol"},
      {R"({"enabled":true,"host":"p","port":"1080","protocol":"socks4"})", "Invalid proxy configuration", "protocol"},
      {R"({"enabled":true,"host":"p","port":"0","protocol":"http"})", "Invalid proxy configuration", "port"},
      {R"({"enabled":true,"host":"p","port":"65536","protocol":"http"})", "Invalid proxy configuration", "port"},
      {R"({"enabled":true,"host":"p","port":"80 ","protocol":"http"})", "Invalid proxy configuration", "port"},
      {R"({"enabled":true,"host":"p","protocol":"http"})", "Invalid proxy configuration", "port"},
      {R"({"enabled":true,"host":"","port":"80","protocol":"http"})", "Invalid proxy configuration", "host"},
      {R"({"enabled":true,"host":"a b","port":"80","protocol":"http"})", "Invalid proxy configuration", "host"},
      {R"({"enabled":true,"host":"u@p","port":"80","protocol":"http"})", "Invalid proxy configuration", "host"},
      {R"({"enabled":true,"host":"p/x","port":"80","protocol":"http"})", "Invalid proxy configuration", "host"},
      {R"({"enabled":true,"host":"p","port":"80","protocol":"http","username":"a:b"})", "Invalid proxy configuration",
       "username"},
      {R"({"enabled":true,"host":"p","port":"80","protocol":"socks5","password":"x"})", "Invalid proxy configuration",
       "username"},
  };
  for (const auto& each : cases) {
    const Answer answer = call("POST", "/api/instance/proxy/sales", kOwn, each.body);
    EXPECT_EQ(answer.status, 400) << each.body;
    EXPECT_EQ(answer.message(), each.message) << each.body;
    EXPECT_NE(answer.json()["error"]["details"].dump().find(each.field), std::string::npos) << answer.body;
  }
  EXPECT_FALSE(instances.last_proxy);
}

TEST_F(InstanceEndpoints, AnInstanceTokenMayNotNameAPrivateProxy) {
  for (const char* host :
       {"127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "::1", "[fd00::1]", "::ffff:10.0.0.1", "0.0.0.0"}) {
    const std::string body = R"({"enabled":true,"host":")" + std::string(host) + R"(","port":"80","protocol":"http"})";
    const Answer refused = call("POST", "/api/instance/proxy/sales", kOwn, body);
    EXPECT_EQ(refused.status, 400) << host;
    EXPECT_EQ(refused.code(), "INVALID_PROXY") << host;
    EXPECT_EQ(call("POST", "/api/instance/proxy/sales", kAccount, body).status, 200) << host;
    EXPECT_TRUE(instances.last_proxy->allow_private);
  }
  const char* named = R"({"enabled":true,"host":"proxy.example","port":"80","protocol":"http"})";
  EXPECT_EQ(call("POST", "/api/instance/proxy/sales", kOwn, named).status, 200);
  EXPECT_FALSE(instances.last_proxy->allow_private) << "its address is looked at when it is dialed";
}

TEST_F(InstanceEndpoints, ADialThatFindsAPrivateProxyIsAFailedConnect) {
  Client client(port);
  client.send(request_text("GET", "/api/instance/connect/sales", kOwn));
  take_waiting(1).at(0).reply.answer(Error{Errc::kForbidden, Cause::kProxyNotAllowed, "10.0.0.1 is private"});
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.message(), "Failed to generate QR code");
  EXPECT_EQ(answer.code(), "PROXY_NOT_ALLOWED");
}

class PasskeyEndpoints : public InstanceEndpoints {
 protected:
  void demand(instance::PasskeyState::Stage stage, const std::string& options) {
    instances.edit("sales", [&](instance::InstanceInfo& info) {
      info.state = instance::State::kPasskeyRequired;
      info.passkey.emplace();
      info.passkey->stage = stage;
      info.passkey->options = options;
      info.passkey->expires_at = Wall(Milliseconds(1'748'736'600'000));
      if (stage == instance::PasskeyState::Stage::kConfirm) info.passkey->code = "ABCD-1234";
    });
  }
};
using Stage = instance::PasskeyState::Stage;

TEST_F(PasskeyEndpoints, WithoutADemandThereIsNone) {
  for (const auto& [method, path] : {std::pair("GET", "/v1/instances/sales/passkey")}) {
    const Answer answer = call(method, path);
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.message(), "No passkey is asked for");
    EXPECT_EQ(answer.code(), "PASSKEY_NOT_REQUESTED");
  }
}

TEST_F(PasskeyEndpoints, AreForTheAccountTokenOnly) {
  demand(Stage::kRequested, R"({"challenge":"abc"})");
  EXPECT_EQ(call("GET", "/v1/instances/sales/passkey", kOwn).status, 401);
  EXPECT_EQ(call("POST", "/v1/instances/sales/passkey", kOwn, "{}").status, 401);
  EXPECT_EQ(call("POST", "/v1/instances/sales/passkey/confirm", kOwn).status, 401);
  EXPECT_TRUE(instances.last_assertion.empty());
  EXPECT_EQ(call("GET", "/api/instance/list", kOwn).body.find("challenge"), std::string::npos);
}

TEST_F(PasskeyEndpoints, GiveTheOptionsAsTheServerWroteThem) {
  for (const char* options :
       {R"({"challenge":"abc","rpId":"whatsapp.com"})", R"({"publicKey":{"challenge":"abc","rpId":"whatsapp.com"}})"}) {
    demand(Stage::kRequested, options);
    const Answer answer = call("GET", "/v1/instances/sales/passkey");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body,
              R"({"success":true,"message":"Passkey requested","passkey":{"stage":"requested",)"
              R"("expiresAt":"2025-06-01T00:10:00Z","publicKey":{"challenge":"abc","rpId":"whatsapp.com"}}})");
  }
  demand(Stage::kRequested, "no json");
  EXPECT_EQ(call("GET", "/v1/instances/sales/passkey").status, 500);
  demand(Stage::kConfirm, "");
  const Answer confirm = call("GET", "/v1/instances/sales/passkey");
  EXPECT_EQ(confirm.json()["passkey"]["stage"], "confirm");
  EXPECT_EQ(confirm.json()["passkey"]["code"], "ABCD-1234");
}

TEST_F(PasskeyEndpoints, TakeTheAssertionAndTheConfirmation) {
  demand(Stage::kRequested, R"({"challenge":"abc"})");
  const Answer submitted = call("POST", "/v1/instances/sales/passkey", kAccount, R"({"id":"x"})");
  EXPECT_EQ(submitted.status, 200);
  EXPECT_EQ(submitted.json()["passkey"]["stage"], "submitted");
  EXPECT_EQ(instances.last_assertion, R"({"id":"x"})");
  demand(Stage::kConfirm, "");
  EXPECT_EQ(call("POST", "/v1/instances/sales/passkey/confirm").json()["passkey"]["stage"], "confirmed");
}

TEST_F(PasskeyEndpoints, SayWhatWasWrong) {
  demand(Stage::kRequested, R"({"challenge":"abc"})");
  const struct {
    Error error;
    int status;
    const char* message;
  } cases[] = {
      {{Errc::kInvalidArgument, Cause::kInvalidAssertion, "rawId: expected base64url"},
       400,
       "Invalid passkey assertion"},
      {{Errc::kNotFound, Cause::kPasskeyNotRequested, "none"}, 404, "No passkey is asked for"},
      {{Errc::kAlreadyExists, Cause::kPasskeyNotRequested, "not now"}, 409, "No passkey is asked for"},
      {{Errc::kRejected, Cause::kPasskeyRejected, "401"}, 500, "Failed to hand in the assertion"},
  };
  for (const auto& each : cases) {
    instances.next_error = each.error;
    const Answer answer = call("POST", "/v1/instances/sales/passkey", kAccount, "{}");
    EXPECT_EQ(answer.status, each.status);
    EXPECT_EQ(answer.message(), each.message);
    EXPECT_EQ(answer.json()["error"]["details"], each.error.message);
  }
}

TEST_F(PasskeyEndpoints, ListShowsTheState) {
  demand(Stage::kRequested, R"({"challenge":"abc"})");
  instances.edit("sales", [](instance::InstanceInfo& info) {
    info.reason = Error{Errc::kRejected, Cause::kPasskeyRequired, "do this", Seconds(90)};
    info.reason_since = Wall(Milliseconds(1'748'736'000'000));
  });
  const auto item = call("GET", "/api/instance/list").json()["instances"][0];
  EXPECT_EQ(item["status"], "passkey_required");
  EXPECT_EQ(item["connection"]["displayStatus"], "Passkey required");
  EXPECT_EQ(item["reason"].dump(),
            R"({"code":"PASSKEY_REQUIRED","message":"do this","retryAt":"2025-06-01T00:01:30Z"})");
}

}  // namespace
}  // namespace ponte::api::test
