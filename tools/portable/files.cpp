#include "portable/files.h"

#include <fcntl.h>
#include <stdio.h>  // renameat2
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "store/data_directory.h"

namespace ponte::portable {
namespace {

namespace fs = std::filesystem;
using store::file_error;

std::string temporary_name(const std::string& path) {
  return path + ".ponte-part";
}

Error taken(const std::string& path) {
  return {Errc::kAlreadyExists, Cause::kInvalidField, path + " is there already; it is not written over"};
}

Status rename_new(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return Status::Ok();
  if (errno == EEXIST) return taken(to);
  // Not every file system has the flag.
  if ((errno == EINVAL || errno == ENOSYS) && ::link(from.c_str(), to.c_str()) == 0) {
    ::unlink(from.c_str());
    return Status::Ok();
  }
  if (errno == EEXIST) return taken(to);
  return file_error("cannot rename " + from + " to " + to, errno);
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<InputFile> InputFile::open(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0 && errno == ENOENT)
    return Error{Errc::kNotFound, Cause::kInvalidField, "there is no file " + path};
  if (file.get() < 0) return file_error("cannot open " + path, errno);
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return file_error("cannot read " + path, errno);
  if (!S_ISREG(facts.st_mode)) return Error{Errc::kUnsupported, Cause::kInvalidField, path + " is no regular file"};
  return InputFile(path, std::move(file), static_cast<std::uint64_t>(facts.st_size));
}

Result<Bytes> InputFile::read(std::uint64_t at, std::size_t most) const {
  Bytes bytes(most);
  std::size_t size = 0;
  while (size < most) {
    const ssize_t got = ::pread(file_.get(), bytes.data() + size, most - size, static_cast<off_t>(at + size));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error("cannot read " + path_, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  bytes.resize(size);
  return bytes;
}

Result<SecretBytes> read_file(const std::string& path, std::size_t longest) {
  PONTE_ASSIGN(const InputFile file, InputFile::open(path));
  if (file.size() > longest) {
    return Error{Errc::kUnsupported, Cause::kInvalidField,
                 path + " is too long: expected at most " + std::to_string(longest) + " bytes, it has " +
                     std::to_string(file.size())};
  }
  PONTE_ASSIGN(Bytes bytes, file.read(0, static_cast<std::size_t>(file.size())));
  return SecretBytes(std::move(bytes));
}

Result<std::vector<std::string>> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->is_directory(error)) continue;
    names.push_back(at->path().filename().string());
  }
  if (error) return file_error("cannot read " + folder, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

bool is_folder(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

Result<NewFile> NewFile::create(const std::string& path) {
  if (exists(path)) return taken(path);
  const std::string temporary = temporary_name(path);
  ::unlink(temporary.c_str());  // of an interrupted attempt
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return file_error("cannot create " + temporary, errno);
  return NewFile(path, std::move(file));
}

NewFile::NewFile(NewFile&& other) noexcept : path_(std::exchange(other.path_, {})), file_(std::move(other.file_)) {}

NewFile::~NewFile() {
  if (!path_.empty()) ::unlink(temporary_name(path_).c_str());
}

Status NewFile::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("cannot write " + temporary_name(path_), errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return Status::Ok();
}

Status NewFile::finish() {
  if (::fsync(file_.get()) != 0) return file_error("cannot sync " + temporary_name(path_), errno);
  PONTE_TRY(rename_new(temporary_name(path_), path_));
  const fs::path parent = fs::path(path_).parent_path();
  path_.clear();
  const Descriptor folder(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return file_error("cannot sync the folder of the file", errno);
  return Status::Ok();
}

}  // namespace ponte::portable
