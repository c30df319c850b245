// Signatures as Standard Webhooks prescribes them (https://www.standardwebhooks.com, version 1.0).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace ponte::instance {

inline constexpr std::size_t kWebhookSecretSize = 32;

/// `whsec_` and the bytes in base64: what its owner hands to the receiver's library.
std::string webhook_secret_text(ByteView secret);

/// The same for every try of an event: what a receiver knows duplicates by. It depends on the time of the event too, so
/// that a journal which lost its end with the power, and gives a number anew, does not give the id anew.
std::string webhook_message_id(std::string_view instance_id, std::string_view label, std::uint64_t sequence, Wall at);

/// `v1,<base64>` for each secret, with blanks between: HMAC-SHA256 over `id.timestamp.body`.
std::string webhook_signature(const std::vector<ByteView>& secrets, std::string_view id, std::int64_t unix_seconds,
                              std::string_view body);

}  // namespace ponte::instance
