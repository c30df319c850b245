// The audit log: a file that only grows, until it is rotated.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "api/audit.h"
#include "api/unique_fd.h"
#include "base/metrics.h"
#include "base/result.h"

namespace ponte::api {

/// Writes lines in the order of write(), on a thread of its own, which is there from the first one on. A line that
/// `then` was called for is with the system: it outlives this process, however that ends, though not a power cut. Where
/// the file cannot be written, requests are answered all the same, and problem() says why.
///
/// At `largest` bytes the file becomes `path.1`, that one `path.2` ..., and the last of `kept` goes.
class AuditLog final : public AuditSink {
 public:
  struct Options {
    std::string path;
    std::uint64_t largest = 16u << 20;
    unsigned kept = 5;
  };

  /// Makes the file, 0600, or goes on with it. kInvalidArgument/kConfigInvalid names the path and what is wrong.
  static Result<std::unique_ptr<AuditLog>> open(Options options);
  /// Writes what is left.
  ~AuditLog() override;

  void write(AuditRecord record, Task then) override;
  /// Before the next line the file is opened by its name again: somebody else has moved it away.
  void reopen() { reopen_ = true; }

  /// Why the last line could not be written.
  std::optional<std::string> problem() const;
  /// Records that were not written.
  const Counter& lost() const { return lost_; }

 private:
  struct Entry {
    AuditRecord record;
    Task then;
  };
  explicit AuditLog(Options options) : options_(std::move(options)) {}

  Status open_file();
  void run();
  void write_all(const std::vector<Entry>& entries);
  Status write_line(const std::string& line);
  Status rotate();
  void go_on_with(const Status& new_file);
  void tell(const Status& status);

  const Options options_;
  UniqueFd fd_;             // of the thread, and of open()
  std::uint64_t size_ = 0;  // likewise
  bool torn_ = false;       // likewise: the file ends within a line
  std::atomic<bool> reopen_{false};
  Counter lost_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::vector<Entry> queue_;
  std::optional<std::string> problem_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ponte::api
