#include "net/web_socket_server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "support/net/channel.h"
#include "support/net/web_socket_client.h"

namespace ponte::net {
namespace {

using test::ClientNetwork;
using test::WebSocketClient;

SharedText text(std::string words) {
  return std::make_shared<const std::string>(std::move(words));
}

class PushServer : public testing::Test {
 protected:
  void start(WebSocketServer::Options options = {}) {
    options.listen = "127.0.0.1:0";
    server = std::make_unique<WebSocketServer>(options, [this](const UpgradeRequest& request) {
      UpgradeAnswer answer;
      targets.push_back(request.target);
      if (request.target != "/ws/here") {
        answer.status = 404;
        answer.body = "nobody";
        return answer;
      }
      answer.opened = [this](std::shared_ptr<PushSocket> opened) {
        const std::lock_guard lock(mutex);
        socket = std::move(opened);
        changed.notify_all();
        return PushCallbacks{[this] { ++drained; }, [this] { ++gone; }};
      };
      return answer;
    });
    ASSERT_TRUE(server->start().ok());
  }
  WebSocketOptions at(const std::string& path) const {
    WebSocketOptions options;
    options.url = {false, "127.0.0.1", server->port(), path};
    return options;
  }
  std::shared_ptr<PushSocket> opened() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(10), [this] { return socket != nullptr; });
    return std::exchange(socket, nullptr);
  }
  static bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  ClientNetwork network{""};
  std::unique_ptr<WebSocketServer> server;
  std::vector<std::string> targets;
  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<PushSocket> socket;
  std::atomic<int> drained{0};
  std::atomic<int> gone{0};
};

TEST_F(PushServer, RefusesWithTheAnswerItWasGiven) {
  start();
  WebSocketClient client(network, at("/ws/elsewhere"));
  EXPECT_FALSE(client.wait_open());
  EXPECT_NE(client.wait_closed().message.find("404"), std::string::npos);
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(PushServer, TellsOnceThatAClientHasGone) {
  start();
  auto client = std::make_unique<WebSocketClient>(network, at("/ws/here"));
  ASSERT_TRUE(client->wait_open());
  const auto pushed = opened();
  ASSERT_TRUE(pushed);
  EXPECT_TRUE(pushed->send(text("hello")));
  client.reset();
  EXPECT_TRUE(eventually([&] { return gone == 1; }));
  EXPECT_TRUE(eventually([&] { return !pushed->send(text("to nobody")); }));
  EXPECT_EQ(server->connections(), 0U);
}

/// A client down to the bytes: ours takes no text.
class PlainClient {
 public:
  explicit PlainClient(std::uint16_t port, const std::string& version = "13") {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return;
    channel_.write("GET /ws/here HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
                   (version.empty() ? "" : "Sec-WebSocket-Version: " + version + "\r\n") +
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    head_ = channel_.read_until("\r\n\r\n");
  }
  ~PlainClient() { ::close(descriptor_); }
  PlainClient(const PlainClient&) = delete;
  PlainClient& operator=(const PlainClient&) = delete;

  const std::string& head() const { return head_; }
  /// The next frame, which is to be one whole text (RFC 6455 5.2).
  std::string read_text() {
    const Bytes start = channel_.read_exact(2);
    EXPECT_EQ(start[0], 0x81);
    std::size_t size = start[1];
    if (size >= 126) {
      const bool is_long = size == 127;
      size = 0;
      for (const std::uint8_t byte : channel_.read_exact(is_long ? 8 : 2)) size = size << 8 | byte;
      EXPECT_GT(size, is_long ? 0xFFFFu : 125u) << "the shortest form";
    }
    return to_text(channel_.read_exact(size));
  }

 private:
  const int descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  test::Channel channel_{descriptor_, nullptr};
  std::string head_;
};

// Framed once for all of them: each form of the length, one text after another.
TEST_F(PushServer, ManyGetTheSameTexts) {
  start();
  const std::vector<SharedText> texts{
      text(""),         text(std::string(125, 'a')),    text(std::string(126, 'b')),   text("\xC3\xA9"),
      text("\xC3\xA9"), text(std::string(65'535, 'c')), text(std::string(65'536, 'd'))};
  std::vector<std::unique_ptr<PlainClient>> clients;
  std::vector<std::shared_ptr<PushSocket>> sockets;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<PlainClient>(server->port()));
    ASSERT_TRUE(clients.back()->head().starts_with("HTTP/1.1 101 ")) << clients.back()->head();
    sockets.push_back(opened());
    ASSERT_TRUE(sockets.back());
  }
  for (const SharedText& each : texts) {
    for (const auto& pushed : sockets) EXPECT_TRUE(pushed->send(each));
  }
  for (const auto& client : clients) {
    for (const SharedText& each : texts) EXPECT_EQ(client->read_text(), *each);
  }
  // What is little is not looked at again before the next text.
  EXPECT_TRUE(eventually([&] { return sockets.front()->waiting() <= 64 * 1024; }));
}

