// What the system knows of this process.
#pragma once

#include <cstdint>

namespace ponte::app {

/// Of /proc/self; 0 where it could not be read.
struct ProcessFigures {
  double cpu_seconds = 0;  ///< user and system
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t threads = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t most_descriptors = 0;
};
ProcessFigures process_figures();

}  // namespace ponte::app
