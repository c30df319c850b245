#include "instance/webhooks.h"

#include <algorithm>

#include "base/log.h"
#include "instance/webhook_rules.h"
#include "instance/webhook_signature.h"
#include "instance/webhooks_impl.h"
#include "store/keys.h"
#include "store/service_records.h"

namespace ponte::instance {
namespace {

constexpr Milliseconds kRotation = std::chrono::hours(24);

std::uint64_t events_behind(const EventFeed& feed, const std::string& id, std::uint64_t cursor) {
  const std::uint64_t last = feed.last_sequence(id);
  return last - std::min(last, cursor);
}

}  // namespace

Error webhook_not_found() {
  return {Errc::kNotFound, Cause::kWebhookNotFound, "no webhook of this label"};
}

Webhooks::Webhooks(World world, Options options)
    : impl_(std::make_shared<Impl>(std::move(world), std::move(options))) {}

Webhooks::~Webhooks() {
  shutdown();
}

// ---- start and end ----------------------------------------------------------------------------------

Status Webhooks::start() {
  PONTE_ASSIGN(const auto instances, store::get_instances({impl_->world.store, store::kSystem}));
  impl_->world.loop.run_and_wait([&] {
    for (const store::InstanceRecord& instance : instances) impl_->load(instance);
  });
  return Status::Ok();
}

void Webhooks::shutdown() {
  impl_->world.loop.run_and_wait([impl = impl_] {
    impl->stopped = true;
    impl->entries.clear();
  });
}

void Webhooks::Impl::load(const store::InstanceRecord& instance) {
  Entry& entry = entries[instance.id];
  entry.source = {options.base_url, instance.name,
                  options.include_token ? std::optional(instance.token) : std::nullopt};
  entry.broken.reset();
  entry.webhooks.clear();
  if (const Status loaded = load_webhooks(instance.id, entry); !loaded.ok()) {
    entry.broken = loaded.error();
    entry.webhooks.clear();
    log::error(instance.name, "webhooks: " + loaded.error().message);
  }
  publish(instance.id, entry);
  for (const auto& [label, webhook] : entry.webhooks) advance({instance.id, label});
}

Status Webhooks::Impl::load_webhooks(const std::string& id, Entry& entry) {
  const store::Owner owner = store::keys::webhooks_owner(id);
  PONTE_ASSIGN(auto records, store::get_webhooks({world.store, owner}));
  for (store::WebhookRecord& record : records) {
    const std::string label = record.label;
    PONTE_ASSIGN(const auto progress, store::get_webhook_progress({world.store, owner}, label));
    if (!progress) {
      return Error{
          Errc::kStorage, Cause::kStoreCorrupt,
          "record webhook_progress of instance " + id + " is missing: restore the data directory from a backup"};
    }
    auto webhook = std::make_unique<Webhook>(std::move(record), *progress, now());
    webhook->life = ++lives;
    webhook->saved_cursor = progress->cursor;
    if (progress->dead_letters > 0) {
      PONTE_ASSIGN(const auto letters, store::get_dead_letters(world.store, owner, label, 0, kMostDeadLetters));
      for (const DeadLetter& letter : letters) {
        if (letter.redriven) webhook->queue.redrive(letter.sequence);
      }
    }
    entry.webhooks.emplace(label, std::move(webhook));
  }
  return Status::Ok();
}

void Webhooks::on_added(const InstanceInfo& info) {
  store::InstanceRecord instance;
  instance.id = info.id;
  instance.name = info.name;
  instance.token = info.token;
  impl_->world.loop.post([impl = impl_, instance] {
    if (!impl->stopped) impl->load(instance);
  });
}

void Webhooks::erase(const std::string& id, UniqueFunction<void(Status)> done) {
  impl_->world.loop.post([impl = impl_, id, done = std::move(done)]() mutable {
    if (auto entry = impl->entries.extract(id)) {
      // They find that it is gone, and say so.
      for (Task& task : entry.mapped().waiting) task();
      const std::lock_guard lock(impl->mutex);
      impl->defaults.erase(id);
      impl->standings.erase(id);
    }
    // Behind whatever was written so far; from now on nothing is.
    impl->world.store.erase_owner(store::keys::webhooks_owner(id), std::move(done));
  });
}

void Webhooks::Impl::publish(const std::string& id, const Entry& entry) {
  const auto found = entry.webhooks.find(kDefaultLabel);
  const std::lock_guard lock(mutex);
  if (found == entry.webhooks.end())
    defaults.erase(id);
  else
    defaults.insert_or_assign(id, info_of(found->second->record));
  auto& standing = standings[id];
  standing.clear();
  for (const auto& [label, webhook] : entry.webhooks) standing.emplace(label, standing_of(*webhook));
  if (standing.empty()) standings.erase(id);
}

void Webhooks::Impl::publish(const Key& key, const Webhook& webhook) {
  const std::lock_guard lock(mutex);
  standings[key.first][key.second] = standing_of(webhook);
}

Webhooks::Impl::Standing Webhooks::Impl::standing_of(const Webhook& webhook) {
  const store::WebhookProgress& progress = webhook.queue.progress();
  return {webhook.record.enabled ? std::optional(progress.cursor) : std::nullopt, progress.dead_letters};
}

/// Whether any webhook of the instance is enabled.
bool Webhooks::Impl::listens(const std::string& id) const {
  const auto found = standings.find(id);
  return found != standings.end() && std::any_of(found->second.begin(), found->second.end(), [](const auto& standing) {
           return standing.second.cursor.has_value();
         });
}

const WebhookMetrics& Webhooks::metrics() const {
  return impl_->metrics;
}

WebhookBacklog Webhooks::backlog() const {
  std::map<std::string, std::map<std::string, Impl::Standing>> standings;
  {
    const std::lock_guard lock(impl_->mutex);
    standings = impl_->standings;
  }
  WebhookBacklog out;
  for (const auto& [id, webhooks] : standings) {
    for (const auto& [label, standing] : webhooks) {
      if (standing.cursor) out.pending += events_behind(impl_->world.feed, id, *standing.cursor);
      out.dead_letters += standing.dead_letters;
    }
  }
  return out;
}

std::optional<WebhookInfo> Webhooks::default_webhook(const std::string& id) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->defaults.find(id);
  return found == impl_->defaults.end() ? std::nullopt : std::optional(found->second);
}

