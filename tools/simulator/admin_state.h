// What GET /admin/state shows.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "simulator/sim_server.h"

namespace ponte::simulator {

nlohmann::json state_json(SimServer& server, const Now& now);
nlohmann::json paired_json(const Paired& paired);

}  // namespace ponte::simulator
