#include "base/vec.h"

#include <fstream>
#include <sstream>

#include "base/hex.h"

namespace ponte {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

Result<VecFile> VecFile::parse(std::string_view text) {
  VecFile file;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.empty() || line.front() == '#') continue;
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || trimmed(line.substr(0, equals)).empty()) {
      return Error{Errc::kMalformed, Cause::kInvalidRequest,
                   "vec: line " + std::to_string(number) + ": expected `key = value`"};
    }
    file.lines_.push_back(
        {std::string(trimmed(line.substr(0, equals))), std::string(trimmed(line.substr(equals + 1))), number});
  }
  return file;
}

Result<VecFile> VecFile::load(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{Errc::kNotFound, Cause::kInvalidRequest, "vec: cannot open " + path};
  std::ostringstream text;
  text << in.rdbuf();
  auto parsed = parse(text.str());
  if (!parsed.ok()) {
    Error error = std::move(parsed).error();
    error.message += " in " + path;
    return error;
  }
  return parsed;
}

Result<std::string> VecFile::text(std::string_view key) const {
  for (const VecLine& line : lines_) {
    if (line.key == key) return line.value;
  }
  return Error{Errc::kNotFound, Cause::kInvalidRequest, "vec: no key '" + std::string(key) + "'"};
}

Result<Bytes> VecFile::bytes(std::string_view key) const {
  PONTE_ASSIGN(const std::string value, text(key));
  return from_hex(value);
}

}  // namespace ponte
