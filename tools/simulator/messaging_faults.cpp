#include "simulator/messaging_faults.h"

#include <array>
#include <utility>

namespace ponte::simulator {

std::optional<DeliveryMode> delivery_mode_from_name(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, DeliveryMode>, 7> kNames = {
      {{"normal", DeliveryMode::kNormal},
       {"duplicate", DeliveryMode::kDuplicate},
       {"reorder", DeliveryMode::kReorder},
       {"drop", DeliveryMode::kDrop},
       {"lose", DeliveryMode::kLose},
       {"hold", DeliveryMode::kHold},
       {"damage", DeliveryMode::kDamage}}};
  for (const auto& [known, mode] : kNames) {
    if (known == name) return mode;
  }
  return std::nullopt;
}

void DeliveryFaults::set_mode(const std::string& number, DeliveryMode mode, std::optional<unsigned> count) {
  modes_[number] = {mode, count};
}

DeliveryMode DeliveryFaults::take_mode(const std::string& number) {
  for (const std::string& key : {number, std::string()}) {
    const auto found = modes_.find(key);
    if (found == modes_.end()) continue;
    const DeliveryMode mode = found->second.mode;
    if (found->second.left && --*found->second.left == 0) modes_.erase(found);
    return mode;
  }
  return DeliveryMode::kNormal;
}

void DeliveryFaults::refuse(const std::string& number, unsigned code, unsigned count) {
  refusals_.erase(number);
  if (count > 0) refusals_[number] = {code, count};
}

std::optional<unsigned> DeliveryFaults::take_refusal(const std::string& number) {
  for (const std::string& key : {number, std::string()}) {
    const auto found = refusals_.find(key);
    if (found == refusals_.end()) continue;
    const unsigned code = found->second.code;
    if (--found->second.left == 0) refusals_.erase(found);
    return code;
  }
  return std::nullopt;
}

void DeliveryFaults::clear() {
  modes_.clear();
  refusals_.clear();
  held_.clear();
  overtaken_.clear();
  pull_offline = false;
}

}  // namespace ponte::simulator
