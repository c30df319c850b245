// Webhooks on a virtual clock, over a store that can fail, a journal in memory, and receivers that a test answers for.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "instance/webhooks.h"
#include "store/service_records.h"
#include "support/faulty_store.h"
#include "support/scripted_random.h"
#include "support/virtual_loop.h"

namespace ponte::instance {

/// A journal in memory. Not for several threads.
class FakeFeed final : public EventFeed {
 public:
  Result<std::vector<JournalEvent>> events_after(const std::string& instance_id, std::uint64_t after,
                                                 std::size_t limit) const override {
    if (broken) return Error{Errc::kStorage, Cause::kStoreCorrupt, "the journal is damaged"};
    std::vector<JournalEvent> out;
    const auto found = journals.find(instance_id);
    if (found == journals.end()) return out;
    for (const JournalEvent& event : found->second) {
      if (event.sequence > after && out.size() < limit) out.push_back(event);
    }
    return out;
  }
  std::uint64_t last_sequence(const std::string& instance_id) const override {
    const auto found = journals.find(instance_id);
    return found == journals.end() || found->second.empty() ? 0 : found->second.back().sequence;
  }
  std::uint64_t first_sequence(const std::string& instance_id) const override {
    const auto found = journals.find(instance_id);
    return found == journals.end() || found->second.empty() ? 0 : found->second.front().sequence;
  }

  bool broken = false;
  std::map<std::string, std::deque<JournalEvent>> journals;
};

class WebhooksFixture : public ::testing::Test {
 protected:
  struct Arrived {
    net::HttpRequest request;
    Reply<net::HttpReply> reply;
    Mono at;

    std::string header(const std::string& name) const {
      for (const auto& [key, value] : request.headers) {
        if (key == name) return value;
      }
      return "";
    }
    std::string body() const { return to_text(request.body); }
  };
  template <typename T>
  struct Call {
    std::optional<Result<T>> result;
    const T& value() const {
      if (!result || !result->ok()) throw std::runtime_error(result ? result->error().message : "not answered");
      return **result;
    }
    Cause cause() const { return result && !result->ok() ? result->error().cause : Cause::kInternal; }
  };

  WebhooksFixture() { start(); }
  ~WebhooksFixture() override { webhooks_.reset(); }

  /// A new process over the same store; what was on its way is lost.
  void start() {
    webhooks_.reset();
    arrived_.clear();
    loop_.run();
    webhooks_ = std::make_unique<Webhooks>(
        Webhooks::World{store_, loop_, feed_, clock_, random_,
                        [this](net::HttpRequest request, Reply<net::HttpReply> reply) {
                          arrived_.push_back({std::move(request), std::move(reply), clock_.now().mono});
                        }},
        options_);
    ASSERT_TRUE(webhooks_->start().ok());
    loop_.run();
  }

  void add_instance(const std::string& name) {
    store::InstanceRecord record;
    record.id = "id-" + name;
    record.name = name;
    record.token = "token-of-" + name;
    record.created_at = record.updated_at = clock_.now().wall;
    store::Transaction transaction(store_, store::kSystem);
    store::put_instance(transaction, record, {});
    store_.commit(transaction.take(), [](const Status& status) { ASSERT_TRUE(status.ok()); });
    InstanceInfo info;
    info.id = record.id;
    info.name = record.name;
    info.token = record.token;
    webhooks_->on_added(info);
    loop_.run();
  }
  template <typename T, typename Ask>
  Call<T> ask(Ask ask) {
    auto call = std::make_shared<Call<T>>();
    ask(Reply<T>([call](Result<T> result) { call->result = std::move(result); }));
    loop_.run();
    return *call;
  }
  WebhookSettings settings(const std::string& label = kDefaultLabel) const {
    WebhookSettings out;
    out.label = label;
    out.enabled = true;
    out.url = "https://" + label + ".example.com/wh";
    return out;
  }
  Call<ConfiguredWebhook> configure(const std::string& name, WebhookSettings wanted, bool rotate = false) {
    return ask<ConfiguredWebhook>([&](auto reply) {
      webhooks_->configure("id-" + name, {std::move(wanted), rotate, false}, std::move(reply));
    });
  }
  std::vector<WebhookStatus> list(const std::string& name) {
    return ask<std::vector<WebhookStatus>>([&](auto reply) { webhooks_->list("id-" + name, std::move(reply)); })
        .value();
  }
  WebhookStatus status(const std::string& name) { return list(name).at(0); }
  std::vector<DeliveryAttempt> attempts(const std::string& name) {
    return ask<std::vector<DeliveryAttempt>>(
               [&](auto reply) { webhooks_->attempts("id-" + name, kDefaultLabel, std::move(reply)); })
        .value();
  }
  DeadLetterPage dead_letters(const std::string& name, std::uint64_t after = 0, std::size_t limit = 1000) {
    return ask<DeadLetterPage>([&](auto reply) {
             webhooks_->dead_letters("id-" + name, {kDefaultLabel, after, limit}, std::move(reply));
           })
        .value();
  }
  Call<std::size_t> redrive(const std::string& name, std::optional<std::uint64_t> sequence = std::nullopt) {
    return ask<std::size_t>(
        [&](auto reply) { webhooks_->redrive("id-" + name, kDefaultLabel, sequence, std::move(reply)); });
  }

