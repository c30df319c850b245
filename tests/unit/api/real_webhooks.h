// The real webhooks over a store in memory, with receivers that a test answers for.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "crypto/system_random.h"
#include "instance/webhooks.h"
#include "net/event_loop.h"
#include "store/memory_store.h"

namespace ponte::api::test {

class RealWebhooks {
 public:
  RealWebhooks() {
    if (!webhooks_.start().ok()) throw std::runtime_error("webhooks do not start");
  }

  instance::Webhooks& operator*() { return webhooks_; }

  /// Something happens to an instance.
  void happen(const std::string& id, const std::string& name) {
    store::JournalEvent event;
    {
      const std::lock_guard lock(mutex_);
      event = {journal_.size() + 1, clock_.now().wall, name, "{\"state\":\"connected\"}"};
      journal_.push_back(event);
    }
    webhooks_.on_event(id, event);
  }
  /// What every receiver answers from now on; 0: nothing.
  void set_answer(int status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  std::vector<net::HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  struct Feed final : instance::EventFeed {
    explicit Feed(const RealWebhooks& owner) : all(owner) {}
    Result<std::vector<instance::JournalEvent>> events_after(const std::string&, std::uint64_t after,
                                                             std::size_t limit) const override {
      const std::lock_guard lock(all.mutex_);
      std::vector<instance::JournalEvent> out;
      for (const auto& event : all.journal_) {
        if (event.sequence > after && out.size() < limit) out.push_back(event);
      }
      return out;
    }
    std::uint64_t last_sequence(const std::string&) const override {
      const std::lock_guard lock(all.mutex_);
      return all.journal_.size();
    }
    std::uint64_t first_sequence(const std::string&) const override {
      const std::lock_guard lock(all.mutex_);
      return all.journal_.empty() ? 0 : 1;
    }
    const RealWebhooks& all;
  };

  void fetch(net::HttpRequest request, Reply<net::HttpReply> reply) {
    net::HttpReply answer;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
      answer.status = status_;
    }
    if (answer.status != 0) return reply.answer(std::move(answer));
    reply.answer(Error{Errc::kUnavailable, Cause::kHttpFailed, "no answer of app.example.com:443"});
  }

  mutable std::mutex mutex_;
  // Guarded by it.
  std::vector<instance::JournalEvent> journal_;
  std::vector<net::HttpRequest> requests_;
  int status_ = 200;

  SystemClock clock_;
  crypto::SystemRandom random_;
  store::MemoryStore store_;
  Feed feed_{*this};
  net::EventLoop loop_{"webhooks"};
  instance::Webhooks webhooks_{
      {store_, loop_, feed_, clock_, random_,
       [this](net::HttpRequest request, Reply<net::HttpReply> reply) { fetch(std::move(request), std::move(reply)); }},
      {}};
};

}  // namespace ponte::api::test
