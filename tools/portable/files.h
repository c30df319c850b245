// Files as this tool needs them: read without a trace, written whole or not at all.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace ponte::portable {

/// A file descriptor, closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();
  int get() const { return fd_; }

 private:
  int fd_;
};

/// A regular file that is read. kStorage/kStoreUnavailable where it cannot be, kNotFound/kInvalidField where there is
/// none.
class InputFile {
 public:
  static Result<InputFile> open(const std::string& path);

  /// Up to `most` bytes from there; fewer only at its end.
  Result<Bytes> read(std::uint64_t at, std::size_t most) const;
  std::uint64_t size() const { return size_; }
  int descriptor() const { return file_.get(); }

 private:
  InputFile(std::string path, Descriptor file, std::uint64_t size)
      : path_(std::move(path)), file_(std::move(file)), size_(size) {}

  std::string path_;
  Descriptor file_;
  std::uint64_t size_;  ///< when it was opened
};

/// All of a file. kUnsupported/kInvalidField where it is longer than `longest`. What was read is wiped when it goes.
Result<SecretBytes> read_file(const std::string& path, std::size_t longest);

/// Names in a folder, sorted, without subfolders.
Result<std::vector<std::string>> names_in(const std::string& folder);
bool is_folder(const std::string& path);
bool exists(const std::string& path);

/// A new file (0600), written beside its name; it has its name only when it is whole and on disk.
/// kAlreadyExists/kInvalidField where there is a file of that name, kStorage/kStoreUnavailable where it cannot be
/// written. Without `finish` nothing is left.
class NewFile {
 public:
  static Result<NewFile> create(const std::string& path);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  Status write(ByteView bytes);
  Status finish();

 private:
  NewFile(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;  ///< empty: finished, or moved from
  Descriptor file_;
};

}  // namespace ponte::portable
