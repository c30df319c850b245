// An http or https URL, as far as it is ours to understand.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/authority.h"

namespace ponte::net {

struct HttpUrl {
  bool tls = false;
  Authority authority;
  std::string rest;  ///< as written: path, query and fragment; may be empty

  /// host:port, with the scheme's port where none is given.
  std::string target() const;
};

/// Printable ASCII with http or https and an authority without user information, so that libcurl reads the same from
/// it. kInvalidArgument/kInvalidRequest says what was expected and repeats nothing of the text.
Result<HttpUrl> parse_http_url(std::string_view text);

}  // namespace ponte::net
