// The phone that approves a device, and what it then has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ponte::simulator {

/// Who approves a device.
struct Phone {
  std::optional<std::string> number;  ///< absent: a phone that has no companion yet
  std::string platform = "android";
  std::string business_name;
};

/// A device that was paired.
struct Paired {
  std::string number;
  std::uint16_t device = 0;
  std::string jid;
  std::string lid;
  std::uint32_t key_index = 0;
};

}  // namespace ponte::simulator
