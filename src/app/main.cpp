// ponted: the service.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "app/config.h"
#include "app/wiring.h"
#include "base/log.h"

namespace {

using namespace ponte;  // NOLINT(google-build-using-namespace): main names parts of every layer

enum ExitCode { kOk = 0, kRunTimeFailure = 1, kConfiguration = 2, kDataDirectoryInUse = 3, kStoreCorrupt = 4 };

ExitCode exit_code_of(const Error& error) {
  switch (error.cause) {
    case Cause::kConfigInvalid: return kConfiguration;
    case Cause::kStoreInUse: return kDataDirectoryInUse;
    case Cause::kStoreCorrupt:
    case Cause::kMasterKeyMissing: return kStoreCorrupt;
    default: return kRunTimeFailure;
  }
}

/// Signals are taken by sigwait in main alone; threads made later inherit the mask.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file beyond its limit is a write that fails
  return signals;
}

/// Where the configuration comes from, at start and at each SIGHUP.
struct Sources {
  std::string file;
  std::string environment_file;

  Result<app::Config> load() const {
    return app::load_config(
        file, [](const char* name) -> const char* { return std::getenv(name); }, environment_file);
  }
};

void reload(const Sources& sources, app::Config& config, app::Service& service) {
  const auto fresh = sources.load();
  if (!fresh.ok()) {
    std::istringstream lines(fresh.error().message);
    for (std::string line; std::getline(lines, line);) log::error("ponted", line);
    log::error("ponted", "the configuration was not read again: the one that was good goes on");
    return;
  }
  const auto changes = app::adopt(config, *fresh);
  for (const app::SettingChange& change : changes) {
    log::warn("ponted", "configuration: " + change.name + " is '" + change.to + "', was '" + change.from + "'" +
                            (change.at_once ? "" : ": takes a restart"));
  }
  service.reconfigure(config);
  if (changes.empty()) log::warn("ponted", "configuration: read again, nothing has changed");
}

int serve(app::Config config, const Sources& sources) {
  const sigset_t signals = block_signals();
  auto started = app::Service::start(config);
  if (!started.ok()) {
    std::cerr << "ponted: " << started.error().message << '\n';
    return exit_code_of(started.error());
  }
  app::Service& service = **started;
  if (const auto& token = service.new_account_token()) {
    std::cout << "Account token (shown only now, keep it): " << *token << std::endl;
  }
  log::info("ponted", "ready on port " + std::to_string(service.port()));
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) reload(sources, config, service);
  log::info("ponted", "stopping");
  service.stop();
  return kOk;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Ponte links WhatsApp accounts as companion devices and serves them over REST.", "ponted");
  Sources sources;
  bool check = false;
  bool print = false;
  cli.add_option("--config", sources.file, "configuration file (TOML); the environment overrides it");
  cli.add_option("--env-file", sources.environment_file, "file with lines PONTE_NAME=value; it overrides both");
  cli.add_flag("--check-config", check, "check the configuration and exit");
  cli.add_flag("--print-config", print, "print the configuration, secrets masked, and exit");
  cli.set_version_flag("--version", "ponted " PONTE_VERSION);
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    const int code = cli.exit(problem);
    return code == 0 ? kOk : kConfiguration;
  }
  const auto config = sources.load();
  if (!config.ok()) {
    std::cerr << config.error().message << '\n';
    return kConfiguration;
  }
  if (print) std::cout << app::print_config(*config);
  if (check && !print) std::cout << "The configuration is valid.\n";
  if (check || print) return kOk;
  log::configure(config->log_level, config->log_format);
  try {
    return serve(*config, sources);
  } catch (const std::exception& problem) {
    std::cerr << "ponted: " << problem.what() << '\n';
    return kRunTimeFailure;
  }
}
