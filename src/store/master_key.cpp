#include "store/master_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "store/data_directory.h"

namespace ponte::store {
namespace {

constexpr std::size_t kKeySize = 32;

Error unusable(const std::string& path, const std::string& what) {
  return {Errc::kStorage, Cause::kMasterKeyMissing, "master key " + path + ": " + what};
}

const std::string kPutBack =
    ". Put back the key that was made with this database; without it nothing in it can be read";

/// Reads up to buffer.size() bytes; fewer at the end of the file, -1 on an error.
ssize_t read_all(int fd, MutableByteView buffer) {
  std::size_t total = 0;
  while (total < buffer.size()) {
    const ssize_t count = ::read(fd, buffer.data() + total, buffer.size() - total);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -1;
    if (count == 0) break;
    total += static_cast<std::size_t>(count);
  }
  return static_cast<ssize_t>(total);
}

Result<Secret<32>> read_key(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return unusable(path, "expected a regular file" + kPutBack);
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return unusable(path, "other users can reach it. Give it to the service's user alone: chmod 600 " + path);
  if (info.st_size != static_cast<off_t>(kKeySize))
    return unusable(path, "expected 32 bytes, got " + std::to_string(info.st_size) + kPutBack);
  Secret<32> key;
  if (read_all(fd, key.mutable_view()) != static_cast<ssize_t>(kKeySize)) return unusable(path, "it cannot be read");
  return key;
}

}  // namespace

Result<Secret<32>> load_master_key(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not hang us
  if (fd < 0) {
    if (errno == ENOENT) return unusable(path, "the file is missing" + kPutBack);
    return unusable(path, "it cannot be read: " + std::generic_category().message(errno));
  }
  Result<Secret<32>> key = read_key(fd, path);
  ::close(fd);
  return key;
}

Result<Secret<32>> load_or_make_master_key(const std::string& path, RandomSource& random) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0 || errno != ENOENT) return load_master_key(path);
  Secret<32> key;
  random.fill(key.mutable_view());
  PONTE_TRY(write_new_file(path, key.view()));
  return key;
}

}  // namespace ponte::store