// ---- changes ----------------------------------------------------------------------------------------

void Webhooks::Impl::exclusively(Entry& entry, Task task) {
  if (entry.changing) return entry.waiting.push_back(std::move(task));
  task();
}

void Webhooks::Impl::end_change(const std::string& id) {
  const auto found = entries.find(id);
  if (found == entries.end()) return;
  found->second.changing = false;
  for (;;) {
    const auto entry = entries.find(id);
    if (entry == entries.end() || entry->second.changing || entry->second.waiting.empty()) return;
    Task task = std::move(entry->second.waiting.front());
    entry->second.waiting.pop_front();
    task();
  }
}

void Webhooks::Impl::commit(store::Transaction& transaction, UniqueFunction<void(const Status&)> done) {
  auto told = [self = weak_from_this(), poster = world.loop.poster(), done = std::move(done)](Status status) mutable {
    poster.post([self, done = std::move(done), status = std::move(status)]() mutable {
      const auto held = self.lock();
      if (held && !held->stopped) done(status);
    });
  };
  world.store.commit(transaction.take(), std::move(told));
}

void Webhooks::configure(const std::string& id, WebhookChange change, Reply<ConfiguredWebhook> reply) {
  const auto targets = impl_->options.allow_private ? PrivateTargets::kAllowed : PrivateTargets::kRefused;
  if (const Status valid = check_webhook(change.settings, targets); !valid.ok()) return reply.answer(valid.error());
  impl_->world.loop.post([impl = impl_, id, change = std::move(change), reply = std::move(reply)]() mutable {
    Impl::Entry* const entry = impl->entry_of(id, reply);
    if (entry == nullptr) return;
    impl->exclusively(*entry, [impl, id, change = std::move(change), reply = std::move(reply)]() mutable {
      impl->configure(id, std::move(change), std::move(reply));
    });
  });
}

