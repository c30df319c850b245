// What the REST layer counts, and who may see it.
#include "unit/api/api_support.h"

namespace ponte::api::test {
namespace {

class Metrics : public ApiTest {
 protected:
  const RouteMetrics& of(std::string_view route, std::string_view method) {
    for (const auto& row : api->metrics().routes()) {
      if (row->route == route && row->method == method) return *row;
    }
    ADD_FAILURE() << "no row for " << method << " " << route;
    return *api->metrics().routes().front();
  }
  static std::uint64_t count(const RouteMetrics& row, int status_class) {
    return row.by_class[static_cast<std::size_t>(status_class) - 1].value();
  }
};

TEST_F(Metrics, AreForTheAccountTokenOnly) {
  instances.add("sales");
  start();
  const Answer answer = call("GET", "/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "figures 1\n");
  EXPECT_EQ(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  for (const char* headers : {"", "token: wrong\r\n", "token: token-sales\r\n"}) {
    const Answer refused = call("GET", "/metrics", headers);
    EXPECT_EQ(refused.status, 401) << headers;
    EXPECT_EQ(refused.code(), "INVALID_TOKEN");
  }
}

TEST_F(Metrics, AreForEverybodyWhereTheConfigurationSaysSo) {
  options.metrics_open = true;
  start();
  EXPECT_EQ(call("GET", "/metrics", "").status, 200);
}

TEST_F(Metrics, CostNothingOfTheLimitButGuessingDoes) {
  options.dispatcher.limits.global = 3;
  start();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(call("GET", "/metrics").status, 200);
  EXPECT_EQ(call("GET", "/api/instance/list").header("x-ratelimit-remaining"), "2") << "nothing was counted before";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(call("GET", "/metrics", "token: guess\r\n").status, 401);
  EXPECT_EQ(call("GET", "/metrics", "token: guess\r\n").status, 429);
  EXPECT_EQ(api->metrics().rate_limited_addresses.value(), 1u);
  EXPECT_EQ(api->metrics().rate_limited_tokens.value(), 0u);
  EXPECT_EQ(api->metrics().invalid_tokens.value(), 4u);
}

TEST_F(Metrics, RequestsAreCountedByPatternMethodAndClass) {
  instances.add("sales");
  start();
  EXPECT_EQ(call("GET", "/api/instance/list").status, 200);
  EXPECT_EQ(call("HEAD", "/api/instance/list").status, 200);
  EXPECT_EQ(call("GET", "/api/instance/list?instanceName=none").status, 404);
  EXPECT_EQ(call("DELETE", "/api/instance/delete/sales").status, 200);
  EXPECT_EQ(call("DELETE", "/api/instance/delete/sales").status, 404);
  const RouteMetrics& list = of("/api/instance/list", "GET");
  EXPECT_EQ(count(list, 2), 2u);
  EXPECT_EQ(count(list, 4), 1u);
  EXPECT_EQ(list.duration.snapshot().cumulative.back(), 3u);
  const RouteMetrics& removed = of("/api/instance/delete/:instance", "DELETE");
  EXPECT_EQ(count(removed, 2), 1u);
  EXPECT_EQ(count(removed, 4), 1u);
}

TEST_F(Metrics, AnAnswerThatComesLaterIsCountedWhenItComes) {
  instances.add("sales");
  start();
  Client client(port);
  client.send(request_text("GET", "/api/instance/connect/sales", kAccount));
  auto waiting = take_waiting(1);
  const RouteMetrics& connect = of("/api/instance/connect/:instance", "GET");
  EXPECT_EQ(count(connect, 5), 0u);
  waiting.at(0).reply.answer(Error{Errc::kTimedOut, Cause::kConnectTimeout, "none"});
  EXPECT_EQ(client.read_answer().status, 500);
  EXPECT_EQ(count(connect, 5), 1u);
}

TEST_F(Metrics, WhateverClientsAskForMakesNoNewFigure) {
  start();
  const std::size_t rows = api->metrics().routes().size();
  for (int i = 0; i < 50; ++i) {
    const std::string number = std::to_string(i);
    EXPECT_EQ(call("GET", "/nowhere/" + number).status, 404);
    EXPECT_EQ(call("GET", "/api/instance/connect/name-" + number).status, 404);
  }
  EXPECT_EQ(call("PUT", "/api/instance/list").status, 405);
  EXPECT_EQ(call("OPTIONS", "/api/instance/list", "").status, 204);
  EXPECT_EQ(raw("BROKEN\r\n\r\n").status, 400);
  EXPECT_EQ(api->metrics().routes().size(), rows);
  EXPECT_EQ(count(of("unmatched", "any"), 4), 51u);
  EXPECT_EQ(count(of("/api/instance/connect/:instance", "GET"), 4), 50u);
  EXPECT_EQ(count(of("preflight", "OPTIONS"), 2), 1u);
  EXPECT_EQ(count(of("malformed", "any"), 4), 1u);
}

}  // namespace
}  // namespace ponte::api::test
