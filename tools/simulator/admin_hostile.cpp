#include "simulator/admin_hostile.h"

#include <array>

namespace ponte::simulator {
namespace {

using nlohmann::json;

Result<json> renew_root(const Call& call) {
  call.server.renew_root();
  return json::object();
}

Result<json> old_leaf(const Call& call) {
  PONTE_TRY(call.server.restore_leaf());
  return json::object();
}

constexpr std::array<HandlerRow, 2> kHandlers = {{{"renew-root", renew_root}, {"old-leaf", old_leaf}}};

}  // namespace

std::span<const HandlerRow> hostile_calls() {
  return kHandlers;
}

}  // namespace ponte::simulator
