// The WebSocket under test on a loop of its own, driven from the test's thread.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "net/event_loop.h"
#include "net/resolver.h"
#include "net/tls_context.h"
#include "net/web_socket.h"

namespace ponte::test {

/// Loop, resolver and TLS context for a test's connections.
struct ClientNetwork {
  explicit ClientNetwork(const std::string& ca_file = "") {
    auto context = net::TlsContext::create(ca_file);
    if (!context.ok()) throw std::runtime_error(context.error().message);
    tls = std::move(context).value();
  }
  net::Resolver resolver{2};
  std::unique_ptr<net::TlsContext> tls;
  net::EventLoop loop{"test-loop"};
};

/// Records what a connection reports. The hooks run on the loop thread, before recording.
class WebSocketClient {
 public:
  struct Hooks {
    std::function<void(WebSocketClient&)> on_open;
    std::function<void(WebSocketClient&, const Bytes&)> on_message;
    std::function<void(WebSocketClient&)> on_closed;
  };

  WebSocketClient(ClientNetwork& network, net::WebSocketOptions options) : WebSocketClient(network, options, Hooks()) {}
  WebSocketClient(ClientNetwork& network, net::WebSocketOptions options, Hooks hooks)
      : network_(network), hooks_(std::move(hooks)) {
    network_.loop.run_and_wait([this, options = std::move(options)] { open(options); });
  }
  ~WebSocketClient() {
    network_.loop.run_and_wait([this] { socket.reset(); });
  }

  bool wait_open() {
    wait([this] { return opened_ || closed_; });
    const std::lock_guard lock(mutex_);
    return opened_;
  }
  Bytes wait_message() {
    wait([this] { return !messages_.empty() || closed_; });
    const std::lock_guard lock(mutex_);
    if (messages_.empty()) {
      ADD_FAILURE() << "no message came";
      return {};
    }
    Bytes message = std::move(messages_.front());
    messages_.pop_front();
    return message;
  }
  Error wait_closed() {
    if (!wait([this] { return closed_.has_value(); })) {
      ADD_FAILURE() << "on_closed did not come";
      return {};
    }
    const std::lock_guard lock(mutex_);
    return *closed_;
  }
  std::size_t pending_messages() {
    const std::lock_guard lock(mutex_);
    return messages_.size();
  }
  void send(Bytes message) {
    network_.loop.run_and_wait([this, &message] {
      if (socket) socket->send(std::move(message));
    });
  }
  void close() {
    network_.loop.run_and_wait([this] {
      if (socket) socket->close();
    });
  }
  /// Waits until the loop has run all that was posted before.
  void settle() {
    network_.loop.run_and_wait([] {});
  }

  std::unique_ptr<net::WebSocket> socket;  // loop thread

 private:
  void open(const net::WebSocketOptions& options) {
    in_call_ = true;
    net::WebSocketCallbacks callbacks;
    callbacks.on_open = [this] {
      EXPECT_FALSE(in_call_);
      if (hooks_.on_open) hooks_.on_open(*this);
      record([this] { opened_ = true; });
    };
    callbacks.on_message = [this](Bytes message) {
      EXPECT_FALSE(in_call_);
      EXPECT_FALSE(closed_.has_value());
      if (hooks_.on_message) hooks_.on_message(*this, message);
      record([&] { messages_.push_back(std::move(message)); });
    };
    callbacks.on_closed = [this](Error why) {
      EXPECT_FALSE(in_call_);
      EXPECT_FALSE(closed_.has_value()) << "on_closed came twice";
      if (hooks_.on_closed) hooks_.on_closed(*this);
      record([&] { closed_ = std::move(why); });
    };
    socket = net::open_web_socket(network_.loop, {network_.resolver, *network_.tls}, options, std::move(callbacks));
    in_call_ = false;
  }
  template <typename Change>
  void record(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  template <typename Predicate>
  bool wait(Predicate predicate) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), predicate);
  }

  ClientNetwork& network_;
  Hooks hooks_;
  bool in_call_ = false;  // loop thread
  std::mutex mutex_;
  std::condition_variable changed_;
  bool opened_ = false;
  std::deque<Bytes> messages_;
  std::optional<Error> closed_;
};

}  // namespace ponte::test
