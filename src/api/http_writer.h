// Answers as bytes (RFC 9112). Pistache's ResponseWriter is never used: it delivers answers to the wrong client when
// descriptors are reused (docs/adr/0002).
#pragma once

#include <string>

#include "api/http.h"
#include "base/time.h"

namespace ponte::api {

struct Framing {
  bool keep_alive = false;
  bool omit_body = false;  ///< the answer to HEAD: the length, but no body
};

/// Status line, headers, body. Header values lose CR, LF and NUL, so that no value can end its line.
std::string write_response(const Response& response, Framing framing, Wall now);

}  // namespace ponte::api
