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

int rewrite_file(const std::string& path) {
  auto file = VecFile::load(path);
  const auto text = file.ok() ? replay::rewrite(*file) : Result<std::string>(file.error());
  if (!text.ok()) {
    std::cerr << path << ": " << text.error().message << '\n';
    return kFailed;
  }
  std::cout << *text;
  return kOk;
}

}  // namespace

void register_replay(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("replay", "run recordings again and compare every byte");
  static std::vector<std::string> files;
  command->add_option("FILE", files, "recordings (.vec)")->required();
  static bool rewrite = false;
  command->add_flag("--rewrite", rewrite, "print the first FILE with the outputs of now instead of comparing them");
  command->callback([&exit_code] { exit_code = rewrite ? rewrite_file(files.front()) : replay_files(files); });
}

}  // namespace ponte::tool
