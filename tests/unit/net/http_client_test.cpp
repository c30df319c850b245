#include "net/http_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <thread>

#include "support/net/http_server.h"
#include "support/net/lookups.h"

namespace ponte::net {
namespace {

using test::Channel;
using test::expect_error;
using test::fetch;
using test::HttpServer;
using test::kHangs;
using test::kOk;
using test::let_go;
using test::RawConnection;
using test::RawServer;
using test::request_for;
using test::TemporaryFile;
using test::TestAuthority;
using test::url_of;

class HttpClientTest : public testing::Test {
 protected:
  // What comes of a server with this script.
  Result<HttpReply> outcome(RawServer::Script script) {
    RawServer server(std::move(script));
    return fetch(client, request_for(url_of(server)));
  }
  Result<HttpReply> outcome_of_answer(const std::string& answer) {
    return outcome([answer](RawConnection& connection) {
      connection.read_until("\r\n\r\n");
      connection.write(answer);
    });
  }

  HttpClient client;
};

TEST_F(HttpClientTest, GetsStatusHeadersAndBody) {
  using namespace std::string_literals;
  HttpServer server(
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-One: 1\r\nX-ONE:  2 \t\r\nEmpty:\r\nContent-Length: 4\r\n\r\n"s +
      "b\0dy"s);
  const auto reply = fetch(client, request_for(server.url("/a?b=c")));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(
      reply->headers,
      (HttpHeaders{
          {"content-type", "text/plain"}, {"x-one", "1"}, {"x-one", "2"}, {"empty", ""}, {"content-length", "4"}}));
}

TEST_F(HttpClientTest, SendsWhatTheRequestSaysAndLittleElse) {
  HttpServer server(kOk);
  HttpRequest request = request_for(server.url("/a/../b?c=%20&d"));
  request.headers = {{"X-Token", "secret"}, {"X-Empty", ""}, {"User-Agent", "ponte"}};
  ASSERT_TRUE(fetch(client, request).ok());
  EXPECT_EQ(server.requests()[0].header,
            "GET /a/../b?c=%20&d HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                "\r\nAccept: */*\r\nX-Token: secret\r\nX-Empty:\r\n"
                "User-Agent: ponte\r\n\r\n");
}

TEST_F(HttpClientTest, SendsBodiesWholeAndAtOnce) {
  HttpServer server(kOk);
  for (const std::size_t size : {0u, 1u, 100'000u, 3'000'000u}) {
    HttpRequest request = request_for(server.url());
    request.method = "POST";
    request.headers = {{"Content-Type", "application/json"}};
    request.body = Bytes(size, 'x');
    const auto reply = fetch(client, request);
    ASSERT_TRUE(reply.ok()) << size << ": " << reply.error().message;
    const HttpServer::Request seen = server.requests().back();
    EXPECT_EQ(seen.body, request.body);
    EXPECT_NE(seen.header.find("\r\nContent-Length: " + std::to_string(size) + "\r\n"), std::string::npos);
    EXPECT_NE(seen.header.find("\r\nContent-Type: application/json\r\n"), std::string::npos);
    EXPECT_EQ(seen.header.find("Expect:"), std::string::npos);
  }
}

TEST_F(HttpClientTest, KnowsMethods) {
  HttpServer server([](Channel& channel, const HttpServer::Request& request) {
    return channel.write(request.header.starts_with("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n" : kOk);
  });
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    HttpRequest request = request_for(server.url());
    request.method = method;
    ASSERT_TRUE(fetch(client, request).ok()) << method;
    const std::string header = server.requests().back().header;
    EXPECT_TRUE(header.starts_with(method + std::string(" / HTTP/1.1\r\n"))) << header;
    EXPECT_EQ(header.find("Content-Type"), std::string::npos) << header;
    EXPECT_EQ(header.find("Content-Length: 0") != std::string::npos, std::string(method).starts_with('P')) << header;
  }
  HttpRequest request = request_for(server.url());
  request.method = "DELETE";
  request.body = to_bytes("why");
  ASSERT_TRUE(fetch(client, request).ok());
  EXPECT_EQ(server.requests().back().body, to_bytes("why"));
}

TEST_F(HttpClientTest, EveryStatusIsAnAnswer) {
  HttpServer elsewhere(kOk);
  for (const int status : {204, 301, 307, 400, 401, 404, 407, 500, 503, 599}) {
    HttpServer server("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\nLocation: " + elsewhere.url() +
                      "\r\n\r\n");
    const auto reply = fetch(client, request_for(server.url()));
    ASSERT_TRUE(reply.ok()) << status << ": " << reply.error().message;
    EXPECT_EQ(reply->status, status);
  }
  EXPECT_EQ(elsewhere.connections(), 0u);
}

TEST_F(HttpClientTest, ForgetsInterimAnswersAndCookies) {
  HttpServer server(
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n");
  for (int i = 0; i < 2; ++i) {
    HttpRequest request = request_for(server.url());
    request.connections = HttpConnections::kKept;
    const auto reply = fetch(client, request);
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_EQ(reply->headers, (HttpHeaders{{"set-cookie", "a=b"}, {"content-length", "0"}}));
    EXPECT_EQ(server.requests().back().header.find("Cookie"), std::string::npos);
  }
}

TEST_F(HttpClientTest, KeepsConnectionsOnlyWhereAsked) {
  HttpServer server(kOk);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(fetch(client, request_for(server.url())).ok());
  EXPECT_EQ(server.connections(), 3u);
  HttpRequest kept = request_for(server.url());
  kept.connections = HttpConnections::kKept;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(fetch(client, kept).ok());
  EXPECT_EQ(server.connections(), 4u);
  ASSERT_TRUE(fetch(client, request_for(server.url())).ok());
  EXPECT_EQ(server.connections(), 5u);
}

TEST_F(HttpClientTest, TakesNoProxyFromTheEnvironment) {
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"})
    ::setenv(name, "http://127.0.0.1:1", 1);
  HttpServer server(kOk);
  const auto reply = fetch(client, request_for(server.url()));
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"}) ::unsetenv(name);
  EXPECT_TRUE(reply.ok()) << reply.error().message;
}

TEST_F(HttpClientTest, RefusesRequestsThatCannotBeSent) {
  for (const char* url :
       {"", "127.0.0.1", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http:///x", "http://bob:secret@host/",
        "http://host:0/", "http://host:99999/", "http://ho st/", "http://host/a b", "http://host/\r\nX: y",
        "http://host/\xC3\xA9", "http://host\\@other/", "http://[::1/", "gopher://host/"})
    expect_error(fetch(client, request_for(url)), Errc::kInvalidArgument, Cause::kInvalidRequest, "cannot be sent");
  for (const auto& [name, value] : HttpHeaders{{"", "x"},
                                               {"a b", "x"},
                                               {"X", "a\r\nY: secret"},
                                               {"X", "a\nb"},
                                               {"X:", "a"},
                                               {"Content-Length", "5"},
                                               {"transfer-encoding", "chunked"},
                                               {"Connection", "close"}}) {
    HttpRequest request = request_for("http://127.0.0.1:1/");
    request.headers = {{name, value}};
    expect_error(fetch(client, request), Errc::kInvalidArgument, Cause::kInvalidRequest, "header");
  }
  HttpRequest request = request_for("http://127.0.0.1:1/");
  request.method = "GET /x";
  expect_error(fetch(client, request), Errc::kInvalidArgument, Cause::kInvalidRequest, "method");
  request.method = "GET";
  request.proxy = Proxy{ProxyProtocol::kHttp, "host", 0};
  expect_error(fetch(client, request), Errc::kInvalidArgument, Cause::kInvalidProxy, "port");
}

// ---- servers that lie, stall and hang up --------------------------------------------------------------

TEST_F(HttpClientTest, StopsAtTheLimitOfTheBody) {
  const auto limited = [&](const std::string& answer) {
    HttpServer server(answer);
    HttpRequest request = request_for(server.url("/secret"));
    request.max_body = 10;
    return fetch(client, request);
  };
  const auto exact = limited("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789");
  ASSERT_TRUE(exact.ok()) << exact.error().message;
  EXPECT_EQ(exact->body.size(), 10u);
  expect_error(limited("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789a"), Errc::kMalformed,
               Cause::kHttpFailed, "larger than 10 bytes");
  expect_error(limited("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n"),
               Errc::kMalformed, Cause::kHttpFailed, "larger than 10 bytes");
  // Endless, and not awaited.
  expect_error(outcome([](RawConnection& connection) {
                 connection.read_until("\r\n\r\n");
                 connection.write("HTTP/1.1 200 OK\r\n\r\n");
                 while (connection.write(std::string(100'000, 'x'))) {
                 }
               }),
               Errc::kMalformed, Cause::kHttpFailed, "larger than 1048576 bytes");
}

TEST_F(HttpClientTest, StopsAtTheLimitOfTheHeaders) {
  expect_error(outcome([](RawConnection& connection) {
                 connection.read_until("\r\n\r\n");
                 connection.write("HTTP/1.1 200 OK\r\n");
                 while (connection.write("X-Filler: " + std::string(1000, 'x') + "\r\n")) {
                 }
               }),
               Errc::kMalformed, Cause::kHttpFailed, "headers");
}

TEST_F(HttpClientTest, RefusesWhatIsNoHttp) {
  for (const char* answer : {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "hello\n", "HTTP/9.9 200 OK\r\n\r\n"})
    expect_error(outcome_of_answer(answer), Errc::kMalformed, Cause::kHttpFailed, "no HTTP");
  expect_error(outcome_of_answer("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), Errc::kMalformed, Cause::kHttpFailed,
               "no HTTP");
}

TEST_F(HttpClientTest, SurvivesHeadersOfEveryKind) {
  using namespace std::string_literals;
  for (
      const std::string& answer :
      {"HTTP/1.1 200 OK\r\nno colon\r\n: no name\r\nbad name: x\r\n folded: x\r\nA\0B: x\r\nContent-Length: 0\r\n\r\n"s,
       "HTTP/1.1 200 OK\nA: b\n\n"s, "HTTP/1.1 200 \x1b[31m\r\nContent-Length: 0\r\n\r\n"s}) {
    const auto reply = outcome_of_answer(answer);
    if (!reply.ok()) continue;
    for (const auto& [name, value] : reply->headers) EXPECT_EQ(name.find_first_of(": \r\n"), std::string::npos);
  }
}

TEST_F(HttpClientTest, ReportsConnectionsThatBreak) {
  expect_error(outcome([](RawConnection&) {}), Errc::kUnavailable, Cause::kHttpFailed, "127.0.0.1");
  expect_error(outcome([](RawConnection& connection) {
                 connection.read_until("\r\n\r\n");
                 connection.reset();
               }),
               Errc::kUnavailable, Cause::kHttpFailed, "127.0.0.1");
  expect_error(outcome_of_answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), Errc::kUnavailable,
               Cause::kHttpFailed, "127.0.0.1");
  expect_error(outcome_of_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"), Errc::kUnavailable,
               Cause::kHttpFailed, "127.0.0.1");
}

TEST_F(HttpClientTest, ReportsTargetsThatAreNotThere) {
  std::uint16_t port = 0;
  {
    RawServer gone([](RawConnection&) {});
    port = gone.port();
  }
  expect_error(fetch(client, request_for("http://127.0.0.1:" + std::to_string(port) + "/secret")), Errc::kUnavailable,
               Cause::kHttpFailed, "no answer of 127.0.0.1:" + std::to_string(port));
  expect_error(fetch(client, request_for("https://ponte-test.invalid/secret")), Errc::kUnavailable, Cause::kHttpFailed,
               "no answer of ponte-test.invalid:443");
}

TEST_F(HttpClientTest, TimesOut) {
  RawServer silent([](RawConnection& connection) { connection.wait_for_close(); });
  RawServer dribbling([](RawConnection& connection) {
    connection.read_until("\r\n\r\n");
    connection.write("HTTP/1.1 200 OK\r\n\r\n");
    while (connection.write("x")) std::this_thread::yield();
  });
  for (const RawServer* server : {&silent, &dribbling}) {
    HttpRequest request = request_for(url_of(*server));
    request.timeout = Milliseconds(200);
    request.max_body = 1u << 30;
    expect_error(fetch(client, request), Errc::kTimedOut, Cause::kNetworkTimeout,
                 "no whole answer of 127.0.0.1:" + std::to_string(server->port()) + " within 200 ms");
  }
}

// ---- TLS ----------------------------------------------------------------------------------------------

class HttpClientTls : public HttpClientTest {
 protected:
  Result<HttpReply> fetch_from(const test::IssuedCertificate& certificate, const std::string& ca,
                               const std::string& host = "localhost") {
    HttpServer server(kOk, certificate);
    HttpRequest request = request_for(server.url("/secret", host));
    request.ca_file = ca;
    return fetch(client, request);
  }

  TestAuthority authority;
  TemporaryFile ca_file{authority.certificate_pem()};
};

TEST_F(HttpClientTls, AcceptsACertificateForTheNameOrTheAddress) {
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const auto reply = fetch_from(authority.issue(), ca_file.path(), host);
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_EQ(reply->body, to_bytes("ok"));
  }
}

TEST_F(HttpClientTls, RefusesCertificatesThatAreNotTrusted) {
  const auto expect_untrusted = [](const Result<HttpReply>& reply) {
    expect_error(reply, Errc::kUntrusted, Cause::kTlsUntrusted, "not trusted");
  };
  expect_untrusted(fetch_from(authority.issue(), ""));
  expect_untrusted(fetch_from(authority.issue({{"DNS:example.org"}}), ca_file.path()));
  expect_untrusted(fetch_from(authority.issue({{"DNS:localhost"}}), ca_file.path(), "127.0.0.1"));
  expect_untrusted(fetch_from(authority.issue({{"DNS:localhost"}, -7200, -3600}), ca_file.path()));
  expect_untrusted(fetch_from(TestAuthority::self_signed(), ca_file.path()));
  expect_untrusted(fetch_from(TestAuthority("Another").issue(), ca_file.path()));
}

TEST_F(HttpClientTls, ReportsAFileThatHoldsNoCertificates) {
  const TemporaryFile nonsense("nonsense\n");
  for (const std::string& path : {nonsense.path(), std::string("/nonexistent/ca.pem")})
    expect_error(fetch_from(authority.issue(), path), Errc::kInvalidArgument, Cause::kConfigInvalid, path);
}

TEST_F(HttpClientTls, ReportsAServerThatDoesNotSpeakTls) {
  RawServer plain([](RawConnection& connection) {
    connection.write(kOk);
    connection.wait_for_close();
  });
  expect_error(fetch(client, request_for("https://127.0.0.1:" + std::to_string(plain.port()) + "/secret")),
               Errc::kUnavailable, Cause::kHttpFailed, "127.0.0.1");
}

// ---- many at once ---------------------------------------------------------------------------------------

// Answers that come on the client's thread, counted.
class Answers {
 public:
  Reply<HttpReply> reply() {
    return Reply<HttpReply>([this](const Result<HttpReply>& result) {
      const std::lock_guard lock(mutex_);
      ++count_;
      if (result.ok()) ++ok_;
      if (!result.ok()) ++causes_[result.error().cause];
      changed_.notify_all();
    });
  }
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), [&] { return count_ >= count; }));
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }
  std::size_t ok() {
    const std::lock_guard lock(mutex_);
    return ok_;
  }
  std::size_t with(Cause cause) {
    const std::lock_guard lock(mutex_);
    return causes_[cause];
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
  std::size_t ok_ = 0;
  std::map<Cause, std::size_t> causes_;
};

TEST_F(HttpClientTest, ServesManyThreads) {
  HttpServer server(kOk);
  Answers answers;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) client.fetch(request_for(server.url()), answers.reply());
    });
  }
  for (std::thread& thread : threads) thread.join();
  answers.wait_for(200);
  EXPECT_EQ(answers.ok(), 200u);
}

TEST(HttpClient, RefusesMoreThanItHasRoomForAndEndsAllWithItself) {
  Answers answers;
  std::atomic<std::size_t> arrived{0};
  RawServer silent([&](RawConnection& connection) {
    ++arrived;
    connection.wait_for_close();
  });
  {
    HttpClient client;
    constexpr std::size_t kRoom = HttpClient::kMaxInFlight + HttpClient::kMaxQueued;
    for (std::size_t i = 0; i < HttpClient::kMaxInFlight; ++i)
      client.fetch(request_for(url_of(silent)), answers.reply());
    while (arrived < HttpClient::kMaxInFlight) std::this_thread::yield();
    for (std::size_t i = HttpClient::kMaxInFlight; i < kRoom; ++i)
      client.fetch(request_for(url_of(silent)), answers.reply());
    EXPECT_EQ(answers.count(), 0u);
    expect_error(fetch(client, request_for(url_of(silent))), Errc::kUnavailable, Cause::kOverloaded, "too many");
    EXPECT_EQ(arrived, HttpClient::kMaxInFlight);
  }
  EXPECT_EQ(answers.with(Cause::kShuttingDown), HttpClient::kMaxInFlight + HttpClient::kMaxQueued);
}

TEST(HttpClient, CancelsWhatIsUnderWayAndWhatWaits) {
  std::atomic<std::size_t> arrived{0}, gone{0};
  RawServer silent([&](RawConnection& connection) {
    ++arrived;
    connection.wait_for_close();
    ++gone;
  });
  Answers answers;
  HttpClient client;
  std::vector<HttpTicket> tickets;
  for (std::size_t i = 0; i < HttpClient::kMaxInFlight; ++i)
    tickets.push_back(client.fetch(request_for(url_of(silent)), answers.reply()));
  while (arrived < HttpClient::kMaxInFlight) std::this_thread::yield();
  const HttpTicket waiting = client.fetch(request_for(url_of(silent)), answers.reply());
  client.cancel(waiting);
  answers.wait_for(1);
  for (const HttpTicket ticket : tickets) client.cancel(ticket);
  answers.wait_for(tickets.size() + 1);
  EXPECT_EQ(answers.with(Cause::kSuperseded), tickets.size() + 1);
  while (gone < HttpClient::kMaxInFlight) std::this_thread::yield();

  HttpServer server(kOk);
  const HttpTicket over = client.fetch(request_for(server.url()), answers.reply());
  answers.wait_for(tickets.size() + 2);
  client.cancel(over);
  client.cancel(0);
  EXPECT_TRUE(fetch(client, request_for(server.url())).ok()) << "a request that is over is none of the others";
}

TEST(HttpClient, AnswersQueuedRequestsWhoseTimeIsOver) {
  RawServer silent([](RawConnection& connection) { connection.wait_for_close(); });
  Answers answers;
  HttpClient client;
  for (std::size_t i = 0; i < HttpClient::kMaxInFlight; ++i) client.fetch(request_for(url_of(silent)), answers.reply());
  HttpRequest hurried = request_for(url_of(silent));
  hurried.timeout = Milliseconds(100);
  expect_error(fetch(client, hurried), Errc::kTimedOut, Cause::kNetworkTimeout, "within 100 ms");
  EXPECT_EQ(answers.count(), 0u);
}

TEST(HttpClient, ALookUpThatHangsHoldsNobody) {
  let_go = false;
  HttpServer server(kOk);
  {
    Answers answers;
    HttpClient client;
    HttpRequest hurried = request_for(std::string("http://") + kHangs + "/secret");
    hurried.timeout = Milliseconds(100);
    expect_error(fetch(client, hurried), Errc::kTimedOut, Cause::kNetworkTimeout, kHangs);
    client.fetch(request_for(std::string("http://") + kHangs + "/"), answers.reply());
    EXPECT_TRUE(fetch(client, request_for(server.url())).ok());
    EXPECT_EQ(answers.count(), 0u);
  }
  let_go = true;
  let_go.notify_all();
}

TEST(HttpClient, GoesOnAfterAReceiverThatThrows) {
  HttpServer server(kOk);
  HttpClient client;
  client.fetch(request_for(server.url()),
               Reply<HttpReply>([](const Result<HttpReply>&) { throw std::runtime_error("thrown on purpose"); }));
  EXPECT_TRUE(fetch(client, request_for(server.url())).ok());
}

TEST(HttpClient, AReceiverMayFetchAgain) {
  HttpServer server(kOk);
  Answers answers;
  HttpClient client;
  client.fetch(request_for(server.url()), Reply<HttpReply>([&](const Result<HttpReply>&) {
                 client.fetch(request_for(server.url()), answers.reply());
               }));
  answers.wait_for(1);
  EXPECT_EQ(answers.ok(), 1u);
}

TEST(HttpClient, HasNoThreadUnlessUsed) {
  const auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
  };
  const auto before = threads();
  HttpClient client;
  expect_error(fetch(client, request_for("")), Errc::kInvalidArgument, Cause::kInvalidRequest, "URL");
  EXPECT_EQ(threads(), before);
}

}  // namespace
}  // namespace ponte::net