  /// Something happens to the instance.
  void happen(const std::string& name, const std::string& event = "instance.state") {
    auto& journal = feed_.journals["id-" + name];
    const std::uint64_t sequence = ++sequences_[name];
    journal.push_back({sequence, clock_.now().wall, event, "{\"n\":" + std::to_string(sequence) + "}"});
    webhooks_->on_event("id-" + name, journal.back());
    loop_.run();
  }
  /// The number that happen() gave the event of a request.
  static std::uint64_t number_in(const Arrived& arrived) {
    const std::string body = arrived.body();
    const auto at = body.find("{\"n\":");
    return at == std::string::npos ? 0 : std::stoull(body.substr(at + 5));
  }
  /// The request that arrived first and is not answered yet.
  Arrived take() {
    if (arrived_.empty()) throw std::runtime_error("nothing has arrived");
    Arrived out = std::move(arrived_.front());
    arrived_.pop_front();
    return out;
  }
  void answer(Arrived arrived, int status, std::optional<Seconds> retry_after = std::nullopt) {
    net::HttpReply reply;
    reply.status = status;
    reply.retry_after = retry_after;
    arrived.reply.answer(std::move(reply));
    loop_.run();
  }
  void fail(Arrived arrived, Cause cause = Cause::kHttpFailed) {
    arrived.reply.answer(Error{Errc::kUnavailable, cause, "no answer of default.example.com:443"});
    loop_.run();
  }
  void run_for(Milliseconds duration) {
    const Mono end = clock_.now().mono + duration;
    for (loop_.run(); loop_.next_deadline() && *loop_.next_deadline() <= end; loop_.run()) {
      clock_.advance_to(*loop_.next_deadline());
      loop_.run_due();
    }
    clock_.advance_to(end);
  }
  /// Answers whatever arrives within that time, as `receiver` says; what arrived, by number.
  std::vector<std::uint64_t> serve_for(Milliseconds duration, const std::function<int(const Arrived&)>& receiver) {
    std::vector<std::uint64_t> accepted;
    const Mono end = clock_.now().mono + duration;
    for (;;) {
      loop_.run();
      if (!arrived_.empty()) {
        Arrived arrived = take();
        const int status = receiver(arrived);
        if (status / 100 == 2) accepted.push_back(number_in(arrived));
        answer(std::move(arrived), status);
      } else if (loop_.next_deadline() && *loop_.next_deadline() <= end) {
        clock_.advance_to(*loop_.next_deadline());
        loop_.run_due();
      } else {
        clock_.advance_to(end);
        return accepted;
      }
    }
  }

  test::VirtualClock clock_;
  test::FaultyStore store_;
  test::SeededRandom random_{3};
  test::VirtualLoop loop_{clock_};
  FakeFeed feed_;
  Webhooks::Options options_{"https://ponte.example", true, false, "Ponte/test"};
  std::map<std::string, std::uint64_t> sequences_;
  std::deque<Arrived> arrived_;
  std::unique_ptr<Webhooks> webhooks_;
};

}  // namespace ponte::instance
