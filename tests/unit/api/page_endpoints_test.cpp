// The pages /, /link/:token and what they load, over a real socket.
#include <set>

#include "api/embedded_file.h"
#include "api/static_content.h"
#include "unit/api/api_support.h"

namespace ponte::api::test {
namespace {

constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
constexpr char kToken[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

class Pages : public ApiTest {
 protected:
  void SetUp() override {
    options.dispatcher.cors_origins = {"https://app.example.com"};
    start();
  }
  static std::string link() { return std::string("/link/") + kToken; }
};

/// What a document loads, as its address at `page` makes of it.
std::set<std::string> loaded(const std::string& document, const std::string& prefix) {
  std::set<std::string> out;
  for (const std::string attribute : {"href=\"", "src=\""}) {
    for (std::size_t at = 0; (at = document.find(attribute, at)) != std::string::npos;) {
      at += attribute.size();
      const std::string value = document.substr(at, document.find('"', at) - at);
      if (value == "data:,") continue;
      EXPECT_TRUE(value.starts_with(prefix)) << value;
      out.insert(value.substr(prefix.size()));
    }
  }
  return out;
}

TEST_F(Pages, NeedNoTokenAndLetNothingFromElsewhereIn) {
  for (const std::string& target : {std::string("/"), link()}) {
    const Answer answer = call("GET", target, "");
    ASSERT_EQ(answer.status, target == "/" ? 200 : 404) << target << ": nobody's token, all the same the page";
    EXPECT_EQ(answer.header("content-type"), "text/html; charset=utf-8");
    EXPECT_EQ(answer.header("content-security-policy"), kPolicy);
    EXPECT_EQ(answer.header("referrer-policy"), "no-referrer");
    EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
    EXPECT_EQ(answer.body.find("://"), std::string::npos) << target;
    EXPECT_EQ(answer.body.find(" style="), std::string::npos) << target;
    EXPECT_EQ(answer.body.find("<script>"), std::string::npos) << target;
  }
}

TEST_F(Pages, AreNotForPagesOfOtherOrigins) {
  const std::string origin = "Origin: https://app.example.com\r\n";
  for (const std::string& target : {std::string("/"), link(), std::string("/pages/link.js")}) {
    const Answer answer = call("GET", target, origin);
    EXPECT_FALSE(answer.body.empty()) << target;
    EXPECT_TRUE(answer.header("access-control-allow-origin").empty()) << target;
  }
}

TEST_F(Pages, WhatTheyLoadIsThere) {
  const std::set<std::string> dashboard = loaded(call("GET", "/", "").body, "pages/");
  const std::set<std::string> linking = loaded(call("GET", link(), "").body, "../pages/");
  EXPECT_TRUE(dashboard.contains("dashboard.js"));
  EXPECT_TRUE(linking.contains("link.js"));
  for (const std::set<std::string>& files : {dashboard, linking}) {
    for (const std::string& file : files) EXPECT_EQ(call("GET", "/pages/" + file, "").status, 200) << file;
  }
}

TEST_F(Pages, EveryFileIsServedAsItIs) {
  std::size_t bytes = 0;
  for (const EmbeddedFile& file : page_files()) {
    bytes += file.plain.size();
    const bool page = file.name.ends_with(".html");
    const Answer answer = call("GET", "/pages/" + std::string(file.name), "");
    EXPECT_EQ(answer.status, page ? 404 : 200) << file.name;
    if (page) continue;
    EXPECT_EQ(answer.body, file.plain) << file.name;
    EXPECT_EQ(answer.header("content-type"), file.content_type) << file.name;
    EXPECT_EQ(answer.header("content-security-policy"), kPolicy) << file.name;
    EXPECT_EQ(answer.header("cache-control"), "no-cache") << file.name;
    const std::string current = "If-None-Match: " + answer.header("etag") + "\r\n";
    EXPECT_EQ(call("GET", "/pages/" + std::string(file.name), current).status, 304) << file.name;
    if (file.gzip.empty()) continue;
    const Answer compressed = call("GET", "/pages/" + std::string(file.name), "Accept-Encoding: gzip\r\n");
    EXPECT_EQ(compressed.header("content-encoding"), "gzip") << file.name;
    EXPECT_EQ(compressed.body, file.gzip) << file.name;
  }
  EXPECT_GT(bytes, 1000u);
  EXPECT_LT(bytes, 150'000u) << "both pages with all that they load";
  EXPECT_EQ(call("GET", "/pages/", "").status, 404);
  EXPECT_EQ(call("GET", "/pages/nothing.js", "").message(), "Not found");
  EXPECT_EQ(call("GET", "/pages/..%2fdashboard.html", "").status, 404);
}

TEST_F(Pages, OfLinksAreKeptNowhere) {
  const Answer answer = call("GET", link(), "");
  EXPECT_EQ(answer.header("cache-control"), "no-store");
  EXPECT_TRUE(answer.header("etag").empty());
  EXPECT_EQ(call("GET", link(), "If-None-Match: *\r\n").body, answer.body);
  EXPECT_EQ(call("GET", "/", "").header("cache-control"), "no-cache");
}

TEST_F(Pages, TakeNoOtherMethod) {
  for (const std::string& target : {std::string("/"), link()}) {
    const Answer answer = call("POST", target, "", "{}");
    EXPECT_EQ(answer.status, 405) << target;
    EXPECT_EQ(answer.header("allow"), "GET, HEAD, OPTIONS") << target;
  }
}

TEST(StaticContent, ThatIsKeptNowhereHasNoValidator) {
  const StaticContent content("text/plain", "plain text", {}, Keeping::kNone);
  Request request;
  request.headers.emplace_back("if-none-match", "*");
  const Response answer = content.answer(request);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "plain text");
  ASSERT_EQ(answer.headers.size(), 1u);
  EXPECT_EQ(answer.headers[0].second, "no-store");
}

}  // namespace
}  // namespace ponte::api::test
