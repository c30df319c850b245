#include "simulator/admin_hostile.h"

#include <array>

#include "simulator/admin_faults.h"

namespace ponte::simulator {
namespace {

using nlohmann::json;

Result<json> pair_success(const Call& call) {
  PONTE_ASSIGN(const Target target, read_target(call.body));
  return count_json(call.server.send_pair_success(target, call.now));
}

Result<json> renew_root(const Call& call) {
  call.server.renew_root();
  return json::object();
}

Result<json> old_leaf(const Call& call) {
  PONTE_TRY(call.server.restore_leaf());
  return json::object();
}

constexpr std::array<HandlerRow, 3> kHandlers = {
    {{"pair-success", pair_success}, {"renew-root", renew_root}, {"old-leaf", old_leaf}}};

}  // namespace

std::span<const HandlerRow> hostile_calls() {
  return kHandlers;
}

}  // namespace ponte::simulator
