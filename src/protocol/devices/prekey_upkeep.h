// What one connection remembers of the device's prekeys.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace ponte::protocol::devices {

/// One thing is done at a time: an upload carries the signed prekey too, so that a rotation beside it could be undone.
/// Made anew for each connection.
struct PrekeyUpkeep {
  enum class Doing { kNothing, kCounting, kChecking, kGenerating, kUploading, kRotating };

  Doing doing = Doing::kNothing;
  bool count_wanted = false;          ///< ask the server how many it has
  bool check_wanted = false;          ///< compare what it has with what is here
  bool refill_wanted = false;         ///< offer what is not acknowledged yet, or make more
  bool signed_prekey_wanted = false;  ///< offer the signed prekey although it is not due

  bool checked = false;    ///< the check of the day was made, or tried; once is enough
  bool suspected = false;  ///< so was one out of turn
  bool repaired = false;   ///< the server's keys were replaced by ours; once is enough
  /// Ids under which the server has keys that are to be replaced by ours, in order.
  std::vector<std::uint32_t> replace_ids;

  unsigned failures = 0;          ///< in a row
  std::optional<Mono> retry_at;   ///< counts and uploads wait until then
  std::optional<Mono> rotate_at;  ///< when to look whether the signed prekey is due; nullopt: at the next occasion
};

}  // namespace ponte::protocol::devices
