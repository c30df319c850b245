// What of a webhook travels as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/json.h"
#include "api/named_schema.h"
#include "instance/webhook_service.h"

namespace ponte::api {

/// The seven keys of the contract, and of ours those that say something: `disabledReason`, `previousSecretUntil`.
Json webhook_json(const instance::WebhookInfo& webhook);
/// The same with `secret` where this answer is the one that shows it.
Json webhook_json(const instance::ConfiguredWebhook& configured);
/// `webhook` of an instance in the list: that of label `default`, without its authorization.
Json webhook_summary_json(const std::optional<instance::WebhookInfo>& webhook);
Json webhook_status_json(const instance::WebhookStatus& status);
Json dead_letter_json(const instance::DeadLetter& letter);
Json delivery_attempt_json(const instance::DeliveryAttempt& attempt);

/// `Webhook`, `WebhookStatus`, `DeadLetter`, `DeliveryAttempt`: what these give.
std::vector<NamedSchema> webhook_schemas();

/// Missing or empty: `default`.
std::string label_or_default(std::optional<std::string_view> label);
/// The body of POST /api/events/webhook.
Result<instance::WebhookChange> read_webhook(FieldReader& fields);
/// The webhook block of POST /api/instance/new; nullopt where it asks for none.
std::optional<instance::WebhookChange> read_webhook_block(FieldReader& fields);

}  // namespace ponte::api
