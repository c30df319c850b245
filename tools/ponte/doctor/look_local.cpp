#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

#include "ponte/doctor/look.h"

namespace ponte::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kWritten = 64 * 1024;

std::string words(int error_number) {
  return std::generic_category().message(error_number);
}

std::string absolute(const std::string& path) {
  std::error_code problem;
  const fs::path out = fs::absolute(path, problem);
  return problem ? path : out.lexically_normal().string();
}

enum class Kind { kFolder, kFile };

EntryFacts entry(const std::string& path, Kind kind) {
  EntryFacts out;
  out.path = absolute(path);
  struct stat info {};
  if (::stat(out.path.c_str(), &info) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) out.problem = words(errno);
    return out;
  }
  out.exists = true;
  out.right_kind = kind == Kind::kFolder ? S_ISDIR(info.st_mode) : S_ISREG(info.st_mode);
  out.mode = info.st_mode & 07777U;
  out.size = static_cast<std::uint64_t>(info.st_size);
  out.owner = info.st_uid;
  return out;
}

/// statfs(2) has the numbers.
std::string filesystem_of(const std::string& path) {
  struct statfs info {};
  if (::statfs(path.c_str(), &info) != 0) return {};
  switch (static_cast<unsigned long>(info.f_type)) {
    case 0x01021994: return "tmpfs";
    case 0x858458F6: return "ramfs";
    case 0x6969: return "nfs";
    case 0xFF534D42: return "cifs";
    case 0xFE534D42: return "smb2";
    case 0x65735546: return "fuse";
    case 0x01021997: return "9p";
    case 0x00C36400: return "ceph";
    case 0x794C7630: return "overlay";
    case 0xEF53: return "ext4";
    case 0x58465342: return "xfs";
    case 0x9123683E: return "btrfs";
    case 0x2FC12FC1: return "zfs";
    case 0xF2F52010: return "f2fs";
    default: return {};
  }
}

/// Writes a file, syncs and removes it; empty where that works.
std::string try_to_write(const std::string& folder) {
  std::string path = folder + "/doctor-XXXXXX";
  const int file = ::mkostemp(path.data(), O_CLOEXEC);
  if (file < 0) return words(errno);
  ::unlink(path.c_str());
  const std::string content(kWritten, '\0');
  std::string problem;
  const ssize_t written = ::write(file, content.data(), content.size());
  if (written < 0 || ::fsync(file) != 0) {
    problem = words(errno);
  } else if (static_cast<std::size_t>(written) < content.size()) {
    problem = words(ENOSPC);
  }
  ::close(file);
  return problem;
}

std::optional<pid_t> find_holder(const std::string& lock_file) {
  struct stat info {};
  if (::stat(lock_file.c_str(), &info) != 0) return std::nullopt;
  std::ifstream in("/proc/locks");
  const std::string locks{std::istreambuf_iterator<char>(in), {}};
  return holder_of_lock(locks, info.st_ino);
}

bool has_database(const std::string& folder) {
  std::error_code problem;
  return fs::exists(folder + "/initialized", problem) || fs::exists(folder + "/db/CURRENT", problem);
}

}  // namespace

// Trying to lock it would keep a ponted out that starts at that moment.
std::optional<pid_t> holder_of_lock(const std::string& proc_locks, std::uint64_t inode) {
  std::istringstream lines(proc_locks);
  for (std::string line; std::getline(lines, line);) {
    // 1: FLOCK  ADVISORY  WRITE 10578 fe:00:10314669 0 EOF
    std::istringstream fields(line);
    std::string number;
    std::string kind;
    std::string mode;
    std::string access;
    std::string place;
    pid_t process = 0;
    if (!(fields >> number >> kind >> mode >> access >> process >> place) || kind != "FLOCK") continue;
    const auto colon = place.rfind(':');
    if (colon != std::string::npos && place.substr(colon + 1) == std::to_string(inode)) return process;
  }
  return std::nullopt;
}

DataFacts look_at_data(const app::Config& config) {
  DataFacts out;
  out.folder = entry(config.data_dir, Kind::kFolder);
  out.key = entry(config.master_key_path(), Kind::kFile);
  out.self = ::geteuid();
  if (!out.folder.exists || !out.folder.right_kind) return out;
  const std::string& path = out.folder.path;
  out.filesystem = filesystem_of(path);
  struct statvfs room {};
  if (::statvfs(path.c_str(), &room) == 0) {
    out.free = static_cast<std::uint64_t>(room.f_bavail) * static_cast<std::uint64_t>(room.f_frsize);
  }
  out.database = has_database(path);
  out.write_problem = try_to_write(path);
  out.holder = find_holder(path + "/lock");
  return out;
}

}  // namespace ponte::tool
