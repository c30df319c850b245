#include "net/dialer.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "net/event_loop.h"
#include "net/resolver.h"
#include "support/net/raw_server.h"

namespace ponte::net {
namespace {

using Names = std::vector<std::string>;

// Dials on a loop of its own and keeps the answer's socket until the end.
class Dialed {
 public:
  Dialed(Resolver& resolver, DialOptions options) {
    loop_.run_and_wait([&] {
      dial_ = dial(loop_, resolver, options, [this](Result<asio::ip::tcp::socket> socket) {
        EXPECT_TRUE(returned_) << "answered from within dial()";
        dial_.reset();  // allowed from within the answer
        result_.emplace(std::move(socket));
        answered_.set_value();
      });
      returned_ = true;
    });
    answered_.get_future().wait();
  }
  ~Dialed() {
    loop_.run_and_wait([this] { result_.reset(); });
  }
  Result<asio::ip::tcp::socket>& operator*() { return *result_; }
  Result<asio::ip::tcp::socket>* operator->() { return &*result_; }

 private:
  EventLoop loop_{"test-loop"};
  bool returned_ = false;
  std::unique_ptr<Dial> dial_;
  std::promise<void> answered_;
  std::optional<Result<asio::ip::tcp::socket>> result_;
};

Resolver resolver_to(Names addresses) {
  return Resolver(
      1, [addresses](const std::string&) -> Result<Names> { return addresses; }, Milliseconds(10'000));
}

std::uint16_t unused_port() {
  test::RawServer server([](test::RawConnection&) {});
  return server.port();
}

// A listener whose queue is full neither accepts nor refuses: the kernel drops the SYN.
class SilentListener {
 public:
  SilentListener() {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 0), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    for (int& filler : fillers_) {
      filler = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      ::connect(filler, reinterpret_cast<sockaddr*>(&address), size);
    }
  }
  ~SilentListener() {
    for (int filler : fillers_) ::close(filler);
    ::close(listener_);
  }
  std::uint16_t port() const { return port_; }

 private:
  int listener_;
  int fillers_[4];
  std::uint16_t port_;
};

TEST(Dialer, ConnectsANumericLoopbackAddressWithoutAsking) {
  test::RawServer server([](test::RawConnection& connection) { connection.wait_for_close(); });
  Resolver resolver(
      1, [](const std::string&) -> Result<Names> { throw std::logic_error("asked"); }, Milliseconds(1));
  Dialed dialed(resolver, {"127.0.0.1", server.port()});
  ASSERT_TRUE(dialed->ok()) << dialed->error().message;
  int value = 0;
  socklen_t size = sizeof value;
  const int descriptor = (*dialed)->native_handle();
  ::getsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &value, &size);
  EXPECT_NE(value, 0);
  ::getsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &value, &size);
  EXPECT_EQ(value, 0);
}

TEST(Dialer, SaysWhoRefused) {
  Resolver resolver;
  const std::uint16_t port = unused_port();
  Dialed dialed(resolver, {"127.0.0.1", port});
  ASSERT_FALSE(dialed->ok());
  EXPECT_EQ(dialed->error().code, Errc::kUnavailable);
  EXPECT_EQ(dialed->error().cause, Cause::kConnectionRefused);
  EXPECT_NE(dialed->error().message.find("127.0.0.1:" + std::to_string(port)), std::string::npos);
}

TEST(Dialer, PassesTheResolversErrorOn) {
  Resolver resolver;
  Dialed dialed(resolver, {"ponte-test.invalid", 443});
  ASSERT_FALSE(dialed->ok());
  EXPECT_EQ(dialed->error().cause, Cause::kNameNotResolved);
}

TEST(Dialer, FallsBackToTheNextAddress) {
  test::RawServer server([](test::RawConnection& connection) { connection.wait_for_close(); });
  // The server listens on 127.0.0.1 alone, so the others refuse.
  auto resolver = resolver_to({"127.0.0.2", "::1", "127.0.0.1"});
  Dialed dialed(resolver, {"three.example", server.port()});
  EXPECT_TRUE(dialed->ok()) << dialed->error().message;
}

TEST(Dialer, ReportsTheLastAddressWhenAllFail) {
  auto resolver = resolver_to({"127.0.0.2", "127.0.0.3"});
  Dialed dialed(resolver, {"two.example", unused_port()});
  ASSERT_FALSE(dialed->ok());
  EXPECT_EQ(dialed->error().cause, Cause::kConnectionRefused);
  EXPECT_NE(dialed->error().message.find("two.example at 127.0.0.3"), std::string::npos) << dialed->error().message;
}

TEST(Dialer, TimesOutOnAnAddressThatStaysSilent) {
  SilentListener listener;
  Resolver resolver;
  Dialed dialed(resolver, {"127.0.0.1", listener.port(), Milliseconds(50)});
  ASSERT_FALSE(dialed->ok());
  EXPECT_EQ(dialed->error().code, Errc::kTimedOut);
  EXPECT_EQ(dialed->error().cause, Cause::kNetworkTimeout);
}

TEST(Dialer, LeavesASilentAddressInTimeForTheNext) {
  SilentListener listener;  // on 127.0.0.1; ::1 with that port refuses at once, so it comes last in time
  auto resolver = resolver_to({"127.0.0.1", "127.0.0.2"});
  Dialed dialed(resolver, {"two.example", listener.port(), Milliseconds(2'200)});
  ASSERT_FALSE(dialed->ok());
  EXPECT_EQ(dialed->error().cause, Cause::kConnectionRefused) << dialed->error().message;
}

TEST(Dialer, TimesOutWhileTheNameIsLookedUp) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  Resolver resolver(
      1,
      [released](const std::string&) -> Result<Names> {
        released.wait();
        return Names{"127.0.0.1"};
      },
      Milliseconds(10'000));
  Dialed dialed(resolver, {"hangs.example", 443, Milliseconds(30)});
  ASSERT_FALSE(dialed->ok());
  EXPECT_EQ(dialed->error().cause, Cause::kNetworkTimeout);
  release.set_value();
}

TEST(Dialer, ADestroyedDialNeverAnswersEvenWhenTheLoopIsGone) {
  std::promise<void> asked, release;
  const auto released = release.get_future().share();
  Resolver resolver(
      1,
      [&asked, released](const std::string&) -> Result<Names> {
        asked.set_value();
        released.wait();
        return Names{"127.0.0.1"};
      },
      Milliseconds(10'000));
  {
    EventLoop loop("test-loop");
    loop.run_and_wait([&] {
      auto pending = dial(loop, resolver, {"hangs.example", 443}, [](auto) { ADD_FAILURE() << "answered"; });
    });
    asked.get_future().wait();
  }
  release.set_value();
}

}  // namespace
}  // namespace ponte::net
