// The subcommands of `ponte`, each in a file of its own.
#pragma once

#include <CLI/CLI.hpp>

namespace ponte::tool {

/// Exit codes as of ponted: 0 ok, 1 failure at run time, 2 usage, 3 the data directory is in use, 4 the store is
/// damaged or its key is missing.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kDataDirectoryInUse = 3;
inline constexpr int kStoreCorrupt = 4;

/// Each adds its subcommand to `app`; when it is chosen it runs and leaves its exit code in `exit_code`.
void register_sim(CLI::App& app, int& exit_code);
void register_phone(CLI::App& app, int& exit_code);
void register_decode(CLI::App& app, int& exit_code);
void register_replay(CLI::App& app, int& exit_code);
void register_export(CLI::App& app, int& exit_code);
void register_import(CLI::App& app, int& exit_code);

}  // namespace ponte::tool
