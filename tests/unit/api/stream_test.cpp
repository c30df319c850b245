// Answers that go on after their headers, over real sockets.
#include <atomic>

#include "api/ticket_box.h"
#include "unit/api/api_support.h"

namespace ponte::api::test {
namespace {

/// One route whose stream the test holds.
class Streams : public ::testing::Test {
 protected:
  void start(bool deferred = false) {
    Route route;
    route.path = "/stream";
    route.auth = Auth::kNone;
    route.limit = Limit::kNone;
    route.handler = [this, deferred](const Request&, Reply<Response> reply) {
      Response response;
      response.content_type = "text/event-stream";
      response.stream = [this](std::shared_ptr<ResponseStream> opened) {
        opened->write("first\n");
        stream = std::move(opened);
        ++begun;
        return StreamCallbacks{[this] { ++drained; }, [this] { ++gone; }};
      };
      if (!deferred) return reply.answer(std::move(response));
      held = std::move(reply);
      held_response = std::move(response);
      ++waiting;
    };
    std::vector<Route> routes;
    routes.push_back(std::move(route));
    dispatcher = std::make_unique<Dispatcher>(DispatcherOptions{}, instances, clock, random, std::move(routes));
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    server = std::make_unique<PistacheServer>(options, *dispatcher, clock);
    ASSERT_TRUE(server->start().ok());
  }
  void TearDown() override {
    if (server) server->stop(Milliseconds(0));
  }
  /// Reads until `text` has come.
  static bool comes(Client& client, const std::string& text) {
    return eventually([&] {
      (void)client.read_until_closed(Milliseconds(20));
      return client.received().find(text) != std::string::npos;
    });
  }

  /// The client may have its first bytes before the server's thread has handed the stream over.
  bool has_begun() const {
    return eventually([this] { return begun == 1; });
  }

