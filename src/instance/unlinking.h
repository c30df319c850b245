// A logout or removal that is under way.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "instance/types.h"

namespace ponte::instance {

/// Of an instance. Not within it: clang 14 cannot make an optional of it there.
struct Unlinking {
  std::vector<UniqueFunction<void(Result<LogoutResult>)>> done;
  Mono deadline{};
  bool asked = false;     ///< the server
  bool unlinked = false;  ///< it has confirmed
  bool wiping = false;    ///< only our own records are left to go
};

}  // namespace ponte::instance