Result<store::WebhookRecord> Webhooks::Impl::changed_record(const Entry& entry, const WebhookChange& change,
                                                            std::optional<std::string>& new_secret) {
  const WebhookSettings& settings = change.settings;
  const auto found = entry.webhooks.find(settings.label);
  const bool is_new = found == entry.webhooks.end();
  if (is_new && change.keeps_settings) return webhook_not_found();
  if (is_new && entry.webhooks.size() >= kMostWebhooks) {
    return Error{Errc::kInvalidArgument, Cause::kWebhookLimit,
                 "expected at most " + std::to_string(kMostWebhooks) + " labels an instance, enabled or not"};
  }
  const auto others = std::count_if(entry.webhooks.begin(), entry.webhooks.end(), [&](const auto& other) {
    return other.first != settings.label && other.second->record.enabled;
  });
  if (settings.enabled && static_cast<std::size_t>(others) >= kMostEnabledWebhooks) {
    return Error{Errc::kInvalidArgument, Cause::kWebhookLimit,
                 "expected at most " + std::to_string(kMostEnabledWebhooks) + " enabled webhooks an instance"};
  }
  const Wall wall = now().wall;
  store::WebhookRecord record = is_new ? store::WebhookRecord{} : found->second->record;
  if (is_new) record.created_at = wall;
  record.updated_at = wall;
  if (!change.keeps_settings) {
    record.label = settings.label;
    record.enabled = settings.enabled;
    record.url = settings.url;
    record.authorization = settings.authorization;
    record.by_events = settings.by_events;
    record.events = settings.events;
    record.media_base64 = settings.media_base64;
    record.disabled_reason.clear();
  }
  if (!is_new && !change.rotate_secret) return record;
  // Of two rotations within a day the older secret signs no longer: what was given out twice is perhaps known.
  record.previous_secret = std::exchange(record.secret, Bytes(kWebhookSecretSize));
  record.previous_until = is_new ? Wall{} : wall + kRotation;
  world.random.fill(record.secret);
  new_secret = webhook_secret_text(record.secret);
  return record;
}

void Webhooks::Impl::configure(const std::string& id, WebhookChange change, Reply<ConfiguredWebhook> reply) {
  Entry* const entry = entry_of(id, reply);
  if (entry == nullptr) return;
  std::optional<std::string> secret;
  auto record = changed_record(*entry, change, secret);
  if (!record) return reply.answer(record.error());
  const auto found = entry->webhooks.find(record->label);
  const Webhook* const before = found == entry->webhooks.end() ? nullptr : found->second.get();
  // Made or enabled just now, it begins with what happens from now on.
  const bool begins = before == nullptr || (record->enabled && !before->record.enabled);
  store::WebhookProgress progress = before == nullptr ? store::WebhookProgress{} : before->queue.progress();
  if (begins) {
    progress.cursor = world.feed.last_sequence(id);
    progress.failing = progress.failures = progress.refusals = 0;
    progress.next_try = {};
  }
  store::Transaction transaction(world.store, store::keys::webhooks_owner(id));
  store::put_webhook(transaction, *record);
  if (before != nullptr && before->unsaved) write_outcome(transaction, record->label, *before->unsaved);
  if (begins || before->unsaved) store::put_webhook_progress(transaction, record->label, progress);
  entry->changing = true;
  const auto from = begins ? std::optional(progress.cursor) : std::nullopt;
  commit(transaction,
         [this, id, record = std::move(*record), from, secret, reply = std::move(reply)](const Status& status) mutable {
           Entry* const changed = entry_of(id, reply);
           if (changed == nullptr) return;
           const std::string label = record.label;
           if (status.ok()) {
             apply(id, *changed, std::move(record), from);
             reply.answer(ConfiguredWebhook{info_of(changed->webhooks.at(label)->record), secret});
           } else {
             reply.answer(status.error());
           }
           end_change(id);
           advance({id, label});
         });
}

