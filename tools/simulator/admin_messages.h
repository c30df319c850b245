// Admin calls about messages: what phones write and read, groups, and what goes wrong with both.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "simulator/admin_call.h"

namespace ponte::simulator {

class PhoneMessaging;

std::span<const HandlerRow> message_calls();

/// What a simulated device has sent, read and been told, for the state: counts, and the last that it read.
nlohmann::json messaging_json(PhoneMessaging& device);
/// All groups.
nlohmann::json groups_json(World& world);

}  // namespace ponte::simulator
