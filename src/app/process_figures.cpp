#include "app/process_figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace ponte::app {
namespace {

/// proc(5), /proc/pid/stat: the fields behind the name, which may hold blanks and brackets itself.
std::vector<std::string> stat_fields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(')');
  std::istringstream rest(name_end == std::string::npos ? "" : line.substr(name_end + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

}  // namespace

ProcessFigures process_figures() {
  ProcessFigures out;
  const auto fields = stat_fields();
  // Counted from field 3, the state.
  const auto field = [&](std::size_t number) -> std::uint64_t {
    return number - 3 < fields.size() ? std::strtoull(fields[number - 3].c_str(), nullptr, 10) : 0;
  };
  out.cpu_seconds = static_cast<double>(field(14) + field(15)) / static_cast<double>(sysconf(_SC_CLK_TCK));
  out.threads = field(20);
  out.virtual_bytes = field(23);
  out.resident_bytes = field(24) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  std::error_code problem;
  const std::filesystem::directory_iterator descriptors("/proc/self/fd", problem);
  if (!problem) {
    // The iterator's own is one of them.
    const auto count = std::distance(begin(descriptors), end(descriptors));
    out.open_descriptors = count > 0 ? static_cast<std::uint64_t>(count) - 1 : 0;
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) out.most_descriptors = limit.rlim_cur;
  return out;
}

}  // namespace ponte::app
