// ponte phone: acts on a running simulator through its admin API.
#include <curl/curl.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "ponte/commands.h"

namespace ponte::tool {
namespace {

struct PhoneArguments {
  std::string sim = "http://127.0.0.1:7700/admin";
  std::string qr;
  std::string number;
  std::string code;
  std::string text;
  std::string from;
};

std::size_t collect(char* data, std::size_t size, std::size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

/// POSTs JSON to the admin API and prints what it answers. 0 where the answer is a success.
int post(const PhoneArguments& arguments, const std::string& call, const nlohmann::json& body) {
  const std::unique_ptr<CURL, void (*)(CURL*)> handle(curl_easy_init(), curl_easy_cleanup);
  if (!handle) return kFailed;
  std::string base = arguments.sim;
  while (!base.empty() && base.back() == '/') base.pop_back();
  if (base.size() < 6 || base.compare(base.size() - 6, 6, "/admin") != 0) base += "/admin";
  const std::string url = base + "/" + call;
  const std::string request = body.dump();
  std::string answer;
  // An empty Expect: the simulator does not answer 100-continue.
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
  headers = curl_slist_append(headers, "Expect:");
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> header_list(headers, curl_slist_free_all);
  curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(request.size()));
  curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, request.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT, 60L);
  curl_easy_setopt(handle.get(), CURLOPT_NOPROXY, "*");
  const CURLcode result = curl_easy_perform(handle.get());
  if (result != CURLE_OK) {
    std::fprintf(stderr, "ponte phone: %s: %s\n", url.c_str(), curl_easy_strerror(result));
    return kFailed;
  }
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  std::fprintf(status == 200 ? stdout : stderr, "%s\n", answer.c_str());
  return status == 200 ? kOk : kFailed;
}

int scan(const PhoneArguments& arguments) {
  std::string qr = arguments.qr;
  if (qr == "-") qr.assign(std::istreambuf_iterator<char>(std::cin), {});
  nlohmann::json body = {{"qr", qr}};
  if (!arguments.number.empty()) body["number"] = arguments.number;
  return post(arguments, "scan", body);
}

int send(const PhoneArguments& arguments) {
  nlohmann::json body = {{"to", arguments.number}, {"text", arguments.text}};
  if (!arguments.from.empty()) body["from"] = arguments.from;
  return post(arguments, "send", body);
}

}  // namespace

void register_phone(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<PhoneArguments>();
  CLI::App* phone = app.add_subcommand("phone", "acts as the phone of a running simulator");
  phone->require_subcommand(1);
  phone->add_option("--sim", arguments->sim, "the simulator's admin URL")
      ->envname("PONTE_SIM_URL")
      ->capture_default_str();

  CLI::App* scan_command = phone->add_subcommand("scan", "scans a QR text");
  scan_command->add_option("QR", arguments->qr, "the text of the QR code, or - for standard input")->required();
  scan_command->add_option("--number", arguments->number, "the phone's number; default: a phone without companions");
  scan_command->callback([arguments, &exit_code] { exit_code = scan(*arguments); });

  CLI::App* code_command = phone->add_subcommand("enter-code", "types a pairing code");
  code_command->add_option("NUMBER", arguments->number, "the phone's number")->required();
  code_command->add_option("CODE", arguments->code, "XXXX-XXXX")->required();
  code_command->callback([arguments, &exit_code] {
    exit_code = post(*arguments, "enter-code", {{"number", arguments->number}, {"code", arguments->code}});
  });

  CLI::App* sign_command = phone->add_subcommand("sign", "signs with the phone's passkey; prints the assertion");
  sign_command->add_option("OPTIONS", arguments->text, "passkey request options, JSON")->required();
  sign_command->callback([arguments, &exit_code] {
    exit_code = post(*arguments, "passkey-assertion", {{"options", arguments->text}});
  });

  CLI::App* send_command = phone->add_subcommand("send", "writes a message to a number, which its companions read");
  send_command->add_option("NUMBER", arguments->number, "who is written to")->required();
  send_command->add_option("TEXT", arguments->text, "what is written")->required();
  send_command->add_option("--from", arguments->from, "the number of the phone that writes; default: a contact");
  send_command->callback([arguments, &exit_code] { exit_code = send(*arguments); });
}

}  // namespace ponte::tool
