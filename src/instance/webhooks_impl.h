// What the two halves of Webhooks share: what is asked of it (webhooks.cpp), and delivering (webhooks_deliver.cpp).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "instance/delivery_slots.h"
#include "instance/event_envelope.h"
#include "instance/webhook_queue.h"
#include "instance/webhooks.h"
#include "store/service_records.h"

namespace ponte::instance {

/// kNotFound/kWebhookNotFound.
Error webhook_not_found();

/// Lives on the loop, but for what `mutex` guards.
struct Webhooks::Impl : std::enable_shared_from_this<Webhooks::Impl> {
  using Key = std::pair<std::string, std::string>;  ///< instance id and label
  using Slots = DeliverySlots<Key>;

  /// What a try has led to and the store has not taken yet. Until it has, nothing else is sent.
  struct Outcome {
    std::optional<DeliveryAttempt> attempt;
    std::optional<DeadLetter> letter;             ///< to be kept
    std::optional<std::uint64_t> erased_letter;   ///< delivered after all
    std::optional<std::uint64_t> dropped_letter;  ///< makes room
    bool with_record = false;                     ///< the webhook itself has changed
  };
  struct Webhook {
    Webhook(store::WebhookRecord stored, const store::WebhookProgress& progress, Now now)
        : record(std::move(stored)), queue(progress, now) {
      queue.set_events(record.events);
    }

    store::WebhookRecord record;
    WebhookQueue queue;
    std::uint64_t life = 0;      ///< another one whenever what is on its way no longer counts
    std::uint64_t revision = 0;  ///< another one whenever the receiver may be another
    std::uint64_t saved_cursor = 0;
    bool in_flight = false;
    bool testing = false;
    bool in_trouble = false;  ///< with journal or store, and the log has said so
    std::optional<Outcome> unsaved;
    std::unique_ptr<net::Timer> timer;
  };
  struct Entry {
    EventSource source;
    std::optional<Error> broken;  ///< its records cannot be read
    std::map<std::string, std::unique_ptr<Webhook>> webhooks;
    bool changing = false;     ///< a change is on its way to the store
    std::deque<Task> waiting;  ///< for its end
  };
  /// How far a webhook is, for figures.
  struct Standing {
    std::optional<std::uint64_t> cursor;  ///< nullopt: disabled, nothing waits
    std::uint64_t dead_letters = 0;
  };
  /// One request on its way.
  struct Trip {
    Key key;
    std::uint64_t life = 0;
    std::uint64_t revision = 0;
    Slots::Line line = Slots::Line::kHealthy;
    std::uint32_t tries = 1;  ///< of its event, with this one
    Mono started{};
    Wall at{};
    JournalEvent event;
    std::optional<DeadLetter> letter;  ///< whose event it is
  };

  Impl(World the_world, Options the_options) : world(std::move(the_world)), options(std::move(the_options)) {}

  // What is asked. `reply` is answered where the instance or the label is not there.
  template <typename T>
  Entry* entry_of(const std::string& id, Reply<T>& reply);
  template <typename T>
  Webhook* webhook_of(const std::string& id, const std::string& label, Reply<T>& reply);
  /// Runs `task` when no change of that instance is under way.
  void exclusively(Entry& entry, Task task);
  void end_change(const std::string& id);
  void load(const store::InstanceRecord& instance);
  Status load_webhooks(const std::string& id, Entry& entry);
  void configure(const std::string& id, WebhookChange change, Reply<ConfiguredWebhook> reply);
  Result<store::WebhookRecord> changed_record(const Entry& entry, const WebhookChange& change,
                                              std::optional<std::string>& new_secret);
  void apply(const std::string& id, Entry& entry, store::WebhookRecord record, std::optional<std::uint64_t> from);
  void remove(const std::string& id, const std::string& label, Reply<std::monostate> reply);
  void redrive(const std::string& id, const std::string& label, std::optional<std::uint64_t> sequence,
               Reply<std::size_t> reply);
  WebhookInfo info_of(const store::WebhookRecord& record) const;
  WebhookStatus status_of(const std::string& id, const Webhook& webhook) const;
  /// What readers on other threads see: of an instance, and of one webhook after a try.
  void publish(const std::string& id, const Entry& entry);
  void publish(const Key& key, const Webhook& webhook);
  static Standing standing_of(const Webhook& webhook);
  bool listens(const std::string& id) const;  // mutex held
  /// Commits; `done` on the loop, where this still lives.
  void commit(store::Transaction& transaction, UniqueFunction<void(const Status&)> done);

  // Delivering.
  void wake();
  Webhook* find(const Key& key);
  void advance(const Key& key);
  void pump();
  WebhookQueue::Next next_of(const Key& key, Webhook& webhook);
  bool send_next(const Key& key, Slots::Line line);
  void send(const store::WebhookRecord& record, Trip trip);
  net::HttpRequest request_for(const Key& key, const store::WebhookRecord& record, const JournalEvent& event,
                               const std::string& message_id) const;
  void on_result(const Trip& trip, const Result<net::HttpReply>& result);
  void settle(const Trip& trip, Webhook& webhook, const Result<net::HttpReply>& result);
  void bury(const Trip& trip, Webhook& webhook, Outcome& outcome);
  DeliveryAttempt attempt_of(const Trip& trip, const Result<net::HttpReply>& result) const;
  void save(const Key& key, Webhook& webhook);
  void write_outcome(store::Transaction& transaction, const std::string& label, const Outcome& outcome) const;
  void later(const Key& key, Webhook& webhook, Milliseconds delay);
  /// Waits for journal or store, and says so once.
  void wait_out(const Key& key, Webhook& webhook, const std::string& what, const Error& why);
  void test(const std::string& id, const std::string& label, Reply<DeliveryAttempt> reply);
  void on_tested(const Trip& trip, const Result<net::HttpReply>& result, Reply<DeliveryAttempt> reply);

  Now now() const { return world.clock.now(); }

  World world;
  const Options options;
  std::map<std::string, Entry> entries;  ///< by instance id
  Slots slots{kSlots, kSlotsOfFailing};
  std::uint64_t lives = 0;
  bool stopped = false;

  WebhookMetrics metrics;
  mutable std::mutex mutex;
  // Guarded by it.
  std::map<std::string, WebhookInfo> defaults;  ///< the webhooks of label `default`, by instance id
  std::set<std::string> appended;               ///< instances whose journal has grown
  std::map<std::string, std::map<std::string, Standing>> standings;  ///< by instance id and label
};

template <typename T>
Webhooks::Impl::Entry* Webhooks::Impl::entry_of(const std::string& id, Reply<T>& reply) {
  const auto found = entries.find(id);
  if (found != entries.end() && !found->second.broken) return &found->second;
  reply.answer(found == entries.end() ? instance_not_found() : *found->second.broken);
  return nullptr;
}

template <typename T>
Webhooks::Impl::Webhook* Webhooks::Impl::webhook_of(const std::string& id, const std::string& label, Reply<T>& reply) {
  Entry* const entry = entry_of(id, reply);
  if (entry == nullptr) return nullptr;
  const auto found = entry->webhooks.find(label);
  if (found != entry->webhooks.end()) return found->second.get();
  reply.answer(webhook_not_found());
  return nullptr;
}

}  // namespace ponte::instance
