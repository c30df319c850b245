// What the handlers of admin calls share.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "simulator/sim_server.h"

namespace ponte::simulator {

/// One admin call while it is handled.
struct Call {
  SimServer& server;
  const Now& now;
  const nlohmann::json& body;  ///< an object, or discarded where it was no JSON
};

using Handler = Result<nlohmann::json> (*)(const Call&);
/// The name behind "/admin/", and who answers it.
using HandlerRow = std::pair<std::string_view, Handler>;

inline Error invalid(std::string message) {
  return {Errc::kInvalidArgument, Cause::kInvalidRequest, std::move(message)};
}

/// The answer of calls that act on connections.
inline nlohmann::json count_json(unsigned count) {
  return {{"connections", count}};
}

}  // namespace ponte::simulator
