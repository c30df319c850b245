// ponte sim: WhatsApp's server and a phone on this machine.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/hex.h"
#include "crypto/digest.h"
#include "crypto/system_random.h"
#include "ponte/commands.h"
#include "simulator/shell_server.h"
#include "simulator/sim_server.h"
#include "simulator/tls_files.h"

namespace ponte::tool {
namespace {

struct SimArguments {
  std::string listen = "127.0.0.1:7700";
  std::string seed;
  bool tls = false;
  bool json = false;
  std::uint32_t first_ref_ms = 60'000;
  std::uint32_t ref_ms = 20'000;
  std::uint32_t ping_ms = 30'000;
  std::uint32_t minimum_revision = 0;
  bool refresh = false;
  std::string record_directory;
};

/// `ADDRESS:PORT`, `[V6]:PORT` or `PORT`.
std::optional<std::pair<std::string, std::uint16_t>> split_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::string host = colon == std::string::npos ? "127.0.0.1" : text.substr(0, colon);
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  const unsigned long number = std::stoul(port);
  if (number > 65535 || host.empty()) return std::nullopt;
  return std::pair(host, static_cast<std::uint16_t>(number));
}

/// Up to 32 bytes of hex; a short one is filled with zeros.
std::optional<simulator::Seed> parse_seed(const std::string& text) {
  const auto bytes = from_hex(text);
  if (!bytes.ok() || bytes->empty() || bytes->size() > 32) return std::nullopt;
  simulator::Seed seed{};
  std::copy(bytes->begin(), bytes->end(), seed.begin());
  return seed;
}

void announce(const simulator::ShellServer& shell, const std::string& root_key, const std::string& ca_file, bool json) {
  if (json) {
    nlohmann::json facts = {{"url", shell.url()}, {"rootKey", root_key}, {"adminUrl", shell.admin_url()}};
    facts["caFile"] = ca_file.empty() ? nlohmann::json(nullptr) : nlohmann::json(ca_file);
    std::printf("%s\n", facts.dump().c_str());
  } else {
    std::printf("WhatsApp's server, simulated\n  url       %s\n  root key  %s\n  admin     %s\n", shell.url().c_str(),
                root_key.c_str(), shell.admin_url().c_str());
    if (!ca_file.empty()) std::printf("  CA file   %s\n", ca_file.c_str());
    std::printf("\nPoint ponted at it:\n  PONTE_WHATSAPP_URL=%s PONTE_WHATSAPP_ROOT_KEY=%s%s%s ponted\n",
                shell.url().c_str(), root_key.c_str(),
                ca_file.empty() ? "" : " PONTE_WHATSAPP_CA_FILE=", ca_file.c_str());
    std::printf("Scan:\n  PONTE_SIM_URL=%s ponte phone scan QR\n", shell.admin_url().c_str());
  }
  std::fflush(stdout);
}

int fail(const std::string& message, int code) {
  std::fprintf(stderr, "ponte sim: %s\n", message.c_str());
  return code;
}

/// companion_reg_refresh at every first scan, as an admin call, so that a recording has it.
void refresh_at_scans(simulator::SimServer& server, simulator::Recorder* recorder, const Now& now) {
  const simulator::AdminRequest request{"POST", "/admin/fail", R"({"refreshBeforePairing":true})"};
  Reply<simulator::AdminResponse> reply([](const auto&) {});
  if (recorder != nullptr) reply = recorder->admin(request, now, std::move(reply));
  handle_admin(server, request, now, std::move(reply));
}

int run_sim(const SimArguments& arguments) {
  simulator::Options options;
  if (!arguments.seed.empty()) {
    options.seed = parse_seed(arguments.seed);
    if (!options.seed) return fail("--seed: expected 1 to 32 bytes in hex", kUsage);
  }
  options.first_ref_ttl = Milliseconds(arguments.first_ref_ms);
  options.ref_ttl = Milliseconds(arguments.ref_ms);
  options.ping_interval = Milliseconds(arguments.ping_ms);
  options.minimum_revision = arguments.minimum_revision;
  const auto address = split_address(arguments.listen);
  if (!address) return fail("--listen: expected ADDRESS:PORT, got " + arguments.listen, kUsage);

  simulator::ShellOptions shell_options{address->first, address->second, std::nullopt};
  std::optional<simulator::TemporaryFile> ca_file;
  if (arguments.tls) {
    auto identity = simulator::make_tls_identity();
    if (!identity.ok()) return fail(identity.error().message, kFailed);
    auto written = simulator::TemporaryFile::write(identity->ca_certificate);
    if (!written.ok()) return fail(written.error().message, kFailed);
    ca_file.emplace(std::move(*written));
    shell_options.tls = std::move(*identity);
  }

  crypto::initialize();
  crypto::SystemRandom system_random;
  std::optional<simulator::DerivedRandom> derived;
  if (options.seed) derived.emplace(*options.seed, "server");
  RandomSource& random = derived ? static_cast<RandomSource&>(*derived) : system_random;
  const SystemClock clock;
  std::unique_ptr<simulator::Recorder> recorder;
  if (!arguments.record_directory.empty()) {
    if (!options.seed) options.seed = random.array<32>();
    auto opened = simulator::Recorder::open(arguments.record_directory, options, clock.now(), random);
    if (!opened.ok()) return fail(opened.error().message, kFailed);
    recorder = std::move(*opened);
    shell_options.recorder = recorder.get();
  }
  simulator::SimServer server(options, recorder ? static_cast<RandomSource&>(*recorder) : random);
  if (arguments.refresh) refresh_at_scans(server, recorder.get(), clock.now());
  auto shell = simulator::ShellServer::listen(server, clock, shell_options);
  if (!shell.ok()) return fail(shell.error().message, kFailed);
  announce(**shell, to_hex(server.root_key()), ca_file ? ca_file->path() : std::string(), arguments.json);
  (*shell)->run(true);
  return kOk;
}

}  // namespace

void register_sim(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<SimArguments>();
  CLI::App* command =
      app.add_subcommand("sim", "WhatsApp's server and a phone, simulated; prints its URL and root key");
  command->add_option("--listen", arguments->listen, "ADDRESS:PORT; port 0 lets the system choose")
      ->capture_default_str();
  command->add_flag("--tls", arguments->tls,
                    "wss:// with a certificate for web.whatsapp.com and localhost under a CA of its own");
  command->add_option("--seed", arguments->seed, "hex: the same seed gives the same Noise, account and root keys");
  command->add_flag("--json", arguments->json, "one JSON line {url, rootKey, adminUrl, caFile}");
  command->add_option("--first-ref-ms", arguments->first_ref_ms, "how long the first QR ref is valid")
      ->capture_default_str();
  command->add_option("--ref-ms", arguments->ref_ms, "how long each further QR ref is valid")->capture_default_str();
  command->add_option("--ping-ms", arguments->ping_ms, "between the server's pings")
      ->capture_default_str()
      ->check(CLI::Range(10, 86'400'000));
  command->add_option("--min-revision", arguments->minimum_revision,
                      "refuse older clients than 2.3000.N with failure 405");
  command->add_flag("--refresh", arguments->refresh,
                    "send companion_reg_refresh at the first scan, as phones since mid-2026 do");
  command->add_option("--record", arguments->record_directory,
                      "write the run to a .vec file in this directory, for `ponte replay`; it holds keys");
  command->callback([arguments, &exit_code] { exit_code = run_sim(*arguments); });
}

}  // namespace ponte::tool
