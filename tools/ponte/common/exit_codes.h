// Exit codes of `ponte`, as of ponted.
#pragma once

namespace ponte::tool {

inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kDataDirectoryInUse = 3;
inline constexpr int kStoreCorrupt = 4;

}  // namespace ponte::tool