TEST_F(PushServer, OneOfADraftBeforeTheStandardIsRefused) {
  start();
  PlainClient client(server->port(), "");
  EXPECT_TRUE(client.head().starts_with("HTTP/1.1 400 ")) << client.head();
  EXPECT_NE(client.head().find("Sec-WebSocket-Version: "), std::string::npos);
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(PushServer, AClientBeyondTheNumberIsRefused) {
  start({.listen = "", .max_connections = 1});
  WebSocketClient first(network, at("/ws/here"));
  ASSERT_TRUE(first.wait_open());
  WebSocketClient second(network, at("/ws/here"));
  EXPECT_FALSE(second.wait_open());
  EXPECT_NE(second.wait_closed().message.find("503"), std::string::npos);
}

TEST_F(PushServer, AClientThatSaysNothingForTooLongIsClosed) {
  start({.listen = "", .ping = Milliseconds(10), .silence = Milliseconds(0)});
  WebSocketClient client(network, at("/ws/here"));
  ASSERT_TRUE(client.wait_open());
  EXPECT_NE(client.wait_closed().message.find("1008"), std::string::npos);
  EXPECT_TRUE(eventually([&] { return gone == 1; }));
}

TEST_F(PushServer, OneThatAnswersPingsStays) {
  start({.listen = "", .ping = Milliseconds(5), .silence = Milliseconds(2'000)});
  WebSocketClient client(network, at("/ws/here"));
  ASSERT_TRUE(client.wait_open());
  const auto pushed = opened();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  while (std::chrono::steady_clock::now() < end && gone == 0) std::this_thread::yield();
  EXPECT_EQ(gone, 0);
}

TEST_F(PushServer, EndsWithEverybodyTold) {
  start();
  WebSocketClient client(network, at("/ws/here"));
  ASSERT_TRUE(client.wait_open());
  const auto pushed = opened();
  server->stop();
  EXPECT_NE(client.wait_closed().message.find("1001"), std::string::npos);
  EXPECT_EQ(gone, 1);
  EXPECT_FALSE(pushed->send(text("after the end")));
  server->stop();
}

TEST_F(PushServer, SaysWhereItCannotListen) {
  start();
  WebSocketServer other({.listen = "127.0.0.1:" + std::to_string(server->port())},
                        [](const auto&) { return UpgradeAnswer(); });
  const Status status = other.start();
  EXPECT_EQ(status.error().code, Errc::kUnavailable);
  EXPECT_NE(status.error().message.find(std::to_string(server->port())), std::string::npos);
  WebSocketServer nowhere({.listen = "nowhere.invalid:1"}, [](const auto&) { return UpgradeAnswer(); });
  EXPECT_FALSE(nowhere.start().ok());
}

}  // namespace
}  // namespace ponte::net
