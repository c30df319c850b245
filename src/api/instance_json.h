// An instance as create and list show it.
#pragma once

#include "api/json.h"
#include "instance/types.h"

namespace ponte::api {

enum class TokenShown { kYes, kNo };

/// The item of `GET /api/instance/list`. `token` only for the account token's eyes.
Json instance_json(const instance::InstanceInfo& info, TokenShown token);

}  // namespace ponte::api
