// Admin calls by which the server means harm.
#pragma once

#include <span>

#include "simulator/admin_call.h"

namespace ponte::simulator {

/// Lives as long as the program.
std::span<const HandlerRow> hostile_calls();

}  // namespace ponte::simulator
