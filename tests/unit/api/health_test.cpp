// GET /health?verbose: who may see it, and what it makes of what it is told.
#include "unit/api/api_support.h"

namespace ponte::api::test {
namespace {

class VerboseHealth : public ApiTest {
 protected:
  void SetUp() override {
    instances.add("sales");
    instances.add("support");
    instances.edit("sales", [](instance::InstanceInfo& info) { info.state = instance::State::kConnected; });
    start();
    ServiceReport& report = api->introspection.next;
    report.version = "1.2.3";
    report.loops = {{"loop-0", Milliseconds(1)}, {"loop-1", Milliseconds(7)}};
    report.workers = {"workers", Milliseconds(2)};
    report.workers_queued = 4;
    report.connections = 5;
    report.client_version = "2.3000.1";
    report.client_version_fetched_at = clock.now().wall - Seconds(90);
  }
};

TEST_F(VerboseHealth, ShowsEveryPart) {
  for (const char* target : {"/health?verbose", "/health?verbose=true"}) {
    const Answer answer = call("GET", target);
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto body = answer.json();
    EXPECT_EQ(body["status"], "ok");
    EXPECT_EQ(body["version"], "1.2.3");
    for (const char* check : {"db", "loops", "workers", "clientVersion", "audit"})
      EXPECT_EQ(body["checks"][check], "ok");
    const auto& details = body["details"];
    EXPECT_EQ(details["loops"][1]["name"], "loop-1");
    EXPECT_EQ(details["loops"][1]["respondedInMs"], 7);
    EXPECT_EQ(details["workers"]["queued"], 4);
    EXPECT_EQ(details["clientVersion"]["version"], "2.3000.1");
    EXPECT_NEAR(details["clientVersion"]["ageSeconds"].get<int>(), 90, 30);
    EXPECT_TRUE(details["clientVersion"]["lastError"].is_null());
    EXPECT_EQ(details["instances"]["connected"], 1);
    EXPECT_EQ(details["instances"]["disconnected"], 1);
    EXPECT_EQ(details["instances"]["passkey_required"], 0);
    EXPECT_EQ(details["connections"], 5);
  }
}

TEST_F(VerboseHealth, IsForTheAccountTokenOnly) {
  for (const char* headers : {"", "token: wrong\r\n", "token: token-sales\r\n"}) {
    const Answer answer = call("GET", "/health?verbose", headers);
    EXPECT_EQ(answer.status, 401) << headers;
    EXPECT_EQ(answer.code(), "INVALID_TOKEN");
  }
  const Answer plain = call("GET", "/health", "token: wrong\r\n");
  EXPECT_EQ(plain.status, 200);
  EXPECT_FALSE(plain.json().contains("details"));
  EXPECT_EQ(call("GET", "/health?other=verbose", "").status, 200);
}

TEST_F(VerboseHealth, IsDegradedWhereAPartDoesNotRespond) {
  ServiceReport& report = api->introspection.next;
  report.loops[1].responded_in.reset();
  Answer answer = call("GET", "/health?verbose");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.json()["status"], "degraded");
  EXPECT_EQ(answer.json()["checks"]["loops"], "fail: a loop did not respond within a second");
  EXPECT_TRUE(answer.json()["details"]["loops"][1]["respondedInMs"].is_null());
  report.loops[1].responded_in = Milliseconds(1);
  report.workers.responded_in.reset();
  answer = call("GET", "/health?verbose");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.json()["checks"]["workers"], "fail: no worker responded within a second");
  report.workers.responded_in = Milliseconds(1);
  instances.store_error = Error{Errc::kStorage, Cause::kStoreUnavailable, "disk full"};
  answer = call("GET", "/health?verbose");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.json()["checks"]["db"], "fail: disk full");
}

TEST_F(VerboseHealth, NamesWhatFailsWithoutStoppingAnything) {
  ServiceReport& report = api->introspection.next;
  report.client_version_fetched_at.reset();
  report.client_version_error = "no page";
  report.audit_error = "disk full";
  const Answer answer = call("GET", "/health?verbose");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json()["status"], "ok");
  EXPECT_EQ(answer.json()["checks"]["clientVersion"], "fail: no page");
  EXPECT_EQ(answer.json()["checks"]["audit"], "fail: disk full");
  EXPECT_EQ(answer.json()["details"]["clientVersion"]["lastError"], "no page");
  EXPECT_TRUE(answer.json()["details"]["clientVersion"]["ageSeconds"].is_null());
}

TEST_F(VerboseHealth, GuessingTokensIsLimited) {
  api->server().stop(Milliseconds(0));
  options.dispatcher.limits.global = 2;
  start();
  EXPECT_EQ(call("GET", "/health?verbose", "token: guess\r\n").status, 401);
  EXPECT_EQ(call("GET", "/health?verbose", "token: guess\r\n").status, 401);
  EXPECT_EQ(call("GET", "/health?verbose", "token: guess\r\n").status, 429);
  EXPECT_EQ(call("GET", "/health", "token: guess\r\n").status, 200);
}

}  // namespace
}  // namespace ponte::api::test
