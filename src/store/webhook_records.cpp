#include "store/webhook_records.h"

#include <algorithm>
#include <utility>

#include "records.pb.h"
#include "store/keys.h"
#include "store/record_fields.h"

namespace ponte::store {
namespace {

constexpr std::size_t kShortestSecret = 24;
constexpr std::size_t kLongestSecret = 64;

bool is_secret(const std::string& bytes) {
  return bytes.size() >= kShortestSecret && bytes.size() <= kLongestSecret;
}

Result<WebhookRecord> webhook_of(const RecordSource& source, std::string_view key,
                                 const proto::WebhookRecord& message) {
  Fields fields;
  fields.present(!message.label().empty(), "label");
  fields.present(message.has_enabled(), "enabled");
  fields.present(!message.enabled() || !message.url().empty(), "url");
  fields.present(is_secret(message.secret()), "secret");
  fields.present(!message.has_previous_secret() || is_secret(message.previous_secret()), "previous_secret");
  if (keys::webhook(message.label()) != key) fields.fault("its label is not the one in its key");
  PONTE_TRY(fields.finish(source, key));

  WebhookRecord webhook;
  webhook.label = message.label();
  webhook.enabled = message.enabled();
  webhook.url = message.url();
  if (message.has_authorization()) webhook.authorization = message.authorization();
  webhook.by_events = message.by_events();
  webhook.events.assign(message.events().begin(), message.events().end());
  webhook.media_base64 = message.media_base64();
  webhook.secret = to_bytes(message.secret());
  webhook.previous_secret = to_bytes(message.previous_secret());
  webhook.previous_until = wall_of(message.previous_until());
  webhook.disabled_reason = message.disabled_reason();
  webhook.created_at = wall_of(message.created_at());
  webhook.updated_at = wall_of(message.updated_at());
  return webhook;
}

Result<DeadLetter> dead_letter_of(const RecordSource& source, std::string_view key,
                                  const proto::DeadLetterRecord& message) {
  Fields fields;
  fields.present(message.has_sequence(), "sequence");
  fields.present(!message.name().empty(), "name");
  PONTE_TRY(fields.finish(source, key));
  DeadLetter letter;
  letter.sequence = message.sequence();
  letter.at = wall_of(message.at());
  letter.name = message.name();
  letter.data = message.data();
  letter.attempts = message.attempts();
  letter.status = static_cast<int>(message.status());
  letter.cause = message.cause();
  letter.died_at = wall_of(message.died_at());
  letter.redriven = message.redriven();
  return letter;
}

}  // namespace

Result<std::vector<WebhookRecord>> get_webhooks(RecordSource source) {
  PONTE_ASSIGN(std::vector<Record> records, source.scan(keys::kWebhookPrefix));
  std::vector<WebhookRecord> webhooks;
  for (auto& [key, value] : records) {
    Wiped wiped(value);
    proto::WebhookRecord message;
    PONTE_TRY(parse_value(source, key, value, message));
    PONTE_ASSIGN(WebhookRecord webhook, webhook_of(source, key, message));
    webhooks.push_back(std::move(webhook));
  }
  return webhooks;
}

void put_webhook(Transaction& transaction, const WebhookRecord& webhook) {
  proto::WebhookRecord message;
  message.set_label(webhook.label);
  message.set_enabled(webhook.enabled);
  message.set_url(webhook.url);
  if (webhook.authorization) message.set_authorization(*webhook.authorization);
  message.set_by_events(webhook.by_events);
  for (const std::string& event : webhook.events) message.add_events(event);
  message.set_media_base64(webhook.media_base64);
  message.set_secret(to_text(webhook.secret));
  if (!webhook.previous_secret.empty()) {
    message.set_previous_secret(to_text(webhook.previous_secret));
    message.set_previous_until(unix_milliseconds(webhook.previous_until));
  }
  if (!webhook.disabled_reason.empty()) message.set_disabled_reason(webhook.disabled_reason);
  message.set_created_at(unix_milliseconds(webhook.created_at));
  message.set_updated_at(unix_milliseconds(webhook.updated_at));
  put_durably(transaction, keys::webhook(webhook.label), serialize(message));
}

Result<std::optional<WebhookProgress>> get_webhook_progress(RecordSource source, std::string_view label) {
  proto::WebhookProgressRecord message;
  const std::string key = keys::webhook_progress(label);
  PONTE_ASSIGN(const bool found, parse_record(source, key, message));
  if (!found) return std::optional<WebhookProgress>();
  Fields fields;
  fields.present(message.has_cursor(), "cursor");
  PONTE_TRY(fields.finish(source, key));
  WebhookProgress progress;
  progress.cursor = message.cursor();
  progress.failing = message.failing();
  progress.failures = message.failures();
  progress.refusals = message.refusals();
  progress.next_try = wall_of(message.next_try());
  progress.delivered = message.delivered();
  progress.missed = message.missed();
  progress.attempts = message.attempts();
  progress.dead_letters = message.dead_letters();
  progress.dropped = message.dropped();
  return std::optional(progress);
}

void put_webhook_progress(Transaction& transaction, std::string_view label, const WebhookProgress& progress) {
  proto::WebhookProgressRecord message;
  message.set_cursor(progress.cursor);
  message.set_failing(progress.failing);
  message.set_failures(progress.failures);
  message.set_refusals(progress.refusals);
  message.set_next_try(unix_milliseconds(progress.next_try));
  message.set_delivered(progress.delivered);
  message.set_missed(progress.missed);
  message.set_attempts(progress.attempts);
  message.set_dead_letters(progress.dead_letters);
  message.set_dropped(progress.dropped);
  transaction.put(keys::webhook_progress(label), serialize(message));
}

Result<std::optional<DeadLetter>> get_dead_letter(RecordSource source, std::string_view label, std::uint64_t sequence) {
  proto::DeadLetterRecord message;
  const std::string key = keys::dead_letter(label, sequence);
  PONTE_ASSIGN(const bool found, parse_record(source, key, message));
  if (!found) return std::optional<DeadLetter>();
  PONTE_ASSIGN(DeadLetter letter, dead_letter_of(source, key, message));
  return std::optional(std::move(letter));
}

Result<std::vector<DeadLetter>> get_dead_letters(const StoreReader& reader, const Owner& owner, std::string_view label,
                                                 std::uint64_t after, std::size_t limit) {
  const RecordSource source(reader, owner);
  PONTE_ASSIGN(const std::vector<Record> records,
               reader.scan_after(owner, keys::dead_letters(label), keys::dead_letter(label, after), limit));
  std::vector<DeadLetter> letters;
  letters.reserve(records.size());
  for (const auto& [key, value] : records) {
    proto::DeadLetterRecord message;
    PONTE_TRY(parse_value(source, key, value, message));
    PONTE_ASSIGN(DeadLetter letter, dead_letter_of(source, key, message));
    letters.push_back(std::move(letter));
  }
  return letters;
}

void put_dead_letter(Transaction& transaction, std::string_view label, const DeadLetter& letter) {
  proto::DeadLetterRecord message;
  message.set_sequence(letter.sequence);
  message.set_at(unix_milliseconds(letter.at));
  message.set_name(letter.name);
  message.set_data(letter.data);
  message.set_attempts(letter.attempts);
  message.set_status(static_cast<std::uint32_t>(letter.status));
  if (!letter.cause.empty()) message.set_cause(letter.cause);
  message.set_died_at(unix_milliseconds(letter.died_at));
  message.set_redriven(letter.redriven);
  transaction.put(keys::dead_letter(label, letter.sequence), serialize(message));
}

void erase_dead_letter(Transaction& transaction, std::string_view label, std::uint64_t sequence) {
  transaction.erase(keys::dead_letter(label, sequence));
}

Result<std::vector<DeliveryAttempt>> get_delivery_attempts(RecordSource source, std::string_view label) {
  PONTE_ASSIGN(const std::vector<Record> records, source.scan(keys::delivery_attempts(label)));
  std::vector<DeliveryAttempt> attempts;
  for (const auto& [key, value] : records) {
    proto::DeliveryAttemptRecord message;
    PONTE_TRY(parse_value(source, key, value, message));
    attempts.push_back({message.number(), wall_of(message.at()), message.event(), message.sequence(),
                        static_cast<int>(message.status()), message.cause(), message.message(),
                        Milliseconds(message.milliseconds()), message.outcome()});
  }
  std::sort(attempts.begin(), attempts.end(),
            [](const DeliveryAttempt& left, const DeliveryAttempt& right) { return left.number > right.number; });
  return attempts;
}

void put_delivery_attempt(Transaction& transaction, std::string_view label, const DeliveryAttempt& attempt) {
  proto::DeliveryAttemptRecord message;
  message.set_number(attempt.number);
  message.set_at(unix_milliseconds(attempt.at));
  message.set_event(attempt.event);
  message.set_sequence(attempt.sequence);
  message.set_status(static_cast<std::uint32_t>(attempt.status));
  if (!attempt.cause.empty()) message.set_cause(attempt.cause);
  if (!attempt.message.empty()) message.set_message(attempt.message);
  message.set_milliseconds(static_cast<std::uint32_t>(attempt.duration.count()));
  message.set_outcome(attempt.outcome);
  const auto slot = static_cast<std::uint8_t>(attempt.number % kDeliveryAttempts);
  transaction.put(keys::delivery_attempt(label, slot), serialize(message));
}

Status erase_webhook(Transaction& transaction, std::string_view label) {
  for (const std::string& prefix : {keys::dead_letters(label), keys::delivery_attempts(label)}) {
    PONTE_ASSIGN(const std::vector<Record> records, transaction.scan(prefix));
    for (const auto& [key, value] : records) transaction.erase(key);
  }
  transaction.erase(keys::webhook_progress(label));
  transaction.erase(keys::webhook(label));
  transaction.require(Durability::kPowerLoss);
  return Status::Ok();
}

}  // namespace ponte::store
