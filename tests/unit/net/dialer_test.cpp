#include "net/dialer.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
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

// Listens without accepting: the kernel completes connections until its queue is full, then drops the SYN.
class Listener {
 public:
  Listener(const std::string& host, std::uint16_t wished_port, int backlog) {
    asio::ip::tcp::endpoint endpoint(asio::ip::make_address(host), wished_port);
    descriptor_ = ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto size = static_cast<socklen_t>(endpoint.size());
    listens_ = ::bind(descriptor_, endpoint.data(), size) == 0 && ::listen(descriptor_, backlog) == 0 &&
               ::getsockname(descriptor_, endpoint.data(), &size) == 0;
    port_ = endpoint.port();
  }
  ~Listener() { ::close(descriptor_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  bool listens() const { return listens_; }
  std::uint16_t port() const { return port_; }

 private:
  int descriptor_;
  bool listens_;
  std::uint16_t port_;
};

// Neither accepts nor refuses.
class SilentListener {
 public:
  explicit SilentListener(const std::string& host = "127.0.0.1", std::uint16_t wished_port = 0)
      : listener_(host, wished_port, 0) {
    EXPECT_TRUE(listener_.listens());
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(host), port());
    for (int& filler : fillers_) {
      filler = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      ::connect(filler, endpoint.data(), static_cast<socklen_t>(endpoint.size()));
    }
  }
  ~SilentListener() {
    for (int filler : fillers_) ::close(filler);
  }
  std::uint16_t port() const { return listener_.port(); }

 private:
  Listener listener_;
  int fillers_[4];
};

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
}

