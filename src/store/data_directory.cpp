#include "store/data_directory.h"

#include <fcntl.h>
#include <stdio.h>  // renameat2
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace ponte::store {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Status sync_directory(const std::string& path) {
  Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) return file_error("cannot sync directory " + path, errno);
  return {};
}

Status write_all(int fd, ByteView content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("cannot write " + path, errno);
    content = content.subspan(static_cast<std::size_t>(written));
  }
  if (::fsync(fd) != 0) return file_error("cannot sync " + path, errno);
  return {};
}

Status rename_new(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  // Not every file system has the flag; the caller holds the directory's lock, so a look before is enough there.
  if ((errno == EINVAL || errno == ENOSYS) && ::access(to.c_str(), F_OK) != 0 &&
      ::rename(from.c_str(), to.c_str()) == 0)
    return {};
  return file_error("cannot rename " + from + " to " + to, errno);
}

std::string parent_of(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

}  // namespace

Error file_error(const std::string& what, int error_number) {
  return {Errc::kStorage, Cause::kStoreUnavailable, what + ": " + std::generic_category().message(error_number)};
}

Status write_new_file(const std::string& path, ByteView content) {
  const std::string temporary = path + ".new";
  ::unlink(temporary.c_str());  // of an interrupted attempt
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return file_error("cannot create " + temporary, errno);
  Status status = write_all(file.get(), content, temporary);
  if (status.ok()) status = rename_new(temporary, path);
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  return sync_directory(parent_of(path));
}

Result<DataDirectory> DataDirectory::open(const std::string& path) {
  std::error_code error;
  if (fs::create_directories(path, error)) fs::permissions(path, fs::perms::owner_all, error);
  if (error) return file_error("cannot make the data directory " + path, error.value());
  const std::string lock_file = path + "/lock";
  Descriptor lock(::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.get() < 0) return file_error("cannot open " + lock_file, errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error("cannot lock " + lock_file, errno);
    return Error{
        Errc::kUnavailable, Cause::kStoreInUse,
        "the data directory " + path + " is in use by another process. Stop that one, or use another directory"};
  }
  return DataDirectory(path, lock.release());
}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) ::close(lock_);  // releases the lock
}

Result<bool> DataDirectory::has_database() const {
  std::error_code error;
  const fs::path database_path = database();
  if (fs::exists(database_path, error) && !fs::is_empty(database_path, error)) return true;
  if (error) return file_error("cannot read " + database_path.string(), error.value());
  if (!fs::exists(path_ + "/initialized", error)) return false;
  return Error{Errc::kStorage, Cause::kStoreCorrupt,
               "the database " + database_path.string() +
                   " is gone. Restore the data directory from a backup; to begin " +
                   "anew, without any linked device, remove " + path_ + "/initialized"};
}

Result<std::string> DataDirectory::prepare_new_database() const {
  std::error_code error;
  const std::string place = path_ + "/db.new";
  fs::remove_all(place, error);
  if (error) return file_error("cannot remove " + place, error.value());
  return place;
}

Status DataDirectory::adopt_new_database() const {
  std::error_code error;
  fs::remove(database(), error);  // an empty directory, see has_database
  const std::string place = path_ + "/db.new";
  if (!error) fs::rename(place, database(), error);
  if (error) return file_error("cannot rename " + place + " to " + database(), error.value());
  return sync_directory(path_);
}

Status DataDirectory::mark_initialized() const {
  std::error_code error;
  const std::string marker = path_ + "/initialized";
  if (fs::exists(marker, error)) return {};
  return write_new_file(marker, as_bytes("A database was made here. See `db`.\n"));
}

Status DataDirectory::probe() const {
  const std::string path = path_ + "/probe";
  ::unlink(path.c_str());
  Status status = write_new_file(path, Bytes(256 << 10));
  ::unlink(path.c_str());
  return status;
}

}  // namespace ponte::store
