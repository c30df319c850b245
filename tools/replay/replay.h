// Runs a recording again, bit-exact in both directions.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "base/vec.h"

namespace ponte::replay {

struct Summary {
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  std::size_t stanzas = 0;  ///< decrypted, both directions
};

/// Feeds the recorded inputs, times and random bytes to a fresh session over the recorded store, or, where the
/// recording says `Kind=simulator`, to a fresh simulator, and compares every output and every decrypted stanza.
/// kRejected/kRecordingDiffers names the line and shows both sides, decoded where they are stanzas; kMalformed where
/// the file is no recording.
Result<Summary> run(const VecFile& recording);

/// The same recording with the outputs and stanzas of now in place of the recorded ones: for a recording that
/// is made by hand from captured bytes, or that a wanted change of behaviour made stale. Random lines must be
/// there, in the sizes that are drawn.
Result<std::string> rewrite(const VecFile& recording);

}  // namespace ponte::replay
