// /openapi.json and /docs over a real socket.
#include "api/embedded_file.h"
#include "api/openapi.h"
#include "api/static_content.h"
#include "unit/api/api_support.h"

namespace ponte::api::test {
namespace {

class Description : public ApiTest {
 protected:
  void SetUp() override {
    options.dispatcher.cors_origins = {"https://app.example.com"};
    start();
  }
};

TEST_F(Description, NeedsNoTokenAndCountsAgainstNoLimit) {
  const Answer answer = call("GET", "/openapi.json", "");
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-type"), "application/json");
  EXPECT_TRUE(answer.header("x-ratelimit-limit").empty());
  EXPECT_EQ(answer.json()["openapi"], "3.1.0");
  EXPECT_TRUE(answer.json()["paths"].contains("/openapi.json")) << "itself as well";
  EXPECT_FALSE(answer.json()["info"]["version"].get<std::string>().empty());
}

TEST_F(Description, MayBeReadByPagesOfAllowedOrigins) {
  const char* origin = "Origin: https://app.example.com\r\n";
  EXPECT_EQ(call("GET", "/openapi.json", origin).header("access-control-allow-origin"), "https://app.example.com");
  EXPECT_TRUE(call("GET", "/health", origin).header("access-control-allow-origin").empty());
  EXPECT_TRUE(call("GET", "/docs", origin).header("access-control-allow-origin").empty());
}

TEST_F(Description, IsNotSentAgainToWhoHasIt) {
  const Answer first = call("GET", "/openapi.json", "");
  const std::string etag = first.header("etag");
  ASSERT_FALSE(etag.empty());
  for (const std::string& condition : {etag, "W/" + etag, "\"other\", " + etag, std::string("*")}) {
    Client client(port);
    client.send(request_text("GET", "/openapi.json", "If-None-Match: " + condition + "\r\n") +
                request_text("GET", "/health"));
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, 304) << condition;
    EXPECT_EQ(answer.header("etag"), etag);
    EXPECT_TRUE(answer.header("content-length").empty());
    EXPECT_EQ(client.read_answer().json()["service"], "Ponte") << "no byte of a body came between the two";
  }
  EXPECT_EQ(call("GET", "/openapi.json", "If-None-Match: \"other\"\r\n").status, 200);
}

TEST_F(Description, PageLoadsNothingFromElsewhere) {
  const Answer answer = call("GET", "/docs", "");
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
  EXPECT_EQ(answer.header("referrer-policy"), "no-referrer");
  EXPECT_NE(answer.header("content-security-policy").find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(answer.header("content-security-policy").find("unsafe"), std::string::npos);
  EXPECT_EQ(answer.body.find("://"), std::string::npos);
  EXPECT_NE(answer.body.find("href=\"/openapi.json\""), std::string::npos);
  EXPECT_EQ(call("GET", "/docs/", "").body, answer.body);
}

TEST_F(Description, EveryFileOfThePageIsThere) {
  const std::string page = call("GET", "/docs", "").body;
  for (const EmbeddedFile& file : docs_files()) {
    const Answer answer = call("GET", "/docs/" + std::string(file.name), "");
    EXPECT_EQ(answer.status, 200) << file.name;
    EXPECT_EQ(answer.body, file.plain) << file.name;
    EXPECT_EQ(answer.header("content-type"), file.content_type) << file.name;
    EXPECT_TRUE(answer.header("content-encoding").empty()) << file.name;
  }
  std::size_t linked = 0;
  for (std::size_t at = 0; (at = page.find("\"/docs/", at)) != std::string::npos; ++linked) {
    const auto end = page.find('"', ++at);
    EXPECT_EQ(call("GET", page.substr(at, end - at), "").status, 200) << page.substr(at, end - at);
  }
  EXPECT_GE(linked, 1u);
  const Answer missing = call("GET", "/docs/nothing.js", "");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.message(), "Not found");
}

TEST_F(Description, LargeFilesGoOutCompressedToWhoTakesIt) {
  std::size_t compressed = 0;
  for (const EmbeddedFile& file : docs_files()) {
    const Answer answer = call("GET", "/docs/" + std::string(file.name), "Accept-Encoding: gzip, br\r\n");
    if (file.gzip.empty()) {
      EXPECT_EQ(answer.body, file.plain);
      continue;
    }
    ++compressed;
    EXPECT_EQ(answer.header("content-encoding"), "gzip") << file.name;
    EXPECT_EQ(answer.header("vary"), "Accept-Encoding") << file.name;
    EXPECT_EQ(answer.body, file.gzip) << file.name;
    EXPECT_LT(answer.body.size(), file.plain.size() / 2) << file.name;
    EXPECT_NE(answer.header("etag"), call("GET", "/docs/" + std::string(file.name), "").header("etag"));
  }
  if (compressed == 0) GTEST_SKIP() << "built without the viewer (tools/setup.sh)";
}

TEST(StaticContent, ReadsAcceptEncoding) {
  const auto accepts = [](const char* value) {
    Request request;
    request.headers.emplace_back("accept-encoding", value);
    return accepts_gzip(request);
  };
  for (const char* yes : {"gzip", "br, GZIP;q=0.5", "x-gzip", "*", "deflate, *;q=0.1", "gzip;q=1.0, *;q=0"}) {
    EXPECT_TRUE(accepts(yes)) << yes;
  }
  for (const char* no : {"", "br", "identity", "gzip;q=0", "gzip;q=0.000, *", "*;q=0", "gzipped"}) {
    EXPECT_FALSE(accepts(no)) << no;
  }
  EXPECT_FALSE(accepts_gzip(Request{}));
}

TEST(StaticContent, AnswersTheFormThatTheClientTakes) {
  const StaticContent content("text/plain", "plain text", "zipped");
  Request request;
  EXPECT_EQ(content.answer(request).body, "plain text");
  const std::string plain_etag = content.answer(request).headers.at(0).second;
  request.headers.emplace_back("accept-encoding", "gzip");
  EXPECT_EQ(content.answer(request).body, "zipped");
  request.headers.emplace_back("if-none-match", plain_etag);
  EXPECT_EQ(content.answer(request).status, 200) << "that is the other form's";
}

}  // namespace
}  // namespace ponte::api::test
