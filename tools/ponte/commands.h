// The subcommands of `ponte`, each in a file of its own.
#pragma once

#include <CLI/CLI.hpp>

#include "ponte/common/exit_codes.h"

namespace ponte::tool {

/// Each adds its subcommand to `app`; when it is chosen it runs and leaves its exit code in `exit_code`.
void register_sim(CLI::App& app, int& exit_code);
void register_phone(CLI::App& app, int& exit_code);
void register_decode(CLI::App& app, int& exit_code);
void register_replay(CLI::App& app, int& exit_code);
void register_export(CLI::App& app, int& exit_code);
void register_import(CLI::App& app, int& exit_code);
void register_link(CLI::App& app, int& exit_code);
void register_doctor(CLI::App& app, int& exit_code);

}  // namespace ponte::tool
