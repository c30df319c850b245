// ponte link: links an account through a running ponted, from a terminal.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "instance/recipient.h"
#include "instance/types.h"
#include "net/address_class.h"
#include "net/http_url.h"
#include "ponte/commands.h"
#include "ponte/common/token.h"
#include "ponte/link/link_session.h"

namespace ponte::tool {
namespace {

constexpr const char* kTokenVariable = "PONTE_ACCOUNT_TOKEN";

constexpr const char* kFooter =
    "The token is the account token, or that of the instance where it exists. It comes from --token-file, else from "
    "PONTE_ACCOUNT_TOKEN, else it is asked for; it is never an argument.\n\n"
    "Ctrl-C leaves the attempt as it is: the same command shows the current code again.\n\n"
    "Exit codes: 0 linked, 1 failed or stopped, 2 wrong usage.";

struct LinkArguments {
  std::string instance;
  std::string number;
  std::string url = "http://127.0.0.1:8080";
  std::string token_file;
  unsigned history = 0;
};

int fail(const std::string& message) {
  std::fprintf(stderr, "ponte link: %s\n", message.c_str());
  return kUsage;
}

bool is_this_machine(const std::string& host) {
  return host == "localhost" || net::classify_literal(host) == net::AddressClass::kLoopback;
}

Result<SecretBytes> find_token(const LinkArguments& arguments, Signals& signals) {
  if (!arguments.token_file.empty()) return read_token_file(arguments.token_file);
  if (const char* value = std::getenv(kTokenVariable); value != nullptr && *value != '\0') {
    return checked_token(SecretBytes(to_bytes(std::string_view(value))), kTokenVariable);
  }
  auto asked = ask_secret("Token of Ponte (not shown): ", signals);
  if (!asked.ok()) {
    if (asked.error().code == Errc::kCancelled) return std::move(asked).error();
    return Error{Errc::kInvalidArgument, Cause::kInvalidToken,
                 std::string("no token: give --token-file FILE, or set ") + kTokenVariable};
  }
  return checked_token(std::move(*asked), "token");
}

int link(const LinkArguments& arguments) {
  log::configure(log::Level::kOff, log::Format::kText);
  LinkRequest request{arguments.instance, arguments.url, std::nullopt};
  if (!instance::is_instance_name(arguments.instance)) {
    return fail("NAME: expected 1 to 100 letters, digits, - and _, got " + arguments.instance);
  }
  const auto url = net::parse_http_url(arguments.url);
  if (!url.ok()) return fail("--url: " + url.error().message);
  if (!arguments.number.empty()) {
    request.number = instance::phone_digits(arguments.number);
    if (!request.number) {
      return fail("--number: expected 7 to 15 digits with the country code, as in 5511912345678, got " +
                  arguments.number);
    }
  }
  if (arguments.history != 0) request.history = arguments.history;
  Signals signals;
  auto token = find_token(arguments, signals);
  if (!token.ok()) {
    if (token.error().code == Errc::kCancelled) return kFailed;
    return fail(token.error().message);
  }
  if (!url->tls && !is_this_machine(url->authority.host)) {
    std::fprintf(stderr, "Note: over http:// the token goes to %s unencrypted.\n", url->authority.host.c_str());
  }
  return run_link(request, std::move(*token), signals);
}

}  // namespace

void register_link(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<LinkArguments>();
  CLI::App* command = app.add_subcommand(
      "link", "links an account through a running ponted: shows the QR code, or with --number a code to type");
  command->footer(kFooter);
  command->add_option("NAME", arguments->instance, "the instance; it is made where it does not exist")->required();
  command->add_option("--number", arguments->number, "show a code to type, for the phone with this number");
  command->add_option("--url", arguments->url, "where ponted is")->capture_default_str();
  command->add_option("--token-file", arguments->token_file, "the token is the first line of this file");
  command->add_option("--history", arguments->history, "days of history to ask the phone for, at the first link")
      ->check(CLI::Range(1, 3650));
  command->callback([arguments, &exit_code] { exit_code = link(*arguments); });
}

}  // namespace ponte::tool
