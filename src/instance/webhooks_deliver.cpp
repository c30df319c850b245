// Delivering: from a journal's event to the receiver's answer, and what that leads to.
#include <algorithm>

#include "base/hex.h"
#include "base/log.h"
#include "base/utc.h"
#include "instance/event_envelope.h"
#include "instance/webhook_rules.h"
#include "instance/webhook_signature.h"
#include "instance/webhooks_impl.h"
#include "net/text.h"
#include "store/keys.h"

namespace ponte::instance {
namespace {

/// After a store or a journal that failed, and after a client that had too much to do.
constexpr Milliseconds kNextTry{5'000};
/// Events in a row that nobody wants, after which the cursor is written for them alone.
constexpr std::uint64_t kUnsavedEvents = 256;
/// The answer itself is of no interest; a receiver that sends much of it costs no more than this.
constexpr std::size_t kAnswer = 1024;
constexpr const char* kTestEvent = "webhook.test";

/// It says nothing about the receiver.
bool is_our_own(const Error& error) {
  return error.cause == Cause::kOverloaded || error.cause == Cause::kShuttingDown ||
         error.cause == Cause::kReplyDropped;
}

std::string named(const std::string& label) {
  return "webhook '" + net::printable(label) + "'";
}

std::string words_of(const DeliveryAttempt& attempt) {
  if (attempt.status != 0) return "HTTP status " + std::to_string(attempt.status);
  return attempt.cause + ": " + attempt.message;
}

}  // namespace

Webhooks::Impl::Webhook* Webhooks::Impl::find(const Key& key) {
  const auto entry = entries.find(key.first);
  if (entry == entries.end()) return nullptr;
  const auto found = entry->second.webhooks.find(key.second);
  return found == entry->second.webhooks.end() ? nullptr : found->second.get();
}

void Webhooks::Impl::wake() {
  std::set<std::string> grown;
  {
    const std::lock_guard lock(mutex);
    grown.swap(appended);
  }
  for (const std::string& id : grown) {
    const auto entry = entries.find(id);
    if (entry == entries.end()) continue;
    std::vector<std::string> labels;
    for (const auto& [label, webhook] : entry->second.webhooks) {
      webhook->queue.on_appended();
      labels.push_back(label);
    }
    for (const std::string& label : labels) advance({id, label});
  }
}

void Webhooks::Impl::later(const Key& key, Webhook& webhook, Milliseconds delay) {
  webhook.timer = world.loop.after(delay, [this, key] {
    Webhook* const due = find(key);
    if (due == nullptr) return;
    if (due->unsaved)
      save(key, *due);
    else
      advance(key);
  });
}

void Webhooks::Impl::wait_out(const Key& key, Webhook& webhook, const std::string& what, const Error& why) {
  if (!std::exchange(webhook.in_trouble, true))
    log::error(entries.at(key.first).source.instance, named(key.second) + ": " + what + ": " + why.message);
  later(key, webhook, kNextTry);
}

/// Reads where the queue needs it. Idle where the journal cannot be read: a timer sees to that.
WebhookQueue::Next Webhooks::Impl::next_of(const Key& key, Webhook& webhook) {
  for (;;) {
    const auto next = webhook.queue.next(now().mono);
    const auto* read = std::get_if<WebhookQueue::Read>(&next);
    if (read == nullptr) return next;
    auto page = world.feed.events_after(key.first, read->after, WebhookQueue::kPage);
    if (!page) {
      wait_out(key, webhook, "the journal cannot be read", page.error());
      return WebhookQueue::Idle{};
    }
    const std::uint64_t oldest = webhook.queue.leaves_gap(*page) ? world.feed.first_sequence(key.first) : 0;
    const std::uint64_t missed = webhook.queue.progress().missed;
    webhook.queue.take(std::move(*page), oldest);
    const std::uint64_t more = webhook.queue.progress().missed - missed;
    metrics.missed.add(more);
    if (more > 0)
      log::warn(entries.at(key.first).source.instance,
                named(key.second) + ": " + std::to_string(more) + " events have left the journal unsent");
  }
}

/// Sees to what a webhook has to do next. Whenever that may have changed.
void Webhooks::Impl::advance(const Key& key) {
  Webhook* const webhook = stopped ? nullptr : find(key);
  if (webhook == nullptr || !webhook->record.enabled || webhook->in_flight || webhook->unsaved) return;
  webhook->timer.reset();
  const auto next = next_of(key, *webhook);
  if (const auto* wait = std::get_if<WebhookQueue::Wait>(&next)) return later(key, *webhook, wait->until - now().mono);
  if (std::holds_alternative<WebhookQueue::Idle>(next)) {
    if (webhook->queue.progress().cursor < webhook->saved_cursor + kUnsavedEvents) return;
    webhook->unsaved = Outcome{};
    return save(key, *webhook);
  }
  slots.add(key, webhook->queue.failing() ? Slots::Line::kFailing : Slots::Line::kHealthy);
  pump();
}

void Webhooks::Impl::pump() {
  while (const auto turn = slots.take()) {
    if (!send_next(turn->first, turn->second)) slots.release(turn->second);
  }
}

/// False where there is nothing to send any more.
bool Webhooks::Impl::send_next(const Key& key, Slots::Line line) {
  Webhook* const webhook = find(key);
  if (webhook == nullptr || !webhook->record.enabled || webhook->in_flight || webhook->unsaved) return false;
  const auto next = next_of(key, *webhook);
  Trip trip;
  trip.key = key;
  trip.line = line;
  if (const auto* send = std::get_if<WebhookQueue::Send>(&next)) {
    trip.event = *send->event;
    trip.tries = webhook->queue.progress().failures + 1;
  } else if (const auto* again = std::get_if<WebhookQueue::SendLetter>(&next)) {
    const store::Owner owner = store::keys::webhooks_owner(key.first);
    auto letter = store::get_dead_letter({world.store, owner}, key.second, again->sequence);
    if (!letter || !*letter) {
      // Gone, or damaged: then it is left where it is.
      if (!letter) log::error(entries.at(key.first).source.instance, named(key.second) + ": " + letter.error().message);
      webhook->queue.forget_letter(again->sequence);
      later(key, *webhook, Milliseconds(0));
      return false;
    }
    trip.letter = std::move(**letter);
    trip.event = {trip.letter->sequence, trip.letter->at, trip.letter->name, trip.letter->data};
  } else {
    // It has changed meanwhile.
    later(key, *webhook, Milliseconds(0));
    return false;
  }
  webhook->in_flight = true;
  trip.life = webhook->life;
  trip.revision = webhook->revision;
  send(webhook->record, std::move(trip));
  return true;
}

void Webhooks::Impl::send(const store::WebhookRecord& record, Trip trip) {
  trip.started = now().mono;
  trip.at = now().wall;
  const std::string id = webhook_message_id(trip.key.first, trip.key.second, trip.event.sequence, trip.event.at);
  net::HttpRequest request = request_for(trip.key, record, trip.event, id);
  Reply<net::HttpReply> reply([self = weak_from_this(), poster = world.loop.poster(),
                               trip = std::move(trip)](Result<net::HttpReply> result) mutable {
    poster.post([self, trip = std::move(trip), result = std::move(result)] {
      const auto held = self.lock();
      if (held && !held->stopped) held->on_result(trip, result);
    });
  });
  world.fetch(std::move(request), std::move(reply));
}

net::HttpRequest Webhooks::Impl::request_for(const Key& key, const store::WebhookRecord& record,
                                             const JournalEvent& event, const std::string& message_id) const {
  const std::string body = render_envelope(event, entries.at(key.first).source);
  const Wall wall = now().wall;
  std::vector<ByteView> secrets{record.secret};
  if (!record.previous_secret.empty() && record.previous_until > wall) secrets.emplace_back(record.previous_secret);
  net::HttpRequest request;
  request.method = "POST";
  request.url = delivery_url(record.url, record.by_events, event.name);
  request.headers = {{"Content-Type", "application/json"},
                     {"User-Agent", options.user_agent},
                     {"webhook-id", message_id},
                     {"webhook-timestamp", std::to_string(unix_seconds(wall))},
                     {"webhook-signature", webhook_signature(secrets, message_id, unix_seconds(wall), body)}};
  // Ours: by it a receiver sees what it has missed. A test has none.
  if (event.sequence > 0) request.headers.emplace_back("Ponte-Sequence", std::to_string(event.sequence));
  if (record.authorization) request.headers.emplace_back("Authorization", *record.authorization);
  request.body = to_bytes(body);
  request.max_body = kAnswer;
  request.long_body = net::LongBody::kCut;
  request.timeout = kTimeout;
  request.connections = net::HttpConnections::kKept;
  request.allow_private = options.allow_private;
  return request;
}

void Webhooks::Impl::on_result(const Trip& trip, const Result<net::HttpReply>& result) {
  slots.release(trip.line);
  Webhook* const webhook = find(trip.key);
  if (webhook != nullptr && webhook->life == trip.life) {
    exclusively(entries.at(trip.key.first), [this, trip, result] {
      Webhook* const still = find(trip.key);
      if (still != nullptr && still->life == trip.life) settle(trip, *still, result);
    });
  }
  pump();
}

DeliveryAttempt Webhooks::Impl::attempt_of(const Trip& trip, const Result<net::HttpReply>& result) const {
  DeliveryAttempt attempt;
  attempt.at = trip.at;
  attempt.event = trip.event.name;
  attempt.sequence = trip.event.sequence;
  attempt.duration = now().mono - trip.started;
  if (result.ok()) {
    attempt.status = result->status;
  } else {
    attempt.cause = cause_name(result.error().cause);
    attempt.message = result.error().message;
  }
  return attempt;
}

void Webhooks::Impl::settle(const Trip& trip, Webhook& webhook, const Result<net::HttpReply>& result) {
  webhook.in_flight = false;
  if (!result.ok() && is_our_own(result.error())) return later(trip.key, webhook, kNextTry);
  DeliveryResult came;
  if (result.ok()) came = {result->status, result->retry_after};
  // The receiver that wants nothing any more is no longer the one of this webhook.
  if (came.status == 410 && trip.revision != webhook.revision) came.status = 0;
  const Verdict verdict = trip.letter ? webhook.queue.settle_letter(trip.event.sequence, came)
                                      : webhook.queue.settle(trip.event.sequence, came, now(), world.random);
  Outcome outcome;
  outcome.attempt = attempt_of(trip, result);
  metrics.on_try(verdict, outcome.attempt->duration);
  outcome.attempt->number = ++webhook.queue.counters().attempts;
  outcome.attempt->outcome = verdict_name(verdict);
  const std::string& name = entries.at(trip.key.first).source.instance;
  const std::string about = named(trip.key.second) + ", event " + std::to_string(trip.event.sequence) + ": ";
  if (verdict == Verdict::kRetry) log::debug(name, about + words_of(*outcome.attempt));
  if (verdict == Verdict::kDelivered && trip.letter) {
    outcome.erased_letter = trip.event.sequence;
    if (webhook.queue.counters().dead_letters > 0) --webhook.queue.counters().dead_letters;
  }
  if (verdict == Verdict::kDeadLetter || verdict == Verdict::kDisabled) {
    log::warn(name, about + "a dead letter after " + words_of(*outcome.attempt));
    bury(trip, webhook, outcome);
  }
  if (verdict == Verdict::kDisabled) {
    log::warn(name, named(trip.key.second) + ": disabled, its receiver answered 410");
    webhook.record.enabled = false;
    webhook.record.disabled_reason = "the receiver answered 410 Gone";
    webhook.record.updated_at = now().wall;
    outcome.with_record = true;
    publish(trip.key.first, entries.at(trip.key.first));
  }
  webhook.unsaved = std::move(outcome);
  save(trip.key, webhook);
}

/// Keeps what could not be delivered.
void Webhooks::Impl::bury(const Trip& trip, Webhook& webhook, Outcome& outcome) {
  const DeliveryAttempt& last = *outcome.attempt;
  store::WebhookProgress& counters = webhook.queue.counters();
  DeadLetter letter = trip.letter.value_or(DeadLetter{});
  if (!trip.letter) {
    letter.sequence = trip.event.sequence;
    letter.at = trip.event.at;
    letter.name = trip.event.name;
    letter.data = trip.event.data;
    if (counters.dead_letters >= kMostDeadLetters) {
      const store::Owner owner = store::keys::webhooks_owner(trip.key.first);
      const auto kept = store::get_dead_letters(world.store, owner, trip.key.second, 0, 1);
      if (kept && !kept->empty()) {
        outcome.dropped_letter = kept->front().sequence;
        webhook.queue.forget_letter(kept->front().sequence);
        --counters.dead_letters;
        ++counters.dropped;
      }
    }
    ++counters.dead_letters;
  }
  letter.attempts += trip.tries;
  letter.status = last.status;
  letter.cause = last.cause;
  letter.died_at = now().wall;
  letter.redriven = false;
  outcome.letter = std::move(letter);
}

void Webhooks::Impl::write_outcome(store::Transaction& transaction, const std::string& label,
                                   const Outcome& outcome) const {
  if (outcome.attempt) store::put_delivery_attempt(transaction, label, *outcome.attempt);
  if (outcome.dropped_letter) store::erase_dead_letter(transaction, label, *outcome.dropped_letter);
  if (outcome.erased_letter) store::erase_dead_letter(transaction, label, *outcome.erased_letter);
  if (outcome.letter) store::put_dead_letter(transaction, label, *outcome.letter);
}

/// One batch for all that a try has led to: a crash leaves all of it, or it is tried again.
void Webhooks::Impl::save(const Key& key, Webhook& webhook) {
  store::Transaction transaction(world.store, store::keys::webhooks_owner(key.first));
  store::put_webhook_progress(transaction, key.second, webhook.queue.progress());
  write_outcome(transaction, key.second, *webhook.unsaved);
  if (webhook.unsaved->with_record) store::put_webhook(transaction, webhook.record);
  const std::uint64_t cursor = webhook.queue.progress().cursor;
  commit(transaction, [this, key, life = webhook.life, cursor](const Status& status) {
    Webhook* const saved = find(key);
    if (saved == nullptr || saved->life != life || !saved->unsaved) return;
    if (!status.ok()) return wait_out(key, *saved, "waits for the store", status.error());
    saved->in_trouble = false;
    saved->unsaved.reset();
    saved->saved_cursor = cursor;
    publish(key, *saved);
    advance(key);
  });
}

// ---- tests ------------------------------------------------------------------------------------------

void Webhooks::Impl::test(const std::string& id, const std::string& label, Reply<DeliveryAttempt> reply) {
  Webhook* const webhook = webhook_of(id, label, reply);
  if (webhook == nullptr) return;
  if (webhook->record.url.empty())
    return reply.answer(Error{Errc::kAlreadyExists, Cause::kWebhookDisabled, "expected a webhook with a URL"});
  if (std::exchange(webhook->testing, true))
    return reply.answer(Error{Errc::kUnavailable, Cause::kOverloaded, "another test of it is on its way"});
  const Wall wall = now().wall;
  Trip trip;
  trip.key = {id, label};
  trip.started = now().mono;
  trip.at = wall;
  trip.event = {0, wall, kTestEvent, "{\"timestamp\":\"" + utc_text(unix_seconds(wall)).value_or("") + "\"}"};
  const std::string message_id = "msg_" + to_hex(world.random.array<16>());
  net::HttpRequest request = request_for(trip.key, webhook->record, trip.event, message_id);
  Reply<net::HttpReply> answered([self = weak_from_this(), poster = world.loop.poster(), trip = std::move(trip),
                                  reply = std::move(reply)](Result<net::HttpReply> result) mutable {
    poster.post([self, trip = std::move(trip), result = std::move(result), reply = std::move(reply)]() mutable {
      const auto held = self.lock();
      if (!held || held->stopped)
        return reply.answer(Error{Errc::kCancelled, Cause::kShuttingDown, "the service is shutting down"});
      held->on_tested(trip, result, std::move(reply));
    });
  });
  world.fetch(std::move(request), std::move(answered));
}

void Webhooks::Impl::on_tested(const Trip& trip, const Result<net::HttpReply>& result, Reply<DeliveryAttempt> reply) {
  DeliveryAttempt attempt = attempt_of(trip, result);
  const bool delivered = attempt.status >= 200 && attempt.status < 300;
  attempt.outcome = delivered ? "delivered" : "failed";
  Webhook* const webhook = find(trip.key);
  if (webhook == nullptr) return reply.answer(std::move(attempt));
  webhook->testing = false;
  attempt.number = ++webhook->queue.counters().attempts;
  store::Transaction transaction(world.store, store::keys::webhooks_owner(trip.key.first));
  store::put_delivery_attempt(transaction, trip.key.second, attempt);
  commit(transaction, [](const Status&) {});
  if (delivered) {
    // It is back: what waits need not wait for its time.
    webhook->queue.try_now(WebhookQueue::Failures::kKeep);
    advance(trip.key);
  }
  reply.answer(std::move(attempt));
}

}  // namespace ponte::instance
