// ponte decode: what some bytes or a text are.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "ponte/commands.h"
#include "ponte/decode.h"

namespace ponte::tool {
namespace {

std::string read_all(std::istream& stream) {
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// The argument's own text, unless it names a file or is `-`.
std::string input_of(const std::string& argument) {
  if (argument == "-") return read_all(std::cin);
  std::error_code not_a_path;
  if (!std::filesystem::is_regular_file(argument, not_a_path)) return argument;
  std::ifstream file(argument, std::ios::binary);
  return read_all(file);
}

int decode(const std::string& argument) {
  const std::string input = input_of(argument);
  const auto found = decode_any(as_bytes(input));
  if (!found.ok()) {
    std::fprintf(stderr, "ponte decode: %s\n", found.error().message.c_str());
    return kFailed;
  }
  std::printf("%s%s", found->c_str(), found->ends_with('\n') ? "" : "\n");
  return kOk;
}

}  // namespace

void register_decode(CLI::App& app, int& exit_code) {
  auto argument = std::make_shared<std::string>("-");
  CLI::App* command = app.add_subcommand(
      "decode", "says what bytes or a text are: frames, stanzas, protobufs, certificate chains, QR texts");
  command->add_option("INPUT", *argument, "hex or text, the name of a file, or - for standard input")
      ->capture_default_str();
  command->callback([argument, &exit_code] { exit_code = decode(*argument); });
}

}  // namespace ponte::tool