  FakeInstances instances;
  SystemClock clock;
  crypto::SystemRandom random;
  std::unique_ptr<Dispatcher> dispatcher;
  std::unique_ptr<PistacheServer> server;
  std::shared_ptr<ResponseStream> stream;
  Reply<Response> held{[](const auto&) {}};
  Response held_response;
  std::atomic<int> begun{0};
  std::atomic<int> waiting{0};
  std::atomic<int> drained{0};
  std::atomic<int> gone{0};
};

TEST_F(Streams, GoOnAfterTheirHeadersAndEndWithTheConnection) {
  for (const bool deferred : {false, true}) {
    begun = 0;
    start(deferred);
    Client client(server->port());
    client.send(request_text("GET", "/stream"));
    if (deferred) {
      ASSERT_TRUE(eventually([&] { return waiting == 1 && server->waiting() == 1; }));
      held.answer(std::move(held_response));
    }
    ASSERT_TRUE(has_begun());
    EXPECT_TRUE(comes(client, "\r\n\r\nfirst\n"));
    EXPECT_EQ(client.received().find("Content-Length"), std::string::npos);
    EXPECT_NE(client.received().find("Connection: close"), std::string::npos);
    EXPECT_TRUE(stream->write("second\n"));
    EXPECT_TRUE(comes(client, "second\n"));
    EXPECT_EQ(server->waiting(), 0U) << "a stream keeps no shutdown waiting";
    EXPECT_TRUE(stream->write("last\n"));
    stream->close();
    EXPECT_TRUE(client.read_until_closed());
    EXPECT_TRUE(client.received().ends_with("last\n"));
    EXPECT_FALSE(stream->write("too late"));
    EXPECT_EQ(gone, 0) << "who closes it need not be told";
    server->stop(Milliseconds(0));
  }
}

TEST_F(Streams, TellOnceThatTheClientHasGone) {
  start();
  for (const bool reset : {false, true}) {
    begun = gone = 0;
    Client client(server->port());
    client.send(request_text("GET", "/stream"));
    ASSERT_TRUE(comes(client, "first\n") && has_begun());
    reset ? client.reset_connection() : client.close();
    EXPECT_TRUE(eventually([&] { return gone == 1; }));
    EXPECT_FALSE(stream->write("to nobody"));
    EXPECT_EQ(gone, 1);
    EXPECT_TRUE(eventually([&] { return server->connections() == 0; }));
  }
}

TEST_F(Streams, AClientThatDoesNotReadIsDroppedAtAMebibyte) {
  start();
  Client client(server->port());
  client.send(request_text("GET", "/stream"));
  ASSERT_TRUE(has_begun());
  const std::string piece(16 * 1024, 'x');
  std::size_t taken = 0;
  while (stream->write(piece) && taken < (64u << 20)) taken += piece.size();
  EXPECT_LT(taken, 16u << 20) << "what the kernel's buffers hold, and a mebibyte of ours";
  EXPECT_GE(taken + 2 * piece.size(), 1u << 20) << "short of the head, and of a piece that no longer fits";
  EXPECT_EQ(stream->waiting(), 0U);
  EXPECT_EQ(gone, 0) << "write() has said so";
  EXPECT_TRUE(eventually([&] { return server->connections() == 0; }));
}

TEST_F(Streams, AClientThatReadsGetsAllAndTheEndpointHearsOfIt) {
  start();
  Client client(server->port());
  client.send(request_text("GET", "/stream"));
  ASSERT_TRUE(comes(client, "first\n") && has_begun());
  std::thread reader([&] { client.read_until_closed(); });
  const std::string piece(64 * 1024, 'x');
  std::size_t sent = 0;
  while (sent < (8u << 20)) {
    ASSERT_TRUE(eventually([&] { return stream->waiting() < (512u << 10); }));
    ASSERT_TRUE(stream->write(piece));
    sent += piece.size();
  }
  stream->write("last\n");
  stream->close();
  reader.join();
  const auto body = client.received().find("first\n") + 6;
  EXPECT_EQ(client.received().size() - body, sent + 5);
  EXPECT_GT(drained, 0);
}

TEST_F(Streams, EndWithTheServer) {
  start();
  Client client(server->port());
  client.send(request_text("GET", "/stream"));
  ASSERT_TRUE(comes(client, "first\n") && has_begun());
  server->stop(Milliseconds(5000));
  EXPECT_TRUE(client.read_until_closed());
  EXPECT_EQ(gone, 1);
  EXPECT_FALSE(stream->write("after"));
}

TEST_F(Streams, HeadHasNone) {
  start();
  Client client(server->port());
  client.send(request_text("HEAD", "/stream"));
  EXPECT_EQ(client.read_answer(true).status, 200);
  EXPECT_EQ(begun, 0);
}

TEST(Tickets, AreGoodOnceAndForHalfAMinute) {
  crypto::SystemRandom random;
  TicketBox box(random);
  const Mono now{Seconds(1000)};
  const auto principal = instance::Principal(instance::InstancePrincipal{"id", "sales"});
  const std::string ticket = *box.issue(principal, now);
  EXPECT_EQ(ticket.size(), 43U);
  EXPECT_FALSE(box.redeem("", now));
  EXPECT_FALSE(box.redeem(ticket.substr(1), now));
  const auto redeemed = box.redeem(ticket, now + Seconds(29));
  ASSERT_TRUE(redeemed);
  EXPECT_EQ(std::get<instance::InstancePrincipal>(*redeemed).instance_name, "sales");
  EXPECT_FALSE(box.redeem(ticket, now + Seconds(29)));
  const std::string late = *box.issue(principal, now);
  EXPECT_FALSE(box.redeem(late, now + Seconds(30)));
  EXPECT_NE(*box.issue(principal, now), *box.issue(principal, now));
}

TEST(Tickets, AreNotKeptWithoutEnd) {
  crypto::SystemRandom random;
  TicketBox box(random);
  const Mono now{Seconds(1000)};
  for (std::size_t i = 0; i < TicketBox::kMost; ++i) ASSERT_TRUE(box.issue(instance::AccountPrincipal{}, now).ok());
  const auto refused = box.issue(instance::AccountPrincipal{}, now + Seconds(29));
  EXPECT_EQ(refused.error().cause, Cause::kOverloaded);
  EXPECT_TRUE(box.issue(instance::AccountPrincipal{}, now + Seconds(30)).ok()) << "the old ones are forgotten";
}

}  // namespace
}  // namespace ponte::api::test
