// ponted: the service.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
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
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

int serve(const app::Config& config) {
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
  sigwait(&signals, &signal);
  log::info("ponted", "stopping");
  service.stop();
  return kOk;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Ponte links WhatsApp accounts as companion devices and serves them over REST.", "ponted");
  std::string file;
  bool check = false;
  bool print = false;
  cli.add_option("--config", file, "configuration file (TOML); the environment overrides it");
  cli.add_flag("--check-config", check, "check the configuration and exit");
  cli.add_flag("--print-config", print, "print the configuration, secrets masked, and exit");
  cli.set_version_flag("--version", "ponted " PONTE_VERSION);
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    const int code = cli.exit(problem);
    return code == 0 ? kOk : kConfiguration;
  }
  const auto config = app::load_config(file, [](const char* name) -> const char* { return std::getenv(name); });
  if (!config.ok()) {
    std::cerr << config.error().message << '\n';
    return kConfiguration;
  }
  if (print) std::cout << app::print_config(*config);
  if (check && !print) std::cout << "The configuration is valid.\n";
  if (check || print) return kOk;
  log::configure(config->log_level, config->log_format);
  try {
    return serve(*config);
  } catch (const std::exception& problem) {
    std::cerr << "ponted: " << problem.what() << '\n';
    return kRunTimeFailure;
  }
}
