// WebSockets from instances to the simulator's server, on a virtual clock.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "net/web_socket.h"
#include "simulator/sim_server.h"
#include "support/virtual_loop.h"

namespace ponte::test {

/// Opens at once, carries bytes in order, and fails where a test says so.
class VirtualNetwork {
 public:
  struct Dialed {
    Mono at;
    std::optional<net::Proxy> proxy;
  };

  /// All outlive it.
  VirtualNetwork(VirtualLoop& loop, VirtualClock& clock, simulator::SimServer& server)
      : shared_(std::make_shared<Shared>(loop, clock, server)) {
    server.on_output([shared = shared_](simulator::SimConnection&) { shared->pump_soon(); });
  }
  ~VirtualNetwork() { shared_->server.on_output(nullptr); }

  std::unique_ptr<net::WebSocket> open(net::WebSocketOptions options, net::WebSocketCallbacks callbacks) {
    return std::make_unique<Socket>(shared_, std::move(options), std::move(callbacks));
  }

  /// What a dial fails with, where it does. Asked once for each.
  std::function<std::optional<Error>(const net::WebSocketOptions&)>& failure() { return shared_->failure; }
  /// While set, dials neither open nor fail.
  bool& silent() { return shared_->silent; }
  const std::vector<Dialed>& dialed() const { return shared_->dialed; }
  std::size_t open_sockets() const { return shared_->lines.size(); }
  std::size_t most_open_sockets() const { return shared_->most_lines; }

  std::optional<Mono> next_deadline() const {
    std::optional<Mono> next;
    for (const auto& [id, line] : shared_->lines) {
      const auto due = shared_->server.find(id)->next_deadline();
      if (due && (!next || *due < *next)) next = due;
    }
    return next;
  }
  void run_due() {
    std::vector<simulator::ConnectionId> due;
    for (const auto& [id, line] : shared_->lines) {
      const auto deadline = shared_->server.find(id)->next_deadline();
      if (deadline && *deadline <= shared_->clock.now().mono) due.push_back(id);
    }
    for (const auto id : due) shared_->server.find(id)->on_deadline(shared_->clock.now());
    shared_->pump_soon();
  }

 private:
  /// One socket's side of a connection; null callbacks once it has closed.
  struct Line {
    net::WebSocketCallbacks callbacks;
    std::optional<simulator::ConnectionId> connection;
  };

  struct Shared : std::enable_shared_from_this<Shared> {
    Shared(VirtualLoop& the_loop, VirtualClock& the_clock, simulator::SimServer& the_server)
        : loop(the_loop), clock(the_clock), server(the_server) {}

    void pump_soon() {
      if (std::exchange(pumping, true)) return;
      loop.post([self = shared_from_this()] {
        self->pumping = false;
        self->pump();
      });
    }
    void pump() {
      std::vector<simulator::ConnectionId> ids;
      for (const auto& [id, line] : lines) ids.push_back(id);
      for (const auto id : ids) {
        while (lines.count(id) > 0) {
          const std::shared_ptr<Line> line = lines.at(id);
          auto output = server.find(id)->poll_output();
          if (!output) break;
          if (auto* bytes = std::get_if<simulator::SendBytes>(&*output)) {
            line->callbacks.on_message(std::move(bytes->bytes));
          } else {
            drop(*line);
            line->callbacks.on_closed(Error{Errc::kUnavailable, Cause::kConnectionClosed, "closed by the server"});
          }
        }
      }
    }
    void drop(Line& line) {
      if (!line.connection) return;
      const auto id = *line.connection;
      line.connection.reset();
      lines.erase(id);
      server.find(id)->on_closed(clock.now());
      server.forget(id);
    }

    VirtualLoop& loop;
    VirtualClock& clock;
    simulator::SimServer& server;
    std::function<std::optional<Error>(const net::WebSocketOptions&)> failure;
    bool silent = false;
    std::vector<Dialed> dialed;
    std::map<simulator::ConnectionId, std::shared_ptr<Line>> lines;
    std::size_t most_lines = 0;
    bool pumping = false;
  };

  class Socket final : public net::WebSocket {
   public:
    Socket(std::shared_ptr<Shared> shared, net::WebSocketOptions options, net::WebSocketCallbacks callbacks)
        : shared_(std::move(shared)), line_(std::make_shared<Line>()) {
      line_->callbacks = std::move(callbacks);
      shared_->dialed.push_back({shared_->clock.now().mono, options.proxy});
      if (shared_->silent) return;
      const auto failure = shared_->failure ? shared_->failure(options) : std::nullopt;
      shared_->loop.post([weak = std::weak_ptr(line_), shared = shared_, failure] {
        const auto line = weak.lock();
        if (!line) return;
        if (failure) return line->callbacks.on_closed(*failure);
        line->connection = shared->server.open(shared->clock.now()).id();
        shared->lines.emplace(*line->connection, line);
        shared->most_lines = std::max(shared->most_lines, shared->lines.size());
        line->callbacks.on_open();
      });
    }
    ~Socket() override { shared_->drop(*line_); }

    void send(Bytes message) override {
      if (!line_->connection) return;
      shared_->server.find(*line_->connection)->on_bytes(message, shared_->clock.now());
      shared_->pump_soon();
    }
    void close() override {
      shared_->drop(*line_);
      shared_->loop.post([weak = std::weak_ptr(line_)] {
        if (const auto line = weak.lock()) {
          line->callbacks.on_closed(Error{Errc::kUnavailable, Cause::kConnectionClosed, "closed by us"});
        }
      });
    }

   private:
    std::shared_ptr<Shared> shared_;
    std::shared_ptr<Line> line_;
  };

  std::shared_ptr<Shared> shared_;
};

}  // namespace ponte::test
