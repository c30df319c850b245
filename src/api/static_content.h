// Answers that are the same for everybody: validators, conditional requests, a compressed twin.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "api/http.h"

namespace ponte::api {

/// Whether a client may keep an answer: to ask whether it is current, or not at all.
enum class Keeping { kRevalidated, kNone };

/// Bytes that outlive it and never change.
class StaticContent {
 public:
  /// `gzip`: the same, compressed; empty: there is no such twin.
  StaticContent(std::string content_type, std::string_view plain, std::string_view gzip = {},
                Keeping keeping = Keeping::kRevalidated);

  /// 200 with ETag, or 304 where the client's copy is that (RFC 9110 13.1.2); `Cache-Control: no-cache`, since another
  /// version of the program has others under the same name. Of Keeping::kNone always 200, with `no-store`.
  Response answer(const Request& request) const;

 private:
  /// Hashed when somebody asks for it: until then its bytes need not be in memory.
  class Form {
   public:
    explicit Form(std::string_view bytes) : bytes_(bytes) {}
    std::string_view bytes() const { return bytes_; }
    /// Strong: one for each form (RFC 9110 8.8.3.3). Any thread.
    const std::string& etag() const;

   private:
    const std::string_view bytes_;
    mutable std::once_flag hashed_;
    mutable std::string etag_;
  };
  const std::string content_type_;
  const Form plain_;
  const Form gzip_;
  const Keeping keeping_;
};

/// Whether Accept-Encoding lets gzip in (RFC 9110 12.5.3).
bool accepts_gzip(const Request& request);

}  // namespace ponte::api
