#include <curl/curl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "ponte/doctor/bundle.h"

namespace ponte::tool {
namespace {

/// PRETTY_NAME of os-release(5).
std::string distribution() {
  constexpr std::string_view kName = "PRETTY_NAME=";
  std::ifstream in("/etc/os-release");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(kName)) continue;
    std::string name = line.substr(kName.size());
    if (name.size() >= 2 && name.front() == '"') name = name.substr(1, name.size() - 2);
    return name;
  }
  return {};
}

nlohmann::json limit(decltype(RLIMIT_NOFILE) what) {
  rlimit found{};
  if (::getrlimit(what, &found) != 0) return nullptr;
  return {{"soft", found.rlim_cur}, {"hard", found.rlim_max}};
}

}  // namespace

nlohmann::json look_at_platform() {
  nlohmann::json out = {{"distribution", distribution()},
                        {"processors", std::thread::hardware_concurrency()},
                        {"openFiles", limit(RLIMIT_NOFILE)},
                        {"container", ::access("/.dockerenv", F_OK) == 0 || ::access("/run/.containerenv", F_OK) == 0},
                        {"curl", ::curl_version()},
                        {"compiler", __VERSION__}};
  utsname kernel{};
  if (::uname(&kernel) == 0) {
    // Not nodename: a host's name is its owner's.
    out["kernel"] = {{"name", kernel.sysname}, {"release", kernel.release}, {"machine", kernel.machine}};
  }
  struct sysinfo memory {};
  if (::sysinfo(&memory) == 0) {
    const std::uint64_t unit = memory.mem_unit == 0 ? 1 : memory.mem_unit;
    out["memoryMiB"] = memory.totalram * unit >> 20U;
  }
  return out;
}

}  // namespace ponte::tool
