// The webhooks of all instances: kept in the store, and fed from the journals.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/reply.h"
#include "base/time.h"
#include "instance/event_feed.h"
#include "instance/webhook_metrics.h"
#include "instance/webhook_service.h"
#include "net/executor.h"
#include "net/http_client.h"
#include "store/store.h"

namespace ponte::instance {

/// Delivers each webhook's events in order, one at a time, on a loop of its own: at least once, since how far it got is
/// written after the receiver has said so. What is sent again has the same webhook-id. Thread-safe.
class Webhooks final : public WebhookService, public EventListener, public InstanceWatcher {
 public:
  static constexpr Milliseconds kTimeout{15'000};
  /// Deliveries at once of those whose last try succeeded, and of those whose last try failed; together what an
  /// HttpClient takes.
  static constexpr std::size_t kSlots = 48;
  static constexpr std::size_t kSlotsOfFailing = 16;

  /// As HttpClient::fetch. Once an owner's connection is open another's may use it: `allow_private` is the same for
  /// all.
  using Fetch = std::function<void(net::HttpRequest, Reply<net::HttpReply>)>;
  struct Options {
    std::string base_url;        ///< `instanceData.baseUrl`
    bool include_token = true;   ///< `instanceData.token`
    bool allow_private = false;  ///< targets in private networks
    std::string user_agent = "Ponte";
  };
  /// All outlive it.
  struct World {
    store::Store& store;
    net::Executor& loop;
    const EventFeed& feed;
    const Clock& clock;
    RandomSource& random;
    Fetch fetch;
  };

  Webhooks(World world, Options options);
  ~Webhooks() override;

  /// Reads what the store has and begins to deliver. Once, before any other call.
  Status start();
  /// Delivers nothing more. What is on its way counts as not sent, and is sent again by the next process.
  void shutdown();

  void configure(const std::string& id, WebhookChange change, Reply<ConfiguredWebhook> reply) override;
  void remove(const std::string& id, const std::string& label, Reply<std::monostate> reply) override;
  void list(const std::string& id, Reply<std::vector<WebhookStatus>> reply) override;
  void dead_letters(const std::string& id, DeadLetterQuery query, Reply<DeadLetterPage> reply) override;
  void redrive(const std::string& id, const std::string& label, std::optional<std::uint64_t> sequence,
               Reply<std::size_t> reply) override;
  void attempts(const std::string& id, const std::string& label, Reply<std::vector<DeliveryAttempt>> reply) override;
  void test(const std::string& id, const std::string& label, Reply<DeliveryAttempt> reply) override;
  std::optional<WebhookInfo> default_webhook(const std::string& id) const override;

  const WebhookMetrics& metrics() const;
  WebhookBacklog backlog() const;

  void on_event(const std::string& instance_id, const JournalEvent& event) override;
  void on_added(const InstanceInfo& info) override;
  void erase(const std::string& id, UniqueFunction<void(Status)> done) override;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  ///< shared with commits and requests under way, which may end after it
};

}  // namespace ponte::instance