bool descriptors_become(std::ptrdiff_t count) {
  const auto deadline = std::chrono::steady_clock::now() + Milliseconds(20'000);
  while (open_descriptors() != count) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

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

TEST(Dialer, BeginsTheNextAddressBesideOneThatStaysSilent) {
  SilentListener silent;
  Listener server("127.0.0.2", silent.port(), 16);
  ASSERT_TRUE(server.listens());
  auto resolver = resolver_to({"127.0.0.1", "127.0.0.2"});
  const auto start = std::chrono::steady_clock::now();
  Dialed dialed(resolver, {"two.example", silent.port()});
  ASSERT_TRUE(dialed->ok()) << dialed->error().message;
  EXPECT_EQ((*dialed)->remote_endpoint().address().to_string(), "127.0.0.2");
  EXPECT_GE(std::chrono::steady_clock::now() - start, Milliseconds(240));
}

TEST(Dialer, ARefusalTellsMoreThanSilence) {
  SilentListener silent;
  auto resolver = resolver_to({"127.0.0.2", "127.0.0.1"});
  Dialed dialed(resolver, {"two.example", silent.port(), Milliseconds(400)});
  ASSERT_FALSE(dialed->ok());
  EXPECT_EQ(dialed->error().cause, Cause::kConnectionRefused) << dialed->error().message;
  EXPECT_NE(dialed->error().message.find("none of the other addresses (1)"), std::string::npos);
}

TEST(Dialer, WaitsForNothingWhereAddressesRefuse) {
  Names names;
  for (int i = 1; i <= 100; ++i) names.push_back("127.0.1." + std::to_string(i));
  auto resolver = resolver_to(names);
  // With a pause after each the hundredth would not be reached in time.
  Dialed dialed(resolver, {"hundred.example", unused_port(), Milliseconds(20'000)});
  ASSERT_FALSE(dialed->ok());
  EXPECT_NE(dialed->error().message.find("127.0.1.100"), std::string::npos) << dialed->error().message;
}

TEST(Dialer, LetsTheFamiliesTakeTurns) {
  // All refuse, and of equals the last is reported.
  auto resolver = resolver_to({"127.0.0.2", "127.0.0.3", "127.0.0.4", "::1"});
  Dialed dialed(resolver, {"four.example", unused_port()});
  ASSERT_FALSE(dialed->ok());
  EXPECT_NE(dialed->error().message.find("127.0.0.4"), std::string::npos) << dialed->error().message;
}

TEST(Dialer, BeginsWithTheFamilyThatTheResolverPutFirst) {
  Listener v4("127.0.0.1", 0, 16);
  Listener v6("::1", v4.port(), 16);
  if (!v6.listens()) GTEST_SKIP() << "no IPv6 on this machine's loopback";
  for (const Names& names : {Names{"127.0.0.1", "::1"}, Names{"::1", "127.0.0.1"}}) {
    auto resolver = resolver_to(names);
    Dialed dialed(resolver, {"both.example", v4.port()});
    ASSERT_TRUE(dialed->ok()) << dialed->error().message;
    EXPECT_EQ((*dialed)->remote_endpoint().address().to_string(), names.front());
  }
}

TEST(Dialer, FallsBackFromAFamilyThatRefuses) {
  Listener v4("127.0.0.1", 0, 16);
  auto resolver = resolver_to({"::1", "127.0.0.1"});
  Dialed dialed(resolver, {"both.example", v4.port()});
  EXPECT_TRUE(dialed->ok()) << dialed->error().message;
}

TEST(Dialer, ReportsANameWithoutAddresses) {
  auto resolver = resolver_to({});
  Dialed dialed(resolver, {"none.example", 443});
  ASSERT_FALSE(dialed->ok());
  EXPECT_EQ(dialed->error().cause, Cause::kNameNotResolved);
}

TEST(Dialer, PassesOverWhatIsNoAddress) {
  Listener server("127.0.0.1", 0, 16);
  auto resolver = resolver_to({"nonsense", "127.0.0.1"});
  Dialed dialed(resolver, {"odd.example", server.port()});
  EXPECT_TRUE(dialed->ok()) << dialed->error().message;
}

TEST(Dialer, TheWinnerLeavesNoOtherSocketBehind) {
  SilentListener silent;
  Listener server("127.0.0.2", silent.port(), 16);
  auto resolver = resolver_to({"127.0.0.1", "127.0.0.2"});
  Dialed first(resolver, {"two.example", silent.port()});  // starts the resolver's threads
  EventLoop loop("test-loop");
  loop.run_and_wait([&] { (void)loop.after(Milliseconds(0), [] {}); });  // opens the loop's own descriptors
  const auto before = open_descriptors();
  std::promise<Result<asio::ip::tcp::socket>> answered;
  std::unique_ptr<Dial> dialing;
  loop.run_and_wait([&] {
    dialing = dial(loop, resolver, {"two.example", silent.port()},
                   [&](Result<asio::ip::tcp::socket> socket) { answered.set_value(std::move(socket)); });
  });
  auto result = answered.get_future().get();
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_TRUE(descriptors_become(before + 1));
  loop.run_and_wait([&] {
    dialing.reset();
    result = Error{};
  });
  EXPECT_TRUE(descriptors_become(before));
}

TEST(Dialer, CancellingClosesAllThatAreUnderWay) {
  SilentListener first;
  SilentListener second("127.0.0.2", first.port());
  auto resolver = resolver_to({"127.0.0.1", "127.0.0.2"});
  Dialed refused(resolver, {"two.example", unused_port()});  // starts the resolver's threads
  EventLoop loop("test-loop");
  loop.run_and_wait([&] { (void)loop.after(Milliseconds(0), [] {}); });  // opens the loop's own descriptors
  const auto before = open_descriptors();
  std::unique_ptr<Dial> dialing;
  loop.run_and_wait([&] {
    dialing = dial(loop, resolver, {"two.example", first.port()}, [](auto) { ADD_FAILURE() << "answered"; });
  });
  EXPECT_TRUE(descriptors_become(before + 2));
  loop.run_and_wait([&] { dialing.reset(); });
  EXPECT_TRUE(descriptors_become(before));
  loop.run_and_wait([] {});
}

// Looks every name up as `addresses` and remembers which were asked.
class AskedResolver {
 public:
  explicit AskedResolver(Names addresses)
      : resolver_(
            1,
            [this, addresses](const std::string& host) -> Result<Names> {
              asked_.push_back(host);
              return addresses;
            },
            Milliseconds(10'000)) {}
  Resolver& operator*() { return resolver_; }
  const Names& asked() const { return asked_; }

 private:
  Names asked_;  // before the resolver, whose thread writes to it until the answer
  Resolver resolver_;
};

TEST(Dialer, GoesToTheProxyAndAsksForItsNameAlone) {
  Listener proxy("127.0.0.2", 0, 16);
  AskedResolver resolver({"127.0.0.2"});
  const Proxy through{ProxyProtocol::kHttp, "proxy.example", proxy.port()};
  Dialed dialed(*resolver, {"target.example", 443, Milliseconds(20'000), through});
  ASSERT_TRUE(dialed->ok()) << dialed->error().message;
  EXPECT_EQ((*dialed)->remote_endpoint().port(), proxy.port());
  EXPECT_EQ(resolver.asked(), Names{"proxy.example"});
}

TEST(Dialer, ReportsWhatFailsAsTheProxys) {
  AskedResolver resolver({"127.0.0.2"});
  const Proxy through{ProxyProtocol::kSocks5, "proxy.example", unused_port()};
  Dialed dialed(*resolver, {"127.0.0.1", 443, Milliseconds(20'000), through});
  ASSERT_FALSE(dialed->ok());
  EXPECT_EQ(dialed->error().code, Errc::kUnavailable);
  EXPECT_EQ(dialed->error().cause, Cause::kProxyUnreachable);
  EXPECT_NE(dialed->error().message.find("connecting to proxy.example at 127.0.0.2"), std::string::npos)
      << dialed->error().message;
}

TEST(Dialer, TimesOutOnAProxyThatStaysSilent) {
  SilentListener silent;
  Resolver resolver;
  const Proxy through{ProxyProtocol::kSocks5, "127.0.0.1", silent.port()};
  Dialed dialed(resolver, {"target.example", 443, Milliseconds(50), through});
  ASSERT_FALSE(dialed->ok());
  EXPECT_EQ(dialed->error().code, Errc::kTimedOut);
  EXPECT_EQ(dialed->error().cause, Cause::kProxyUnreachable);
}

TEST(Dialer, JudgesAPrivateProxyByTheAddressNotByTheName) {
  Listener listener("127.0.0.1", 0, 16);
  Proxy through{ProxyProtocol::kHttp, "looks-public.example", listener.port()};
  through.allow_private = false;
  for (const Names& addresses : {Names{"127.0.0.1"}, Names{"192.168.0.1", "fd00::1", "169.254.169.254"},
                                 Names{"::ffff:127.0.0.1"}, Names{"64:ff9b::a00:1"}}) {
    AskedResolver resolver(addresses);
    Dialed dialed(*resolver, {"target.example", 443, Milliseconds(20'000), through});
    ASSERT_FALSE(dialed->ok());
    EXPECT_EQ(dialed->error().code, Errc::kForbidden) << dialed->error().message;
    EXPECT_EQ(dialed->error().cause, Cause::kProxyNotAllowed) << dialed->error().message;
  }
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
