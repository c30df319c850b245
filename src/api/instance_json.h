// What of an instance travels as JSON.
#pragma once

#include <optional>

#include "api/json.h"
#include "instance/types.h"

namespace ponte::api {

enum class TokenShown { kYes, kNo };

/// The item of `GET /api/instance/list`. `token` only for the account token's eyes.
Json instance_json(const instance::InstanceInfo& info, TokenShown token);
/// All seven.
Json settings_json(const instance::Settings& settings);
/// Without the password.
Json proxy_json(const std::optional<instance::Proxy>& proxy);

/// The settings that a body names.
instance::SettingsChange read_settings(FieldReader& fields);

}  // namespace ponte::api
