// What a journal's events say.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "instance/event_feed.h"

namespace ponte::test {

/// `state` of each: all are instance.state.
inline std::vector<std::string> journal_states(const std::vector<instance::JournalEvent>& events) {
  std::vector<std::string> out;
  for (const auto& event : events) out.push_back(nlohmann::json::parse(event.data).at("state"));
  return out;
}

}  // namespace ponte::test
