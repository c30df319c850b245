// Values that travel between the API and the webhooks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "store/webhook_records.h"

namespace ponte::instance {

inline constexpr const char* kDefaultLabel = "default";
/// Of one instance.
inline constexpr std::size_t kMostEnabledWebhooks = 3;
inline constexpr std::size_t kMostWebhooks = 100;
/// Of one webhook; the oldest makes room.
inline constexpr std::size_t kMostDeadLetters = 1000;

/// What its owner says of a webhook (contract 1.5).
struct WebhookSettings {
  std::string label = kDefaultLabel;
  bool enabled = false;
  std::string url;
  std::optional<std::string> authorization;
  bool by_events = false;
  std::vector<std::string> events;  ///< none named: all
  bool media_base64 = false;
};

/// A new webhook, or another one in place of that of the same label.
struct WebhookChange {
  WebhookSettings settings;
  bool rotate_secret = false;
  bool keeps_settings = false;  ///< nothing but the secret is to change; `settings` is but the label
};

struct WebhookInfo {
  WebhookSettings settings;
  std::string disabled_reason;                ///< empty where it was not disabled by its receiver
  std::optional<Wall> previous_secret_until;  ///< while the secret before signs as well
};

struct ConfiguredWebhook {
  WebhookInfo webhook;
  std::optional<std::string> secret;  ///< `whsec_...`, where this call has made it: never shown again
};

/// What has become of a webhook's events.
struct WebhookStatus {
  WebhookInfo webhook;
  std::uint64_t pending = 0;    ///< at most so many events wait, of them some perhaps of a kind that it does not get
  std::uint64_t delivered = 0;  ///< since it was made
  std::uint64_t missed = 0;     ///< gone from the journal before their turn
  std::uint64_t dead_letters = 0;
  std::uint64_t dropped = 0;     ///< dead letters that made room for later ones
  unsigned failures = 0;         ///< tries in vain of the event that is next
  std::optional<Wall> next_try;  ///< of that event
};

using DeadLetter = store::DeadLetter;
using DeliveryAttempt = store::DeliveryAttempt;

struct DeadLetterQuery {
  std::string label;
  std::uint64_t after = 0;  ///< a sequence
  std::size_t limit = 50;
};
struct DeadLetterPage {
  std::vector<DeadLetter> letters;  ///< by sequence
  std::uint64_t total = 0;
};

}  // namespace ponte::instance
