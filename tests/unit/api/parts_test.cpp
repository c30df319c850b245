// The parts of the REST layer that need no socket.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <regex>
#include <set>

#include "api/client_address.h"
#include "api/endpoints/endpoints.h"
#include "api/http_writer.h"
#include "api/qr_image.h"
#include "api/rate_limit.h"
#include "api/target.h"
#include "api/text.h"
#include "support/virtual_clock.h"
#include "unit/api/api_support.h"

namespace ponte::api {
namespace {

TEST(Target, SplitsBeforeItDecodes) {
  const auto target = parse_target("/a%2Fb/c+d/%C3%A4?x=1+2&x=3&y&=z&p=%2B55");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->segments, (std::vector<std::string>{"a/b", "c+d", "\xC3\xA4"}));
  EXPECT_EQ(target->query.at("x"), "1 2");
  EXPECT_EQ(target->query.at("y"), "");
  EXPECT_EQ(target->query.at("p"), "+55");
  EXPECT_EQ(parse_target("/a//b/")->segments, (std::vector<std::string>{"a", "", "b", ""}));
  EXPECT_EQ(parse_target("http://h:1/x?y=1")->path, "/x");
  EXPECT_EQ(parse_target("http://h")->path, "/");
  EXPECT_EQ(parse_target("*")->path, "*");
}

TEST(Target, RefusesWhatDoesNotDecode) {
  for (const char* bad : {"", "x", "/%", "/%1", "/%1g", "/%00", "/?a=%", "/?%zz=1", "/?a=%00", "ftp://h/"}) {
    EXPECT_FALSE(parse_target(bad).ok()) << bad;
  }
}

TEST(Text, WritesTimesAsTheContractHasThem) {
  const Wall wall{Milliseconds(1'748'736'000'999)};
  EXPECT_EQ(rfc3339(wall), "2025-06-01T00:00:00Z");
  EXPECT_EQ(http_date(wall), "Sun, 01 Jun 2025 00:00:00 GMT");
  EXPECT_EQ(uptime_text(Milliseconds(56'900)), "56s");
  EXPECT_EQ(uptime_text(Milliseconds(60'000)), "1m0s");
  EXPECT_EQ(uptime_text(Seconds(12 * 3600 + 34 * 60 + 56)), "12h34m56s");
}

TEST(Text, ReadsTimesAsClientsWriteThem) {
  const std::pair<const char*, std::int64_t> times[] = {
      {"2026-02-16T18:32:39Z", 1'771'266'759'000},
      {"2026-02-16t18:32:39z", 1'771'266'759'000},
      {"2026-02-16 18:32:39", 1'771'266'759'000},
      {"2026-02-16T18:32Z", 1'771'266'720'000},
      {"2026-02-16T20:32:39+02:00", 1'771'266'759'000},
      {"2026-02-16T15:02:39-0330", 1'771'266'759'000},
      {"2026-02-16T18:32:39.5Z", 1'771'266'759'500},
      {"2026-02-16T18:32:39.123456789Z", 1'771'266'759'123},
      {"2026-02-16", 1'771'200'000'000},
      {"1970-01-01T00:00:00Z", 0},
      {"2024-02-29", 1'709'164'800'000},
      {"9999-12-31T23:59:59Z", 253'402'300'799'000},
  };
  for (const auto& [text, milliseconds] : times) {
    const auto at = parse_iso8601(text);
    ASSERT_TRUE(at) << text;
    EXPECT_EQ(unix_milliseconds(*at), milliseconds) << text;
  }
  for (const char* text : {"",
                           "x",
                           "2026",
                           "2026-02",
                           "2026-2-16",
                           "2026-02-30",
                           "2025-02-29",
                           "2026-13-01",
                           "2026-00-01",
                           "2026-01-00",
                           "2026-02-16T",
                           "2026-02-16T18",
                           "2026-02-16T24:00",
                           "2026-02-16T18:60",
                           "2026-02-16T18:32:61Z",
                           "2026-02-16T18:32:39.Z",
                           "2026-02-16T18:32:39+2",
                           "2026-02-16T18:32:39+24:00",
                           "2026-02-16T18:32:39ZZ",
                           "2026-02-16T18:32:39 Z",
                           " 2026-02-16",
                           "+026-02-16",
                           "1969-12-31",
                           "1970-01-01T00:00:00+01:00",
                           "10000-01-01",
                           "\xD9\xA2\xD9\xA0\xD9\xA2\xD9\xA6-02-16"}) {
    EXPECT_FALSE(parse_iso8601(text)) << text;
  }
}

TEST(HttpWriter, NoHeaderValueEndsItsLine) {
  Response response;
  response.headers.emplace_back("X-Request-Id", "a\r\nSet-Cookie: evil\r\n\r\nbody");
  response.body = "{}";
  const std::string bytes = write_response(response, {true, false}, Wall{});
  EXPECT_EQ(bytes.find("\r\nSet-Cookie"), std::string::npos);
  EXPECT_EQ(bytes.substr(bytes.size() - 6), "\r\n\r\n{}");
  EXPECT_EQ(write_response(response, {true, true}, Wall{}).find("{}"), std::string::npos);
}

TEST(ClientAddress, ForwardedForCountsFromTrustedProxiesOnly) {
  const auto trusted = TrustedProxies::parse({"127.0.0.1", "10.0.0.0/8", "fd00::/16"});
  ASSERT_TRUE(trusted.ok());
  EXPECT_EQ(trusted->client("127.0.0.1", "203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(trusted->client("::ffff:127.0.0.1", "1.1.1.1, 203.0.113.9, 10.2.3.4"), "203.0.113.9");
  EXPECT_EQ(trusted->client("203.0.113.7", "1.1.1.1"), "203.0.113.7") << "anybody can write that header";
  EXPECT_EQ(trusted->client("127.0.0.1", "not an address"), "127.0.0.1");
  EXPECT_EQ(trusted->client("fd00::1", "2001:db8::5"), "2001:db8::5");
  EXPECT_EQ(trusted->client("127.0.0.1", ""), "127.0.0.1");
  EXPECT_EQ(TrustedProxies().client("127.0.0.1", "1.1.1.1"), "127.0.0.1");
  EXPECT_EQ(parse_ip_address("2001:db8:1:2:3:4:5:6")->rate_limit_key(), "2001:db8:1:2::/64");
  for (const char* bad : {"x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "/8"}) {
    EXPECT_FALSE(TrustedProxies::parse({bad}).ok()) << bad;
  }
}

TEST(RateLimiter, BeginsAgainAfterAMinute) {
  ponte::test::VirtualClock clock;
  RateLimiter limiter({2, 1, 100});
  EXPECT_EQ(limiter.count("a", Limit::kGlobal, clock.now()).remaining, 1u);
  clock.advance(Seconds(30));
  EXPECT_FALSE(limiter.count("a", Limit::kGlobal, clock.now()).exceeded);
  const RateState over = limiter.count("a", Limit::kGlobal, clock.now());
  EXPECT_TRUE(over.exceeded);
  EXPECT_EQ(over.retry_after, 30);
  EXPECT_EQ(over.reset, unix_seconds(clock.now().wall) + 30);
  EXPECT_FALSE(limiter.count("b", Limit::kGlobal, clock.now()).exceeded);
  EXPECT_FALSE(limiter.count("a", Limit::kCreate, clock.now()).exceeded);
  clock.advance(Seconds(30));
  EXPECT_EQ(limiter.count("a", Limit::kGlobal, clock.now()).remaining, 1u);
}

TEST(RateLimiter, OtherLimitsCountAtOnce) {
  ponte::test::VirtualClock clock;
  RateLimiter limiter({3, 2, 100});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter.count("a", Limit::kGlobal, clock.now()).exceeded);
  limiter.set_limits(4, 1);
  const RateState fourth = limiter.count("a", Limit::kGlobal, clock.now());
  EXPECT_FALSE(fourth.exceeded);
  EXPECT_EQ(fourth.limit, 4u);
  EXPECT_TRUE(limiter.count("a", Limit::kGlobal, clock.now()).exceeded);
  EXPECT_FALSE(limiter.count("a", Limit::kCreate, clock.now()).exceeded);
  EXPECT_TRUE(limiter.count("a", Limit::kCreate, clock.now()).exceeded);
  limiter.set_limits(2, 1);
  EXPECT_EQ(limiter.peek("a", Limit::kGlobal, clock.now()).remaining, 0u);
}

TEST(RateLimiter, IsBoundedHoweverManyAddressesCome) {
  ponte::test::VirtualClock clock;
  RateLimiter limiter({5, 5, 10});
  for (int i = 0; i < 10; ++i) limiter.count("first-" + std::to_string(i), Limit::kGlobal, clock.now());
  int exceeded = 0;
  for (int i = 0; i < 100; ++i)
    exceeded += limiter.count("more-" + std::to_string(i), Limit::kGlobal, clock.now()).exceeded;
  EXPECT_EQ(exceeded, 95) << "the newcomers share one bucket";
  clock.advance(Seconds(61));
  EXPECT_FALSE(limiter.count("later", Limit::kGlobal, clock.now()).exceeded);
}

TEST(Routes, WhatChangesSomethingIsWrittenDown) {
  test::FakeInstances instances;
  SystemClock clock;
  test::RealWebhooks webhooks;
  test::FakeIntrospection introspection;
  const auto routes = all_routes({instances, *webhooks, clock, clock.now().mono, introspection});
  for (const Route& route : routes) {
    const bool searches = route.path == "/api/chat/history/:instance";
    const bool reads = (route.method == Method::kGet && route.audit != "instance.connect") || searches;
    EXPECT_EQ(route.audit.empty(), reads) << route.path;
  }
}

TEST(Routes, AShorterPathIsNotTakenForALongerOneWithoutItsLastSegment) {
  std::vector<Route> table(4);
  table[0].path = "/v1/things/:thing";
  table[1].path = "/v1/things";
  table[2].path = "/v1/things/:thing";
  table[2].method = Method::kDelete;
  table[3].path = "/v1/others/:other";
  Router router(std::move(table));
  const auto path_of = [&](Method method, const char* target) {
    const Match match = router.match(method, *parse_target(target));
    return match.kind == Match::Kind::kFound ? std::string(match.route->path) : match.allow;
  };
  EXPECT_EQ(path_of(Method::kGet, "/v1/things"), "/v1/things");
  EXPECT_EQ(path_of(Method::kHead, "/v1/things"), "/v1/things");
  EXPECT_EQ(path_of(Method::kDelete, "/v1/things"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(path_of(Method::kGet, "/v1/things/"), "/v1/things/:thing") << "an empty one is one";
  EXPECT_EQ(path_of(Method::kGet, "/v1/things/a"), "/v1/things/:thing");
  EXPECT_EQ(path_of(Method::kGet, "/v1/others"), "/v1/others/:other") << "which says what is missing";
  EXPECT_EQ(path_of(Method::kPost, "/v1/others"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(path_of(Method::kGet, "/v1"), "");
}

TEST(QrImage, RefusesWhatNoQrHolds) {
  EXPECT_FALSE(qr_svg("").ok());
  EXPECT_FALSE(qr_blocks(std::string(3000, 'x')).ok());
  EXPECT_FALSE(qr_png("").ok());
  EXPECT_FALSE(qr_png(std::string(3000, 'x')).ok());
  EXPECT_TRUE(qr_png(std::string(2900, 'x')).ok());
}

using Cells = std::set<std::pair<int, int>>;  ///< dark ones, with the quiet zone

Cells cells_of_svg(const std::string& svg) {
  Cells out;
  const std::regex run(R"(M(\d+) (\d+)h(\d+)v1h-\3z)");
  for (std::sregex_iterator at(svg.begin(), svg.end(), run), end; at != end; ++at) {
    const int x = std::stoi((*at)[1]);
    for (int i = 0; i < std::stoi((*at)[3]); ++i) out.emplace(x + i, std::stoi((*at)[2]));
  }
  return out;
}

Cells cells_of_blocks(const std::string& text, int side) {
  Cells out;
  int x = 0;
  int y = 0;
  for (std::size_t i = 0; i < text.size(); ++x) {
    const std::string_view left = std::string_view(text).substr(i);
    const std::string_view letter = left.substr(0, left[0] == ' ' || left[0] == '\n' ? 1 : 3);
    i += letter.size();
    if (letter == "\n") {
      EXPECT_EQ(x, side);
      x = -1;
      y += 2;
      continue;
    }
    if (letter == " " || letter == "\u2584") out.emplace(x, y);
    if ((letter == " " || letter == "\u2580") && y + 1 < side) out.emplace(x, y + 1);
  }
  EXPECT_EQ(y, side + 1) << "a code has an odd number of rows";
  return out;
}

TEST(QrImage, SvgAndBlocksShowTheSameCode) {
  for (const std::string& text : {std::string("2@a"), std::string(230, 'k'), std::string(2900, 'Z')}) {
    const std::string svg = *qr_svg(text);
    const int side = std::stoi(svg.substr(svg.find("viewBox=\"0 0 ") + 13));
    const Cells cells = cells_of_svg(svg);
    EXPECT_EQ(cells, cells_of_blocks(*qr_blocks(text), side));
    EXPECT_GT(cells.size(), 100u);
    for (const auto& [x, y] : cells) {
      EXPECT_TRUE(x >= 4 && y >= 4 && x < side - 4 && y < side - 4) << "in the quiet zone: " << x << ' ' << y;
    }
  }
}

TEST(QrImage, IsReadBackByteExact) {
  if (std::system("command -v zbarimg >/dev/null 2>&1") != 0) GTEST_SKIP() << "zbarimg is not installed";
  const std::string path = "/tmp/ponte_qr_" + std::to_string(::getpid()) + ".png";
  const std::string long_text =
      "https://wa.me/settings/linked_devices#2@" + std::string(180, 'k') + "==,AAAA/+bcd=,efgh,ijkl=,1";
  for (const std::string& text : {std::string("2@a"), long_text, std::string(600, 'Z')}) {
    const auto png = qr_png(text);
    ASSERT_TRUE(png.ok());
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(png->data()), static_cast<long>(png->size()));
    FILE* pipe = ::popen(("zbarimg -q --raw " + path + " 2>/dev/null").c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string read;
    std::array<char, 4096> buffer{};
    while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) read.append(buffer.data(), size);
    ::pclose(pipe);
    EXPECT_EQ(read, text + "\n");
  }
  std::remove(path.c_str());
}

}  // namespace
}  // namespace ponte::api
