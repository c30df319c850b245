// What the REST layer asks of the webhooks. Webhooks is the real one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/reply.h"
#include "instance/types.h"
#include "instance/webhook_types.h"

namespace ponte::instance {

/// Thread-safe. Replies come on any thread, exactly once. `id` is an instance's UUID; an unknown one is
/// kNotFound/kInstanceNotFound, an unknown label kNotFound/kWebhookNotFound.
class WebhookService {
 public:
  virtual ~WebhookService() = default;

  /// Makes or replaces the webhook of that label, durably. kInvalidArgument/kInvalidWebhook names field and rule;
  /// kInvalidArgument/kWebhookLimit; kStorage.
  virtual void configure(const std::string& id, WebhookChange change, Reply<ConfiguredWebhook> reply) = 0;
  /// With everything that waits, its dead letters and its attempts.
  virtual void remove(const std::string& id, const std::string& label, Reply<std::monostate> reply) = 0;
  /// By label.
  virtual void list(const std::string& id, Reply<std::vector<WebhookStatus>> reply) = 0;

  virtual void dead_letters(const std::string& id, DeadLetterQuery query, Reply<DeadLetterPage> reply) = 0;
  /// One dead letter, or all, are tried once more: before what waits, in their order, with the webhook-id they had. Who
  /// fails is a dead letter again. Answers how many. kNotFound/kDeadLetterNotFound; kAlreadyExists/kWebhookDisabled.
  virtual void redrive(const std::string& id, const std::string& label, std::optional<std::uint64_t> sequence,
                       Reply<std::size_t> reply) = 0;
  /// The last ones, newest first.
  virtual void attempts(const std::string& id, const std::string& label, Reply<std::vector<DeliveryAttempt>> reply) = 0;
  /// Sends an event `webhook.test` now, past whatever waits. kAlreadyExists/kWebhookDisabled where there is no URL;
  /// kUnavailable/kOverloaded while another test of it is on its way.
  virtual void test(const std::string& id, const std::string& label, Reply<DeliveryAttempt> reply) = 0;

  /// The webhook of label `default`, for the list of instances. Does not wait.
  virtual std::optional<WebhookInfo> default_webhook(const std::string& id) const = 0;
};

/// Told of instances that come and go, for those who keep something with them. Any thread; must not block.
class InstanceWatcher {
 public:
  virtual ~InstanceWatcher() = default;
  /// It is there: made just now, or still there since its removal has failed.
  virtual void on_added(const InstanceInfo& info) = 0;
  /// It goes: whatever is kept with it is erased, synced before `done`, which comes on any thread. kStorage.
  virtual void erase(const std::string& id, UniqueFunction<void(Status)> done) = 0;
};

}  // namespace ponte::instance
