// The text format of vectors and recordings (.vec): lines of `key = value`, in order.
//
// `#` starts a comment line. Values are text; most are hex. Order matters and keys repeat.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace ponte {

struct VecLine {
  std::string key;
  std::string value;
  std::size_t number = 0;  ///< line number in the file, from 1
};

class VecFile {
 public:
  /// kMalformed with the line number where a line is neither blank, comment nor `key = value`.
  static Result<VecFile> parse(std::string_view text);
  static Result<VecFile> load(const std::string& path);

  const std::vector<VecLine>& lines() const { return lines_; }
  /// The first value of `key`; kNotFound where there is none.
  Result<std::string> text(std::string_view key) const;
  /// The same, as hex.
  Result<Bytes> bytes(std::string_view key) const;

 private:
  std::vector<VecLine> lines_;
};

}  // namespace ponte
