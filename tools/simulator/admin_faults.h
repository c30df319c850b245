// Faults, scopes and targets out of the admin API's JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "simulator/sim_server.h"

namespace ponte::simulator {

/// kInvalidArgument/kInvalidRequest naming the member, for an unknown name or a wrong type.
Result<Faults> read_faults(const nlohmann::json& body);
/// Members of `body` that read_faults, read_scope and the admin calls know; the others are errors.
Result<Scope> read_scope(const nlohmann::json& body);
Result<Target> read_target(const nlohmann::json& body);
/// A `<failure>` from "failure" or from "reason" and its companions at the top level; absent without either.
Result<std::optional<Failure>> read_failure(const nlohmann::json& body);

/// Typed members; absent is not an error, another type is.
Result<std::optional<std::string>> text_member(const nlohmann::json& body, const char* name);
Result<std::optional<std::uint64_t>> number_member(const nlohmann::json& body, const char* name);
Result<std::optional<bool>> bool_member(const nlohmann::json& body, const char* name);

}  // namespace ponte::simulator
