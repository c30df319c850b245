// The server against clients that are slow, rude, numerous or malformed.
#include <sys/stat.h>

#include <fstream>

#include "unit/api/api_support.h"

namespace ponte::api::test {
namespace {

/// Sockets only: Pistache leaves an eventfd or two and its timer behind with every endpoint.
std::size_t open_sockets() {
  std::size_t count = 0;
  for (int fd = 0; fd < 20'000; ++fd) {
    struct stat what {};
    count += ::fstat(fd, &what) == 0 && S_ISSOCK(what.st_mode) ? 1 : 0;
  }
  return count;
}

std::size_t virtual_memory_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmSize:", 0) == 0) return std::strtoul(line.c_str() + 7, nullptr, 10);
  }
  return 0;
}

class Server : public ApiTest {
 protected:
  void SetUp() override {
    instances.add("sales");
    options.server.workers = 1;
    options.server.watcher.half_close_grace = Milliseconds(100);
    options.server.watcher.linger = Milliseconds(500);
  }
  void expect_alive() { EXPECT_EQ(call("GET", "/health").status, 200); }
};

struct MalformedCase {
  std::string bytes;
  int status;
  const char* why;
  const char* connection = "close";  ///< where the framing was clear, the next request may follow
};

std::vector<MalformedCase> malformed_cases() {
  const std::string host = "Host: h\r\n";
  const std::string post = "POST /api/instance/new HTTP/1.1\r\n" + host;
  return {
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8), 400, "TLS client hello"},
      {"garbage\r\n\r\n", 400, "no spaces"},
      {"GET\r\n\r\n", 400, "method only"},
      {"GET /health\r\n\r\n", 400, "HTTP/0.9"},
      {"GET  HTTP/1.1\r\n" + host + "\r\n", 400, "no target"},
      {"GET /health HTTP/1.1\n" + host + "\n", 400, "LF only"},
      {"GET /health HTTP/1.1\r\nHost: h\n\r\n", 400, "one bare LF"},
      {"GET /health HTTP/1.1\rHost: h\r\n\r\n", 400, "bare CR"},
      {"GET /health HTTP/2.0\r\n" + host + "\r\n", 505, "version 2.0"},
      {"GET /health HTTP/1.2\r\n" + host + "\r\n", 505, "version 1.2"},
      {"GET /health http/1.1\r\n" + host + "\r\n", 400, "lower-case version"},
      {"GET /health FTP/1.1\r\n" + host + "\r\n", 400, "another protocol"},
      {"GE(T /health HTTP/1.1\r\n" + host + "\r\n", 400, "method is no token"},
      {"BREW /health HTTP/1.1\r\n" + host + "\r\n", 501, "unknown method"},
      {"CONNECT h:80 HTTP/1.1\r\n" + host + "\r\n", 501, "CONNECT"},
      {"TRACE /health HTTP/1.1\r\n" + host + "\r\n", 405, "TRACE", "keep-alive"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/2 preface"},
      {"GET health HTTP/1.1\r\n" + host + "\r\n", 400, "relative target", "keep-alive"},
      {"GET ftp://h/health HTTP/1.1\r\n" + host + "\r\n", 400, "foreign scheme", "keep-alive"},
      {"GET /he alth HTTP/1.1\r\n" + host + "\r\n", 400, "blank in the target"},
      {"GET /h\x01 HTTP/1.1\r\n" + host + "\r\n", 400, "control character in the target"},
      {"GET /h\xc3\xa4 HTTP/1.1\r\n" + host + "\r\n", 400, "raw UTF-8 in the target"},
      {"GET /health%2 HTTP/1.1\r\n" + host + "\r\n", 400, "cut %XX", "keep-alive"},
      {"GET /health?a=%G1 HTTP/1.1\r\n" + host + "\r\n", 400, "bad %XX in the query", "keep-alive"},
      {"GET /health%00 HTTP/1.1\r\n" + host + "\r\n", 400, "encoded NUL", "keep-alive"},
      {"GET /health HTTP/1.1\r\nHost: h\r\nX: a" + std::string(1, '\0') + "b\r\n\r\n", 400, "NUL in a header"},
      {"GET /health HTTP/1.1\r\n" + host + "no colon\r\n\r\n", 400, "header without colon"},
      {"GET /health HTTP/1.1\r\n" + host + "Name : v\r\n\r\n", 400, "blank before the colon"},
      {"GET /health HTTP/1.1\r\n" + host + ": v\r\n\r\n", 400, "empty header name"},
      {"GET /health HTTP/1.1\r\n" + host + "A: b\r\n folded\r\n\r\n", 400, "folded header"},
      {"GET /health HTTP/1.1\r\n" + host + "A: b\x01\r\n\r\n", 400, "control character in a header"},
      {"GET /health HTTP/1.1\r\n\r\n", 400, "no Host"},
      {"GET /health HTTP/1.1\r\n" + host + host + "\r\n", 400, "two Hosts"},
      {post + "Content-Length: -1\r\n\r\n", 400, "negative length"},
      {post + "Content-Length: +1\r\n\r\n", 400, "signed length"},
      {post + "Content-Length: abc\r\n\r\n", 400, "length is no number"},
      {post + "Content-Length: 0x10\r\n\r\n", 400, "hexadecimal length"},
      {post + "Content-Length: \r\n\r\n", 400, "empty length"},
      {post + "Content-Length: 1, 1\r\n\r\n", 400, "list of lengths"},
      {post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400, "two lengths"},
      {post + "Content-Length: 17179869184\r\n\r\n", 413, "16 GiB"},
      {post + "Content-Length: 99999999999999999999999999\r\n\r\n", 413, "more than 64 bits"},
      {post + "Content-Length: 1048577\r\n\r\n", 413, "one byte over"},
      {post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "length and chunks"},
      {post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, "another encoding"},
      {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "two encodings"},
      {"POST /api/instance/new HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "chunks in HTTP/1.0"},
      {post + "Transfer-Encoding: chunked\r\n\r\n-5\r\n", 400, "negative chunk"},
      {post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, "chunk size is no number"},
      {post + "Transfer-Encoding: chunked\r\n\r\n\r\n", 400, "empty chunk size"},
      {post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}X\r\n", 400, "chunk longer than its size"},
      {post + "Transfer-Encoding: chunked\r\n\r\n2\n{}", 400, "bare LF in a chunk line"},
      {post + "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n", 413, "huge chunk"},
      {post + "Transfer-Encoding: chunked\r\n\r\n100001\r\n", 413, "chunk over the limit"},
      {post + "Transfer-Encoding: chunked\r\n\r\n" + std::string(400, '0') + "1\r\n", 400, "endless chunk line"},
      {post + "Expect: a-miracle\r\nContent-Length: 2\r\n\r\n{}", 417, "unknown expectation"},
      {"GET /" + std::string(2048, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414, "target one over"},
      {"GET /" + std::string(65'536, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414, "64 KiB target"},
      {"GET " + std::string(16'000, '/') + " HTTP/1.1\r\n" + host + "\r\n", 414, "16000 slashes"},
      {std::string(100'000, 'A'), 414, "no end of line"},
      {"GET /health HTTP/1.1\r\n" + host + "A: " + std::string(17'000, 'a') + "\r\n\r\n", 431, "long header"},
      {"GET /health HTTP/1.1\r\n" + host +
           [] {
             std::string lines;
             for (int i = 0; i < 200; ++i) lines += "a: b\r\n";
             return lines;
           }() +
           "\r\n",
       431, "200 headers"},
      {"\r\n\r\n\r\n\r\n\r\n", 400, "empty lines only"},
  };
}

TEST_F(Server, MalformedRequestsAreAnsweredInTheEnvelopeAndClosed) {
  start();
  for (const MalformedCase& each : malformed_cases()) {
    Client client(port);
    client.send(each.bytes);
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, each.status) << each.why;
    EXPECT_EQ(answer.json()["success"], false) << each.why;
    EXPECT_FALSE(answer.code().empty()) << each.why;
    EXPECT_FALSE(answer.json()["requestId"].get<std::string>().empty()) << each.why;
    EXPECT_EQ(answer.header("connection"), each.connection) << each.why;
    if (answer.header("connection") == "close") {
      EXPECT_TRUE(client.read_until_closed()) << each.why;
    }
    EXPECT_EQ(client.received(), "") << each.why;
  }
  expect_alive();
}

TEST_F(Server, OddButValidRequestsAreServed) {
  start();
  const std::string host = "Host: h\r\n";
  const std::string cases[] = {
      "GET /health HTTP/1.0\r\n\r\n",
      "\r\nGET /health HTTP/1.1\r\n" + host + "\r\n",
      "GET http://elsewhere/health HTTP/1.1\r\n" + host + "\r\n",
      "GET /%68ealth?x HTTP/1.1\r\n" + host + "\r\n",
      "GET /health?a=b&&=c&d HTTP/1.1\r\n" + host + "\r\n",
      "GET /health HTTP/1.1\r\n" + host +
          "Accept: ??\r\nCookie: ;;==\r\nDate: never\r\nCache-Control: what=is=this\r\n\r\n",
      "GET /health HTTP/1.1\r\nHost: h:notaport\r\nContent-Type: no/such;type\r\n\r\n",
      "GET /health HTTP/1.1\r\n" + host + "X: \xe4\xf6\r\nEmpty:\r\n\r\n",
      "GET /health HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n",
      "GET /health HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nabc",
      "GET /health HTTP/1.1\r\n" + host + "A:" + std::string(15'000, 'a') + "\r\n\r\n",
      "GET /health?" + std::string(2036, 'q') + " HTTP/1.1\r\n" + host + "\r\n",
  };
  for (const std::string& bytes : cases) EXPECT_EQ(raw(bytes).status, 200) << bytes.substr(0, 100);
}

TEST_F(Server, BodiesUpToTheLimitComeWhole) {
  start();
  const std::string body = R"({"name":"big","padding":")" + std::string(1024 * 1024 - 27, 'x') + R"("})";
  ASSERT_EQ(body.size(), 1024u * 1024u);
  EXPECT_EQ(call("POST", "/api/instance/new", kAccount, body).status, 201);
}

TEST_F(Server, ABodyOverTheLimitIs413ThoughTheClientKeepsSending) {
  start();
  Client client(port);
  client.send(request_text("POST", "/api/instance/new", kAccount, std::string(2 * 1024 * 1024, 'x')));
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.code(), "REQUEST_TOO_LARGE");
  expect_alive();
}

TEST_F(Server, AnEndlessSenderIsCutOff) {
  start();
  Client client(port);
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n");
  const std::string block(1024 * 1024, 'x');
  int blocks = 0;
  while (blocks < 200 && client.send(block)) ++blocks;
  EXPECT_LT(blocks, 100);
  expect_alive();
}

TEST_F(Server, HugeContentLengthsReserveNothing) {
  start();
  expect_alive();
  const std::size_t before = virtual_memory_kib();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<Client>(port));
    clients.back()->send("POST /api/instance/new HTTP/1.1\r\nHost: h\r\nContent-Length: 17179869184\r\n\r\n");
  }
  for (auto& client : clients) EXPECT_EQ(client->read_answer().status, 413);
  EXPECT_LT(virtual_memory_kib(), before + 1024 * 1024) << "KiB";
}

TEST_F(Server, ChunkedBodiesAreReadInAnySplit) {
  start();
  const std::string head =
      "POST /api/instance/new HTTP/1.1\r\nHost: h\r\n" + std::string(kAccount) + "Transfer-Encoding: chunked\r\n\r\n";
  const auto body = [](const std::string& name) {
    return "9;ext=1\r\n{\"name\":\"\r\n" + std::string("1\r\n") + name + "\r\n2\r\n\"}\r\n0\r\nTrailer: x\r\n\r\n";
  };
  EXPECT_EQ(raw(head + body("a")).status, 201);
  Client client(port);
  const std::string bytes = head + body("b");
  for (char c : bytes) client.send(std::string_view(&c, 1));
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.json()["instance"]["name"], "b");
  EXPECT_EQ(answer.header("connection"), "keep-alive");
}

TEST_F(Server, ARequestMayComeByteByByte) {
  start();
  Client client(port);
  for (int round = 0; round < 2; ++round) {
    const std::string name = round == 0 ? "slow1" : "slow2";
    for (char c : request_text("POST", "/api/instance/new", kAccount, R"({"name":")" + name + R"("})")) {
      ASSERT_TRUE(client.send(std::string_view(&c, 1)));
    }
    EXPECT_EQ(client.read_answer().status, 201);
  }
}

TEST_F(Server, ConnectionsAreKeptAliveUnlessToldOtherwise) {
  start();
  Client client(port);
  for (int i = 0; i < 3; ++i) {
    client.send(request_text("GET", "/health"));
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("connection"), "keep-alive");
  }
  client.send(request_text("GET", "/health", "Connection: close\r\n"));
  EXPECT_EQ(client.read_answer().header("connection"), "close");
  EXPECT_TRUE(client.read_until_closed());
  Client old(port);
  old.send("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(old.read_answer().header("connection"), "close");
  EXPECT_TRUE(old.read_until_closed());
}

TEST_F(Server, AConnectionEndsAfterItsLastRequest) {
  options.server.max_requests_per_connection = 3;
  start();
  Client client(port);
  client.send(request_text("GET", "/health") + request_text("GET", "/health") + request_text("GET", "/health") +
              request_text("GET", "/health"));
  EXPECT_EQ(client.read_answer().header("connection"), "keep-alive");
  EXPECT_EQ(client.read_answer().header("connection"), "keep-alive");
  EXPECT_EQ(client.read_answer().header("connection"), "close");
  EXPECT_TRUE(client.read_until_closed());
  EXPECT_EQ(client.received(), "");
}

TEST_F(Server, PipelinedRequestsAreAnsweredInOrder) {
  start();
  Client client(port);
  std::string all;
  for (int i = 0; i < 50; ++i)
    all += request_text("GET", "/n" + std::to_string(i), "X-Request-Id: p" + std::to_string(i) + "\r\n");
  client.send(all);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.read_answer().header("x-request-id"), "p" + std::to_string(i));
}

TEST_F(Server, WhatIsPipelinedBehindAWaitingRequestIsNotCarriedOut) {
  start();
  Client client(port);
  client.send(request_text("GET", "/api/instance/connect/sales", kAccount) +
              request_text("DELETE", "/api/instance/delete/sales", kAccount));
  answer_connects(1);
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(client.read_until_closed());
  EXPECT_EQ(client.received(), "");
  EXPECT_TRUE(instances.find("sales").has_value());
}

TEST_F(Server, AHalfClosedClientGetsItsAnswer) {
  start();
  Client sync(port);
  sync.send(request_text("GET", "/api/instance/list", kAccount));
  sync.half_close();
  EXPECT_EQ(sync.read_answer().status, 200);

  options.server.watcher.half_close_grace = Milliseconds(20'000);
  api->server().stop(Milliseconds(0));
  start();
  Client deferred(port);
  deferred.send(request_text("GET", "/api/instance/connect/sales", kAccount));
  deferred.half_close();
  auto waiting = take_waiting(1);
  waiting[0].reply.answer(instance::ConnectResult{instance::ConnectResult::Kind::kQr, "2@x", Milliseconds(5000)});
  EXPECT_EQ(deferred.read_answer().json()["qrCode"], "2@x");
}

TEST_F(Server, AHangUpReleasesTheWaitingConnect) {
  start();
  for (bool reset : {false, true}) {
    Client client(port);
    client.send(request_text("GET", "/api/instance/connect/sales", kAccount));
    auto waiting = take_waiting(1);
    ASSERT_TRUE(eventually([&] { return api->server().waiting() == 1; }));
    reset ? client.reset_connection() : client.close();
    EXPECT_TRUE(eventually([&] { return api->server().waiting() == 0 && api->server().connections() == 0; }));
    waiting[0].reply.answer(instance::ConnectResult{instance::ConnectResult::Kind::kQr, "2@late", Milliseconds(5000)});
  }
  expect_alive();
}

TEST_F(Server, FiveHundredWaitingConnectsNeedOneWorker) {
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 500; ++i) {
    instances.add("i" + std::to_string(i));
    clients.push_back(std::make_unique<Client>(port));
    ASSERT_TRUE(clients.back()->connected());
    clients.back()->send(request_text("GET", "/api/instance/connect/i" + std::to_string(i), kAccount));
  }
  ASSERT_TRUE(eventually([&] { return instances.waiting_count() == 500 && api->server().waiting() == 500; }));
  expect_alive();
  answer_connects(500);
  for (int i = 0; i < 500; ++i) {
    const Answer answer = clients[i]->read_answer();
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.json()["qrCode"], "2@i" + std::to_string(i));
  }
  clients.clear();
  EXPECT_TRUE(eventually([&] { return api->server().connections() == 0; }));
}

TEST_F(Server, AWaitOutlivesPistachesIdleLimit) {
  options.server.keep_alive_time = Milliseconds(600);
  start();
  Client waiting(port);
  waiting.send(request_text("GET", "/api/instance/connect/sales", kAccount));
  Client idle(port);
  EXPECT_TRUE(idle.read_until_closed()) << "the idle one is let go, silently";
  EXPECT_EQ(idle.received(), "");
  Client again(port);
  EXPECT_TRUE(again.read_until_closed());
  EXPECT_TRUE(eventually([&] { return api->server().connections() == 1; }));
  answer_connects(1);
  const Answer answer = waiting.read_answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(waiting.read_until_closed());
  EXPECT_EQ(waiting.received(), "") << "no 408 came behind";
}

TEST_F(Server, ASlowRequestIsAnswered408WhileOthersAreServed) {
  options.server.request_time = Milliseconds(300);
  start();
  std::string cut = request_text("POST", "/api/instance/new", kAccount, "{}");
  cut.pop_back();
  const std::string cases[] = {"G", "GET /health HTTP/1.1\r\nHost: h\r\nX-a: ", cut,
                               "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12"};
  for (const std::string& begin : cases) {
    Client slow(port);
    slow.send(begin);
    expect_alive();
    const Answer answer = slow.read_answer();
    EXPECT_EQ(answer.status, 408) << begin;
    EXPECT_EQ(answer.code(), "REQUEST_TIMEOUT");
    EXPECT_TRUE(slow.read_until_closed());
    EXPECT_EQ(slow.received(), "");
  }
}

TEST_F(Server, ADripDoesNotKeepARequestAlive) {
  options.server.request_time = Milliseconds(300);
  start();
  Client slow(port);
  slow.send("GET /health HTTP/1.1\r\nHost: h\r\n");
  Answer answer;
  ASSERT_TRUE(eventually([&] {
    slow.send("X");
    answer = slow.read_answer(false, Milliseconds(5));
    return answer.status != 0;
  }));
  EXPECT_EQ(answer.status, 408);
}

TEST_F(Server, AThousandIdleAndSlowSocketsDoNotStarveIt) {
  options.server.max_connections = 3000;
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 1000; ++i) {
    clients.push_back(std::make_unique<Client>(port));
    ASSERT_TRUE(clients.back()->connected());
    if (i % 2 == 0) clients.back()->send("GET /slow HTTP/1.1\r\nX:");
  }
  ASSERT_TRUE(eventually([&] { return api->server().connections() == 1000; }));
  for (int i = 0; i < 100; ++i) expect_alive();
  clients.clear();
  EXPECT_TRUE(eventually([&] { return api->server().connections() == 0; }));
}

TEST_F(Server, ConnectionsOverTheLimitAreTurnedAway) {
  options.server.max_connections = 8;
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(std::make_unique<Client>(port));
  ASSERT_TRUE(eventually([&] { return api->server().connections() == 8; }));
  Client over(port);
  const Answer answer = over.read_answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.code(), "OVERLOADED");
  EXPECT_TRUE(over.read_until_closed());
  over.close();
  for (int i = 0; i < 100; ++i) clients.push_back(std::make_unique<Client>(port));
  EXPECT_TRUE(clients.back()->read_until_closed());
  clients.clear();
  ASSERT_TRUE(eventually([&] { return api->server().connections() == 0; }));
  expect_alive();
}

TEST_F(Server, AClientThatNeverReadsIsDropped) {
  options.server.watcher.write_progress = Milliseconds(400);
  instance::Settings settings;
  settings.call_reject_message = std::string(4096, 'm');
  for (int i = 0; i < 3'000; ++i) ASSERT_TRUE(instances.make({"i" + std::to_string(i), std::nullopt, settings}).ok());
  start();
  Client deaf(port);
  deaf.send(request_text("GET", "/api/instance/list", kAccount));
  ASSERT_TRUE(eventually([&] { return api->server().waiting() == 1; })) << "the socket did not take it at once";
  expect_alive();
  EXPECT_TRUE(eventually([&] { return api->server().waiting() == 0; }));
  options.server.watcher.write_progress = Milliseconds(15'000);
  api->server().stop(Milliseconds(0));
  start();
  Client attentive(port);
  attentive.send(request_text("GET", "/api/instance/list", kAccount));
  const Answer answer = attentive.read_answer();
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.json()["meta"]["total"], 3'001);
}

TEST_F(Server, ExpectContinueGetsItsInterimAnswer) {
  start();
  Client client(port);
  const std::string body = R"({"name":"expected"})";
  client.send("POST /api/instance/new HTTP/1.1\r\nHost: h\r\n" + std::string(kAccount) +
              "Expect: 100-continue\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
  const Answer interim = client.read_answer(true);
  EXPECT_EQ(interim.status, 100);
  client.send(body);
  EXPECT_EQ(client.read_answer().status, 201);
  Client large(port);
  large.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n");
  EXPECT_EQ(large.read_answer().status, 413) << "refused before the body is sent";
}

TEST_F(Server, ShutdownAnswersTheWaitingAndRefusesTheNew) {
  start();
  Client waiting(port);
  waiting.send(request_text("GET", "/api/instance/connect/sales", kAccount));
  Client open(port);
  open.send(request_text("GET", "/health"));
  EXPECT_EQ(open.read_answer().status, 200);
  ASSERT_TRUE(eventually([&] { return api->server().waiting() == 1; }));
  api->server().begin_shutdown();
  open.send(request_text("GET", "/health"));
  const Answer refused = open.read_answer();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.code(), "SHUTTING_DOWN");
  std::thread stopping([&] { api->server().stop(kPatience); });
  auto held = take_waiting(1);
  held[0].reply.answer(Error{Errc::kCancelled, Cause::kShuttingDown, "the service is shutting down"});
  const Answer answer = waiting.read_answer();
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.code(), "SHUTTING_DOWN");
  stopping.join();
}

TEST_F(Server, StopLeavesNoSocketAndLateAnswersHurtNobody) {
  const std::size_t before = open_sockets();
  std::vector<FakeInstances::Waiting> late;
  {
    start();
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 20; ++i) {
      clients.push_back(std::make_unique<Client>(port));
      clients.back()->send(i % 2 == 0 ? request_text("GET", "/api/instance/connect/sales", kAccount)
                                      : std::string("GET /slow"));
    }
    late = take_waiting(10);
    api->server().stop(Milliseconds(0));
    for (auto& client : clients) EXPECT_TRUE(client->read_until_closed());
  }
  EXPECT_EQ(open_sockets(), before);
  for (auto& waiting : late) {
    waiting.reply.answer(instance::ConnectResult{instance::ConnectResult::Kind::kQr, "2@late", Milliseconds(5000)});
  }
}

TEST_F(Server, ATakenPortIsAnErrorNotACrash) {
  start();
  RestApiOptions second = options;
  second.server.listen = "127.0.0.1:" + std::to_string(port);
  RestApi other(second, instances, *webhooks, clock, random);
  const Status status = other.server().start();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("cannot listen"), std::string::npos);
  second.server.listen = "not an address";
  RestApi third(second, instances, *webhooks, clock, random);
  EXPECT_FALSE(third.server().start().ok());
}

TEST_F(Server, Ipv6IsServedToo) {
  options.server.listen = "[::1]:0";
  api = std::make_unique<RestApi>(options, instances, *webhooks, clock, random);
  if (!api->server().start().ok()) GTEST_SKIP() << "no IPv6 here";
  EXPECT_NE(api->server().port(), 0);
}

}  // namespace
}  // namespace ponte::api::test
