// Configuration and data directory.
#include <algorithm>

#include "ponte/common/text.h"
#include "ponte/doctor/verdicts.h"

namespace ponte::tool {
namespace {

constexpr unsigned kOthers = 077;
constexpr std::uint64_t kKeySize = 32;
constexpr std::uint64_t kMebibyte = 1ULL << 20;
constexpr std::uint64_t kFullDisk = 64 * kMebibyte;
constexpr std::uint64_t kLittleRoom = 1024 * kMebibyte;
constexpr const char* kNotThere = "The data directory is not there.";

std::string mode_text(unsigned mode) {
  std::string out = "0000";
  for (std::size_t i = 0; i < 3; ++i) out[3 - i] = static_cast<char>('0' + (mode >> (3 * i) & 7U));
  return out;
}

bool in_memory(const std::string& filesystem) {
  return filesystem == "tmpfs" || filesystem == "ramfs";
}
bool over_the_network(const std::string& filesystem) {
  constexpr const char* kKinds[] = {"nfs", "cifs", "smb2", "fuse", "9p", "ceph", "afs"};
  return std::find(std::begin(kKinds), std::end(kKinds), filesystem) != std::end(kKinds);
}

Finding judge_folder(const DataFacts& facts) {
  Finding out{"data-directory", "Data directory"};
  const EntryFacts& folder = facts.folder;
  out.details = {{"path", folder.path}, {"mode", mode_text(folder.mode)}, {"filesystem", facts.filesystem}};
  const std::string& path = folder.path;
  if (!folder.problem.empty()) {
    return concluded(out, Verdict::kFailed, path + " cannot be looked at: " + folder.problem,
                     "Run this as the user that runs ponted.");
  }
  if (!folder.exists) {
    return concluded(out, Verdict::kFailed, path + " is not there.",
                     "Start ponted, which makes it; or set PONTE_DATA_DIR to where it is.");
  }
  if (!folder.right_kind) {
    return concluded(out, Verdict::kFailed, path + " is no directory.", "Set PONTE_DATA_DIR to a directory.");
  }
  if ((folder.mode & kOthers) != 0) {
    return concluded(out, Verdict::kWarning,
                     path + " can be reached by other users (mode " + mode_text(folder.mode) + ").",
                     "chmod 700 " + path);
  }
  if (in_memory(facts.filesystem)) {
    return concluded(out, Verdict::kWarning,
                     path + " is in memory (" + facts.filesystem + "): a restart loses every link.",
                     "Set PONTE_DATA_DIR to a directory on a disk.");
  }
  if (over_the_network(facts.filesystem)) {
    return concluded(out, Verdict::kWarning,
                     path + " is on a file system of the network (" + facts.filesystem +
                         "): locks and power cuts may not be what they are on a disk.",
                     "Set PONTE_DATA_DIR to a directory on a disk of this machine.");
  }
  if (facts.filesystem == "overlay") {
    return concluded(out, Verdict::kWarning, path + " is in a container's own layer: it is gone with the container.",
                     "Mount a volume there.");
  }
  return concluded(out, Verdict::kOk,
                   path + ", for its owner only" + (facts.filesystem.empty() ? "" : ", on " + facts.filesystem) + ".");
}

Finding judge_key(const DataFacts& facts) {
  Finding out{"master-key", "Master key"};
  const EntryFacts& key = facts.key;
  out.details = {{"path", key.path}, {"exists", key.exists}, {"mode", mode_text(key.mode)}, {"bytes", key.size}};
  if (!key.problem.empty()) {
    return concluded(out, Verdict::kFailed, key.path + " cannot be looked at: " + key.problem,
                     "Run this as the user that runs ponted.");
  }
  if (!key.exists && !facts.database) {
    return concluded(out, Verdict::kOk, "Not there yet; ponted makes it at its first start.");
  }
  const std::string put_back = "Put back the key that was made with this database, from a backup.";
  if (!key.exists)
    return concluded(out, Verdict::kFailed, key.path + " is missing, and the database needs it.", put_back);
  if (!key.right_kind) return concluded(out, Verdict::kFailed, key.path + " is no regular file.", put_back);
  if (key.size != kKeySize) {
    return concluded(out, Verdict::kFailed, key.path + " has " + std::to_string(key.size) + " bytes, not 32.",
                     put_back);
  }
  if ((key.mode & kOthers) != 0) {
    return concluded(
        out, Verdict::kFailed,
        key.path + " can be reached by other users (mode " + mode_text(key.mode) + "), so ponted refuses it.",
        "chmod 600 " + key.path);
  }
  if (key.owner != facts.folder.owner) {
    return concluded(out, Verdict::kWarning, key.path + " has another owner than the data directory.",
                     "Give it to the user that runs ponted: chown --reference=" + facts.folder.path + " " + key.path);
  }
  return concluded(out, Verdict::kOk, "32 bytes, for its owner only.");
}

Finding judge_disk(const DataFacts& facts) {
  Finding out{"disk", "Disk"};
  out.details = {{"freeBytes", facts.free}, {"writes", facts.write_problem.empty()}};
  const std::string room = size_text(facts.free) + " free";
  if (!facts.write_problem.empty()) {
    const bool not_ours = facts.self != facts.folder.owner;
    return concluded(
        out, Verdict::kFailed, "Nothing can be written there: " + facts.write_problem + " (" + room + ").",
        not_ours ? "Run this as the user that runs ponted." : "Make room, and see that it is not read-only.");
  }
  if (facts.free < kFullDisk) return concluded(out, Verdict::kFailed, room + ": the disk is full.", "Make room.");
  if (facts.free < kLittleRoom) return concluded(out, Verdict::kWarning, "Only " + room + ".", "Make room.");
  return concluded(out, Verdict::kOk, room + ", and it takes writes.");
}

Finding judge_lock(const DataFacts& facts) {
  Finding out{"lock", "Lock"};
  out.details = {{"held", facts.holder.has_value()}};
  if (!facts.holder) return concluded(out, Verdict::kOk, "No ponted has this directory.");
  return concluded(out, Verdict::kOk, "A ponted has this directory (process " + std::to_string(*facts.holder) + ").");
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  if (bytes >= 10240 * kMebibyte) return std::to_string(bytes / (1024 * kMebibyte)) + " GiB";
  return std::to_string(bytes / kMebibyte) + " MiB";
}

Finding judge_configuration(const ConfigurationFacts& facts) {
  Finding out{"configuration", "Configuration"};
  if (!facts.error) return concluded(out, Verdict::kOk, "Read from " + facts.sources + ".");
  constexpr std::string_view kHeading = "configuration:\n";
  const bool headed = facts.error->starts_with(kHeading);
  return concluded(out, Verdict::kFailed, headed ? facts.error->substr(kHeading.size()) : *facts.error,
                   "Correct it; docs/configuration.md has every setting.");
}

std::vector<Finding> judge_data(const DataFacts& facts) {
  std::vector<Finding> out{judge_folder(facts)};
  if (!facts.folder.exists || !facts.folder.right_kind || !facts.folder.problem.empty()) {
    out.push_back(concluded({"master-key", "Master key"}, Verdict::kSkipped, kNotThere));
    out.push_back(concluded({"disk", "Disk"}, Verdict::kSkipped, kNotThere));
    out.push_back(concluded({"lock", "Lock"}, Verdict::kSkipped, kNotThere));
    return out;
  }
  out.push_back(judge_key(facts));
  out.push_back(judge_disk(facts));
  out.push_back(judge_lock(facts));
  return out;
}

}  // namespace ponte::tool
