// Admin calls about what phones share with their companions: the past, and app state.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "simulator/admin_call.h"

namespace ponte::simulator {

std::span<const HandlerRow> history_calls();

}  // namespace ponte::simulator
