// What of an instance travels as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/json.h"
#include "api/named_schema.h"
#include "instance/types.h"
#include "instance/webhook_types.h"

namespace ponte::api {

enum class TokenShown { kYes, kNo };

/// The item of `GET /api/instance/list`. `token` only for the account token's eyes.
/// `webhook`: that of label `default`.
Json instance_json(const instance::InstanceInfo& info, TokenShown token,
                   const std::optional<instance::WebhookInfo>& webhook);
/// All seven.
Json settings_json(const instance::Settings& settings);
/// Without the password.
Json proxy_json(const std::optional<instance::Proxy>& proxy);

/// `code`, `message`, and `retryAt` where there is a time; `since`: what it counts from.
Json reason_json(const Error& reason, Wall since);
/// `stage`, `expiresAt`, and by stage `publicKey` (what PublicKeyCredential.parseRequestOptionsFromJSON() takes, of the
/// server's own text) or `code`. kMalformed where that text is no JSON.
Result<Json> passkey_json(const instance::PasskeyState& passkey);
/// `Instance`, `Passkey`, `Reason`, `State`, `WebSocket`, `EventName`, `Settings` and `Proxy`: what these give.
/// `SettingsChange`: what read_settings() takes.
std::vector<NamedSchema> instance_schemas();

/// What was never configured shows as disabled.
Json websocket_json(const std::optional<instance::WebSocketConfig>& websocket);

/// Names of contract 1.3; none, or none given, is all of them. kInvalidArgument/kInvalidRequest names the stranger.
Result<std::vector<std::string>> read_event_names(const std::optional<std::vector<std::string>>& names);

/// The settings that a body names.
instance::SettingsChange read_settings(FieldReader& fields);

}  // namespace ponte::api
