#include <iostream>
#include <string>
#include <vector>

#include "ponte/commands.h"
#include "replay/replay.h"

namespace ponte::tool {
namespace {

int replay_files(const std::vector<std::string>& files) {
  int code = kOk;
  for (const std::string& path : files) {
    auto file = VecFile::load(path);
    const auto summary = file.ok() ? replay::run(*file) : Result<replay::Summary>(file.error());
    if (summary.ok()) {
      std::cout << path << ": the same, " << summary->inputs << " inputs, " << summary->outputs << " outputs, "
                << summary->stanzas << " stanzas\n";
    } else {
      std::cout << path << ": " << summary.error().message << '\n';
      code = kFailed;
    }
  }
  return code;
}

}  // namespace

void register_replay(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("replay", "run recordings again and compare every byte");
  static std::vector<std::string> files;
  command->add_option("FILE", files, "recordings (.vec)")->required();
  command->callback([&exit_code] { exit_code = replay_files(files); });
}

}  // namespace ponte::tool
