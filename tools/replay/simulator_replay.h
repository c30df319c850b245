// The simulator's side of tools/replay: recordings of `ponte sim --record`.
#pragma once

#include "replay/replay.h"

namespace ponte::replay {

/// True where the recording says `Kind=simulator`.
bool is_of_simulator(const VecFile& recording);

/// As run() and rewrite(), for such a recording.
Result<Summary> run_simulator(const VecFile& recording);
Result<std::string> rewrite_simulator(const VecFile& recording);

}  // namespace ponte::replay
