// The files at WhatsApp's media hosts, which the simulator's own listener plays (wire: messages.md 6.3).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace ponte::simulator {

/// Path prefix of all files.
inline constexpr std::string_view kBlobPrefix = "/v/";

/// One file as it is at the host, and how the host answers.
struct Blob {
  Bytes bytes;
  unsigned status = 200;  ///< HTTP
  unsigned failures = 0;  ///< so many requests are answered with 503 before
  unsigned requests = 0;  ///< so far
};

/// All files, by path without query. One thread.
class Blobs {
 public:
  /// Under a path that follows from `name`; the direct path, with its query.
  std::string put(std::string_view name, Blob blob);
  /// Puts a file at another path, where it can be had; the new direct path. nullopt where there is none.
  std::optional<std::string> renew(std::string_view direct_path);
  /// The file that a request is for (its path may have a query), counted; null where there is none.
  const Blob* request(std::string_view path, unsigned& status);
  std::size_t size() const { return blobs_.size(); }
  void clear() { blobs_.clear(); }

 private:
  std::map<std::string, Blob, std::less<>> blobs_;
};

/// A zlib stream of the bytes.
Bytes deflated(ByteView bytes);
/// A zlib stream of `size` zeros.
Bytes deflated_zeros(std::size_t size);

}  // namespace ponte::simulator
