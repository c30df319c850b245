// ponte doctor: why it does not work here, or that it should.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "net/http_url.h"
#include "ponte/commands.h"
#include "ponte/common/terminal.h"
#include "ponte/common/text.h"
#include "ponte/common/token.h"
#include "ponte/doctor/doctor.h"
#include "ponte/doctor/report.h"
#include "ponte/doctor/tar_file.h"

namespace ponte::tool {
namespace {

constexpr const char* kFooter =
    "It reads the configuration as ponted does, goes the ways that ponted goes, and asks the running ponted. Run it as "
    "the user that runs ponted. With the account token (PONTE_ACCOUNT_TOKEN or --token-file) it sees more.\n\n"
    "--record writes what a report of a fault needs. Keys, tokens, messages, phone numbers and names of hosts are not "
    "in it. Look through it before you send it.\n\n"
    "Exit codes: 0 nothing failed, 1 something failed, 2 wrong usage.";

constexpr std::size_t kWidest = 100;

struct DoctorArguments {
  std::string config_file;
  std::string environment_file;
  std::string url;
  std::string token_file;
  std::string record;
  bool json = false;
};

int fail(const std::string& message, int code) {
  std::fprintf(stderr, "ponte doctor: %s\n", message.c_str());
  return code;
}

/// What is in the report, and that it is to be looked through.
std::string record_text(const std::string& path, const std::vector<BundleFile>& files) {
  std::string out = "\nWrote " + path + ":\n";
  for (const BundleFile& file : files) out += "  " + padded(file.name, 20) + file.what + "\n";
  const std::string look = names_archive(path) ? "tar -xzOf " + path + " | less" : "less " + path + "/*";
  return out + "Look through it before you send it:  " + look + "\n";
}

int doctor(const DoctorArguments& arguments) {
  log::configure(log::Level::kOff, log::Format::kText);
  crypto::initialize();
  DoctorRequest request;
  request.config_file = arguments.config_file;
  request.environment_file = arguments.environment_file;
  request.url = arguments.url;
  request.for_report = !arguments.record.empty();
  if (!arguments.url.empty()) {
    if (const auto url = net::parse_http_url(arguments.url); !url.ok()) {
      return fail("--url: " + url.error().message, kUsage);
    }
  }
  if (!arguments.token_file.empty()) {
    auto token = read_token_file(arguments.token_file);
    if (!token.ok()) return fail(token.error().message, kUsage);
    request.token = std::move(*token);
  }
  std::error_code problem;
  if (request.for_report && std::filesystem::exists(arguments.record, problem)) {
    return fail("--record: " + arguments.record + " is there already", kUsage);
  }

  const bool terminal = output_is_terminal();
  const ReportStyle style{terminal ? std::min(terminal_size().columns, kWidest) : 0, output_takes_colours()};
  const DoctorResult result = run_doctor(request, [&](const Finding& finding) {
    if (!arguments.json) write_out(finding_text(finding, style));
  });
  if (arguments.json) {
    // What others wrote need not be UTF-8.
    constexpr auto kReplace = nlohmann::json::error_handler_t::replace;
    write_out(report_json(result.findings, PONTE_VERSION).dump(2, ' ', false, kReplace) + "\n");
  } else {
    write_out("\n  " + summary_text(result.findings) + "\n");
  }
  if (request.for_report) {
    const std::int64_t now = unix_seconds(SystemClock().now().wall);
    const Status written = write_bundle(arguments.record, result.report, now);
    if (!written.ok()) return fail("--record: " + written.error().message, kFailed);
    // Standard output has one JSON document, or text.
    std::fputs(record_text(arguments.record, result.report).c_str(), arguments.json ? stderr : stdout);
  }
  return nothing_failed(result.findings) ? kOk : kFailed;
}

}  // namespace

void register_doctor(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<DoctorArguments>();
  CLI::App* command =
      app.add_subcommand("doctor", "checks configuration, data directory, the way to WhatsApp and the running ponted");
  command->footer(kFooter);
  command->add_option("--config", arguments->config_file, "ponted's configuration file");
  command->add_option("--env-file", arguments->environment_file, "ponted's file with lines PONTE_NAME=value");
  command->add_option("--url", arguments->url, "where ponted is; default: where the configuration has it listen");
  command->add_option("--token-file", arguments->token_file, "the account token is the first line of this file");
  command->add_flag("--json", arguments->json, "one JSON document instead of text");
  command->add_option("--record", arguments->record, "also write a redacted report: FILE.tar.gz, or a new folder");
  command->callback([arguments, &exit_code] { exit_code = doctor(*arguments); });
}

}  // namespace ponte::tool