/// What the store has taken counts from now on; `from`: the cursor of a webhook that begins.
void Webhooks::Impl::apply(const std::string& id, Entry& entry, store::WebhookRecord record,
                           std::optional<std::uint64_t> from) {
  auto& webhook = entry.webhooks[record.label];
  if (!webhook) webhook = std::make_unique<Webhook>(record, store::WebhookProgress{}, now());
  const bool other_receiver =
      webhook->record.url != record.url || webhook->record.authorization != record.authorization;
  if (other_receiver) ++webhook->revision;
  webhook->queue.try_now(other_receiver ? WebhookQueue::Failures::kForget : WebhookQueue::Failures::kKeep);
  if (from || !record.enabled) {
    webhook->life = ++lives;
    webhook->in_flight = false;
    webhook->unsaved.reset();
    webhook->timer.reset();
  }
  if (from) {
    webhook->queue.skip_to(*from);
    webhook->queue.on_appended();
    webhook->saved_cursor = *from;
  }
  webhook->queue.set_events(record.events);
  webhook->record = std::move(record);
  publish(id, entry);
}

void Webhooks::remove(const std::string& id, const std::string& label, Reply<std::monostate> reply) {
  impl_->world.loop.post([impl = impl_, id, label, reply = std::move(reply)]() mutable {
    Impl::Entry* const entry = impl->entry_of(id, reply);
    if (entry == nullptr) return;
    impl->exclusively(
        *entry, [impl, id, label, reply = std::move(reply)]() mutable { impl->remove(id, label, std::move(reply)); });
  });
}

void Webhooks::Impl::remove(const std::string& id, const std::string& label, Reply<std::monostate> reply) {
  if (webhook_of(id, label, reply) == nullptr) return;
  store::Transaction transaction(world.store, store::keys::webhooks_owner(id));
  if (const Status erased = store::erase_webhook(transaction, label); !erased.ok()) return reply.answer(erased.error());
  entries.at(id).changing = true;
  commit(transaction, [this, id, label, reply = std::move(reply)](const Status& status) mutable {
    Entry* const entry = entry_of(id, reply);
    if (entry == nullptr) return;
    if (status.ok()) {
      entry->webhooks.erase(label);
      publish(id, *entry);
      reply.answer(std::monostate{});
    } else {
      reply.answer(status.error());
    }
    end_change(id);
  });
}

// ---- dead letters -----------------------------------------------------------------------------------

void Webhooks::dead_letters(const std::string& id, DeadLetterQuery query, Reply<DeadLetterPage> reply) {
  impl_->world.loop.post([impl = impl_, id, query = std::move(query), reply = std::move(reply)]() mutable {
    const Impl::Webhook* const webhook = impl->webhook_of(id, query.label, reply);
    if (webhook == nullptr) return;
    const store::Owner owner = store::keys::webhooks_owner(id);
    auto letters = store::get_dead_letters(impl->world.store, owner, query.label, query.after, query.limit);
    if (!letters) return reply.answer(letters.error());
    reply.answer(DeadLetterPage{std::move(*letters), webhook->queue.progress().dead_letters});
  });
}

void Webhooks::redrive(const std::string& id, const std::string& label, std::optional<std::uint64_t> sequence,
                       Reply<std::size_t> reply) {
  impl_->world.loop.post([impl = impl_, id, label, sequence, reply = std::move(reply)]() mutable {
    Impl::Entry* const entry = impl->entry_of(id, reply);
    if (entry == nullptr) return;
    impl->exclusively(*entry, [impl, id, label, sequence, reply = std::move(reply)]() mutable {
      impl->redrive(id, label, sequence, std::move(reply));
    });
  });
}

