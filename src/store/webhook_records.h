// Typed records of an instance's webhooks: where events go, how far each has got, what could not be delivered.
// The transaction's owner is keys::webhooks_owner(instance). get_* and put_* behave as those of records.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "store/records.h"
#include "store/store.h"

namespace ponte::store {

/// One webhook, as its owner made it.
struct WebhookRecord {
  std::string label;
  bool enabled = false;
  std::string url;
  std::optional<std::string> authorization;  ///< the header's value
  bool by_events = false;                    ///< the event's name goes behind the URL's path
  std::vector<std::string> events;           ///< empty: all
  bool media_base64 = false;
  Bytes secret;           ///< 24 to 64 bytes
  Bytes previous_secret;  ///< signs as well until previous_until; empty for none
  Wall previous_until{};
  std::string disabled_reason;  ///< why it was disabled without its owner's doing; empty where it was not
  Wall created_at{};
  Wall updated_at{};

  bool operator==(const WebhookRecord&) const = default;
};

/// All webhooks of an instance, by label.
Result<std::vector<WebhookRecord>> get_webhooks(RecordSource source);
/// kPowerLoss.
void put_webhook(Transaction& transaction, const WebhookRecord& webhook);

/// How far a webhook has got in the journal.
struct WebhookProgress {
  std::uint64_t cursor = 0;   ///< sequence of the last event that is done with
  std::uint64_t failing = 0;  ///< sequence of the event that the next three are about
  std::uint32_t failures = 0;
  std::uint32_t refusals = 0;  ///< of the failures, those that the receiver answered by refusing
  Wall next_try{};
  std::uint64_t delivered = 0;
  std::uint64_t missed = 0;    ///< events that were gone from the journal before their turn
  std::uint64_t attempts = 0;  ///< made so far: the number of the last one
  std::uint32_t dead_letters = 0;
  std::uint64_t dropped = 0;  ///< dead letters that made room for later ones

  bool operator==(const WebhookProgress&) const = default;
};

Result<std::optional<WebhookProgress>> get_webhook_progress(RecordSource source, std::string_view label);
/// kProcessCrash: after a power failure some events are delivered twice, with the same id.
void put_webhook_progress(Transaction& transaction, std::string_view label, const WebhookProgress& progress);

/// An event that could not be delivered.
struct DeadLetter {
  std::uint64_t sequence = 0;
  Wall at{};  ///< of the event
  std::string name;
  std::string data;            ///< a JSON object
  std::uint32_t attempts = 0;  ///< made in all
  int status = 0;              ///< HTTP; 0: there was no answer to the last one
  std::string cause;           ///< cause_name; empty where there was an answer
  Wall died_at{};
  bool redriven = false;  ///< to be tried once more

  bool operator==(const DeadLetter&) const = default;
};

Result<std::optional<DeadLetter>> get_dead_letter(RecordSource source, std::string_view label, std::uint64_t sequence);
/// By sequence, those with a greater one than `after`, at most `limit`.
Result<std::vector<DeadLetter>> get_dead_letters(const StoreReader& reader, const Owner& owner, std::string_view label,
                                                 std::uint64_t after, std::size_t limit);
/// kProcessCrash, like the progress it goes with.
void put_dead_letter(Transaction& transaction, std::string_view label, const DeadLetter& letter);
void erase_dead_letter(Transaction& transaction, std::string_view label, std::uint64_t sequence);

/// One try of a webhook.
struct DeliveryAttempt {
  std::uint64_t number = 0;  ///< of its webhook, from 1
  Wall at{};
  std::string event;
  std::uint64_t sequence = 0;  ///< 0: a test
  int status = 0;              ///< HTTP; 0: there was no answer
  std::string cause;           ///< cause_name; empty where there was an answer
  std::string message;         ///< why there was none
  Milliseconds duration{};
  std::string outcome;  ///< `delivered`, `retry`, `dead_letter`, `disabled`

  bool operator==(const DeliveryAttempt&) const = default;
};

/// So many are kept.
inline constexpr std::uint64_t kDeliveryAttempts = 50;

/// The last ones, newest first.
Result<std::vector<DeliveryAttempt>> get_delivery_attempts(RecordSource source, std::string_view label);
/// In place of the one that is kDeliveryAttempts older. kProcessCrash.
void put_delivery_attempt(Transaction& transaction, std::string_view label, const DeliveryAttempt& attempt);

/// Everything of one webhook. kPowerLoss.
Status erase_webhook(Transaction& transaction, std::string_view label);

}  // namespace ponte::store
