#include "api/audit_log.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/log.h"

namespace ponte::api {
namespace {

constexpr const char* kComponent = "audit";

Error failed(const std::string& what) {
  return {Errc::kStorage, Cause::kStoreUnavailable, "audit log: " + what + ": " + std::strerror(errno)};
}

/// For people; the file is for machines. Nothing in it can end the line: names are names, ids visible ASCII.
std::string summary(const AuditRecord& record) {
  std::string out = std::string(record.action);
  if (!record.instance.empty()) out += " of " + record.instance;
  out += " by " + record.actor + " from " + record.client + ": " + std::to_string(record.status) + " ";
  out += record.result;
  return out + ", request " + record.request_id;
}

}  // namespace

Result<std::unique_ptr<AuditLog>> AuditLog::open(Options options) {
  auto log = std::unique_ptr<AuditLog>(new AuditLog(std::move(options)));
  if (const Status opened = log->open_file(); !opened.ok()) {
    return Error{Errc::kInvalidArgument, Cause::kConfigInvalid, "PONTE_AUDIT_LOG: " + opened.error().message};
  }
  return log;
}

AuditLog::~AuditLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Status AuditLog::open_file() {
  UniqueFd fd(::open(options_.path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return failed("cannot open " + options_.path);
  struct stat facts {};
  if (::fstat(fd.get(), &facts) != 0) return failed("cannot look at " + options_.path);
  if (!S_ISREG(facts.st_mode)) {
    errno = EINVAL;
    return failed("expected a file, got something else at " + options_.path);
  }
  if (::fchmod(fd.get(), 0600) != 0) return failed("cannot set the mode of " + options_.path);
  char last = '\n';
  if (facts.st_size > 0) (void)!::pread(fd.get(), &last, 1, facts.st_size - 1);
  fd_ = std::move(fd);
  size_ = static_cast<std::uint64_t>(facts.st_size);
  torn_ = last != '\n';
  return Status::Ok();
}

void AuditLog::write(AuditRecord record, Task then) {
  const std::lock_guard lock(mutex_);
  queue_.push_back({std::move(record), std::move(then)});
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_one();
}

void AuditLog::run() {
  pthread_setname_np(pthread_self(), "ponte-audit");
  for (;;) {
    std::vector<Entry> entries;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      entries.swap(queue_);
    }
    write_all(entries);
    for (Entry& entry : entries) entry.then();
  }
}

void AuditLog::write_all(const std::vector<Entry>& entries) {
  if (reopen_.exchange(false)) go_on_with(open_file());
  for (const Entry& entry : entries) {
    const std::string line = audit_line(entry.record);
    if (size_ > 0 && size_ + line.size() > options_.largest) go_on_with(rotate());
    const Status written = write_line(line);
    if (!written.ok()) lost_.add();
    tell(written);
    log::info(kComponent, summary(entry.record));
  }
}

/// A line that could not be written whole is closed before the next one, which a reader must be able to read.
Status AuditLog::write_line(const std::string& line) {
  const std::string text = torn_ ? "\n" + line : line;
  ssize_t taken = 0;
  do {
    taken = ::write(fd_.get(), text.data(), text.size());
  } while (taken < 0 && errno == EINTR);
  if (taken < 0) return failed("cannot write to " + options_.path);
  size_ += static_cast<std::uint64_t>(taken);
  if (taken > 0) torn_ = text[static_cast<std::size_t>(taken) - 1] != '\n';
  if (static_cast<std::size_t>(taken) == text.size()) return Status::Ok();
  errno = ENOSPC;
  return failed("cannot write a whole line to " + options_.path);
}

/// Where there is no new file, the old one goes on growing, up to the next try: better too large than lost.
void AuditLog::go_on_with(const Status& new_file) {
  if (new_file.ok()) return;
  size_ = 0;
  log::error(kComponent, new_file.error().message + "; the old file goes on");
}

Status AuditLog::rotate() {
  const auto name = [&](unsigned number) { return options_.path + "." + std::to_string(number); };
  for (unsigned number = options_.kept; number > 1; --number) {
    if (std::rename(name(number - 1).c_str(), name(number).c_str()) != 0 && errno != ENOENT) {
      return failed("cannot rename " + name(number - 1));
    }
  }
  if (std::rename(options_.path.c_str(), name(1).c_str()) != 0 && errno != ENOENT) {
    return failed("cannot rename " + options_.path);
  }
  return open_file();
}

/// A change of the outcome is logged, not each line.
void AuditLog::tell(const Status& status) {
  const std::lock_guard lock(mutex_);
  const std::optional<std::string> problem = status.ok() ? std::nullopt : std::optional(status.error().message);
  if (problem == problem_) return;
  problem_ = problem;
  if (problem) {
    log::error(kComponent, *problem + "; changes are carried out and not written down");
  } else {
    log::info(kComponent, "changes are written down again");
  }
}

std::optional<std::string> AuditLog::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

}  // namespace ponte::api
