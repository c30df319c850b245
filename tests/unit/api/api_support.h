// A running server with fake instances behind it, and a client that works on raw sockets.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "api/audit.h"
#include "api/endpoints/endpoints.h"
#include "api/introspection.h"
#include "api/pistache_server.h"
#include "api/unique_fd.h"
#include "crypto/system_random.h"
#include "unit/api/fake_instances.h"
#include "unit/api/real_webhooks.h"

namespace ponte::api::test {

using Clock_ = std::chrono::steady_clock;

/// Polls a condition; tests never sleep for a fixed time.
inline bool eventually(const std::function<bool()>& condition, Milliseconds patience = kPatience) {
  const auto end = Clock_::now() + patience;
  while (Clock_::now() < end) {
    if (condition()) return true;
    std::this_thread::yield();
    ::poll(nullptr, 0, 1);
  }
  return condition();
}

/// An answer as it came.
struct Answer {
  int status = 0;
  Headers headers;  ///< lower-case names
  std::string body;
  bool complete = false;  ///< Content-Length bytes of body are there

  std::string header(std::string_view name) const { return std::string(find_header(headers, name).value_or("")); }
  nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
  std::string message() const {
    const auto document = json();
    return document.is_object() && document.contains("error") ? document["error"]["message"].get<std::string>() : "";
  }
  std::string code() const {
    const auto document = json();
    return document.is_object() && document.contains("error") ? document["error"]["code"].get<std::string>() : "";
  }
};

/// A connection of a client.
class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  bool connected() const { return connected_; }
  int fd() const { return fd_.get(); }
  void close() { fd_.reset(); }
  /// RST instead of FIN.
  void reset_connection() {
    const linger option{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &option, sizeof option);
    fd_.reset();
  }
  void half_close() { ::shutdown(fd_.get(), SHUT_WR); }

  /// False: the peer closed before all was taken.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// What came until one whole answer is there, the end, or the patience ran out; surplus stays for the next call.
  Answer read_answer(bool head_only = false, Milliseconds patience = kPatience) {
    const auto end = Clock_::now() + patience;
    Answer answer;
    while (!parse(answer, head_only)) {
      const auto left = std::chrono::duration_cast<Milliseconds>(end - Clock_::now()).count();
      pollfd descriptor{fd_.get(), POLLIN, 0};
      if (left <= 0 || ::poll(&descriptor, 1, static_cast<int>(left)) <= 0 || !read_some()) break;
    }
    return answer;
  }
  /// True: FIN or RST came.
  bool read_until_closed(Milliseconds patience = kPatience) {
    const auto end = Clock_::now() + patience;
    for (;;) {
      const auto left = std::chrono::duration_cast<Milliseconds>(end - Clock_::now()).count();
      pollfd descriptor{fd_.get(), POLLIN, 0};
      if (left <= 0 || ::poll(&descriptor, 1, static_cast<int>(left)) <= 0) return false;
      if (!read_some()) return true;
    }
  }
  const std::string& received() const { return received_; }

 private:
  bool read_some() {
    char buffer[64 * 1024];
    const ssize_t size = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (size <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(size));
    return true;
  }
  bool parse(Answer& answer, bool head_only) {
    const auto head_end = received_.find("\r\n\r\n");
    if (head_end == std::string::npos) return false;
    answer = {};
    answer.status = std::atoi(received_.c_str() + 9);
    std::size_t length = 0;
    for (std::size_t line = received_.find("\r\n") + 2; line < head_end + 2;) {
      const auto line_end = received_.find("\r\n", line);
      const auto colon = received_.find(':', line);
      std::string name = received_.substr(line, colon - line);
      for (char& c : name) c = static_cast<char>(std::tolower(c));
      answer.headers.emplace_back(name, received_.substr(colon + 1, line_end - colon - 1));
      if (name == "content-length") length = std::strtoul(received_.c_str() + colon + 1, nullptr, 10);
      line = line_end + 2;
    }
    if (head_only) length = 0;
    answer.complete = received_.size() - head_end - 4 >= length;
    if (!answer.complete) return false;
    answer.body = received_.substr(head_end + 4, length);
    received_.erase(0, head_end + 4 + length);
    return true;
  }

  UniqueFd fd_;
  bool connected_ = false;
  std::string received_;
};

inline std::string request_text(std::string_view method, std::string_view target, std::string_view headers = "",
                                std::string_view body = "") {
  std::string out = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n";
  out += headers;
  if (!body.empty() || method == "POST") out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + std::string(body);
}
inline constexpr char kAccount[] = "token: account-token\r\n";

struct RestApiOptions {
  ServerOptions server;
  DispatcherOptions dispatcher;
  bool allow_private_proxies = false;
  bool metrics_open = false;
  AuditSink* audit = nullptr;
};

/// Says what a test wants it to say.
class FakeIntrospection final : public Introspection {
 public:
  std::string metrics() const override { return "figures 1\n"; }
  void report(Reply<ServiceReport> reply) override { reply.answer(next); }
  ServiceReport next;
};

/// The REST layer as the service wires it.
class RestApi {
 public:
  RestApi(RestApiOptions options, instance::InstanceService& instances, instance::WebhookService& webhooks,
          const Clock& clock, RandomSource& random)
      : dispatcher_(std::move(options.dispatcher), instances, clock, random,
                    all_routes({instances, webhooks, clock, clock.now().mono, introspection,
                                options.allow_private_proxies, options.metrics_open}),
                    options.audit),
        server_(std::move(options.server), dispatcher_, clock) {}
  PistacheServer& server() { return server_; }
  const HttpMetrics& metrics() const { return dispatcher_.metrics(); }
  FakeIntrospection introspection;

 private:
  Dispatcher dispatcher_;
  PistacheServer server_;
};

/// The whole REST layer on a free loopback port.
class ApiTest : public ::testing::Test {
 protected:
  ApiTest() {
    options.server.listen = "127.0.0.1:0";
    options.dispatcher.limits.global = 1'000'000'000;
    options.dispatcher.limits.create = 1'000'000'000;
    instances.watcher = &*webhooks;
  }
  void start() {
    api = std::make_unique<RestApi>(options, instances, *webhooks, clock, random);
    const Status status = api->server().start();
    ASSERT_TRUE(status.ok()) << status.error().message;
    port = api->server().port();
  }
  void TearDown() override {
    if (api) api->server().stop(Milliseconds(0));
  }
  Answer call(std::string_view method, std::string_view target, std::string_view headers = kAccount,
              std::string_view body = "") {
    Client client(port);
    client.send(request_text(method, target, headers, body));
    return client.read_answer(method == "HEAD");
  }
  Answer raw(std::string_view bytes) {
    Client client(port);
    client.send(bytes);
    return client.read_answer();
  }
  /// Connect calls that wait on the server as well: their answers will be deferred ones.
  std::vector<FakeInstances::Waiting> take_waiting(std::size_t count) {
    auto out = instances.take_waiting(count);
    EXPECT_TRUE(eventually([&] { return api->server().waiting() >= count; }));
    return out;
  }
  /// Answers the next waiting connect calls with a QR of their instance's name.
  void answer_connects(std::size_t count) {
    for (auto& waiting : take_waiting(count)) {
      waiting.reply.answer(
          instance::ConnectResult{instance::ConnectResult::Kind::kQr, "2@" + waiting.name, Milliseconds(59'900)});
    }
  }

  RestApiOptions options;
  RealWebhooks webhooks;
  FakeInstances instances;
  SystemClock clock;
  crypto::SystemRandom random;
  std::unique_ptr<RestApi> api;
  std::uint16_t port = 0;
};

}  // namespace ponte::api::test