void Webhooks::Impl::redrive(const std::string& id, const std::string& label, std::optional<std::uint64_t> sequence,
                             Reply<std::size_t> reply) {
  Webhook* const webhook = webhook_of(id, label, reply);
  if (webhook == nullptr) return;
  if (!webhook->record.enabled)
    return reply.answer(Error{Errc::kAlreadyExists, Cause::kWebhookDisabled, "expected an enabled webhook"});
  const store::Owner owner = store::keys::webhooks_owner(id);
  auto letters = store::get_dead_letters(world.store, owner, label, 0, kMostDeadLetters);
  if (!letters) return reply.answer(letters.error());
  std::erase_if(*letters, [&](const DeadLetter& letter) {
    const bool delivered_just_now = webhook->unsaved && webhook->unsaved->erased_letter == letter.sequence;
    return delivered_just_now || (sequence && letter.sequence != *sequence);
  });
  if (sequence && letters->empty())
    return reply.answer(Error{Errc::kNotFound, Cause::kDeadLetterNotFound, "no dead letter of this id"});
  if (letters->empty()) return reply.answer(std::size_t{0});
  store::Transaction transaction(world.store, store::keys::webhooks_owner(id));
  std::vector<std::uint64_t> sequences;
  for (DeadLetter& letter : *letters) {
    sequences.push_back(letter.sequence);
    letter.redriven = true;
    store::put_dead_letter(transaction, label, letter);
  }
  entries.at(id).changing = true;
  commit(transaction, [this, id, label, life = webhook->life, sequences = std::move(sequences),
                       reply = std::move(reply)](const Status& status) mutable {
    Webhook* const changed = webhook_of(id, label, reply);
    if (changed != nullptr && status.ok() && changed->life == life) {
      for (const std::uint64_t each : sequences) changed->queue.redrive(each);
    }
    if (!status.ok())
      reply.answer(status.error());
    else
      reply.answer(sequences.size());
    end_change(id);
    advance({id, label});
  });
}

// ---- what there is ----------------------------------------------------------------------------------

WebhookInfo Webhooks::Impl::info_of(const store::WebhookRecord& record) const {
  WebhookInfo info;
  info.settings = {record.label,     record.enabled, record.url,         record.authorization,
                   record.by_events, record.events,  record.media_base64};
  info.disabled_reason = record.disabled_reason;
  if (!record.previous_secret.empty() && record.previous_until > now().wall)
    info.previous_secret_until = record.previous_until;
  return info;
}

WebhookStatus Webhooks::Impl::status_of(const std::string& id, const Webhook& webhook) const {
  const store::WebhookProgress& progress = webhook.queue.progress();
  WebhookStatus status;
  status.webhook = info_of(webhook.record);
  if (webhook.record.enabled) status.pending = events_behind(world.feed, id, progress.cursor);
  status.delivered = progress.delivered;
  status.missed = progress.missed;
  status.dead_letters = progress.dead_letters;
  status.dropped = progress.dropped;
  status.failures = progress.failures;
  if (progress.failures > 0 && webhook.queue.due()) status.next_try = progress.next_try;
  return status;
}

void Webhooks::list(const std::string& id, Reply<std::vector<WebhookStatus>> reply) {
  impl_->world.loop.post([impl = impl_, id, reply = std::move(reply)]() mutable {
    Impl::Entry* const entry = impl->entry_of(id, reply);
    if (entry == nullptr) return;
    std::vector<WebhookStatus> out;
    for (const auto& [label, webhook] : entry->webhooks) out.push_back(impl->status_of(id, *webhook));
    reply.answer(std::move(out));
  });
}

void Webhooks::attempts(const std::string& id, const std::string& label, Reply<std::vector<DeliveryAttempt>> reply) {
  impl_->world.loop.post([impl = impl_, id, label, reply = std::move(reply)]() mutable {
    if (impl->webhook_of(id, label, reply) == nullptr) return;
    const store::Owner owner = store::keys::webhooks_owner(id);
    reply.answer(store::get_delivery_attempts({impl->world.store, owner}, label));
  });
}

void Webhooks::test(const std::string& id, const std::string& label, Reply<DeliveryAttempt> reply) {
  impl_->world.loop.post(
      [impl = impl_, id, label, reply = std::move(reply)]() mutable { impl->test(id, label, std::move(reply)); });
}

void Webhooks::on_event(const std::string& instance_id, const JournalEvent&) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->listens(instance_id)) return;
    const bool asleep = impl_->appended.empty();
    impl_->appended.insert(instance_id);
    if (!asleep) return;
  }
  impl_->world.loop.post([impl = impl_] { impl->wake(); });
}

}  // namespace ponte::instance
