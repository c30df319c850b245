// The request target: path and query, decoded strictly.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ponte::api {

/// Pistache decodes nothing; `segments` are split first and decoded afterwards, so that `%2F` stays in its segment.
struct Target {
  std::string path;                                       ///< decoded
  std::vector<std::string> segments;                      ///< `/a//b/` is {"a", "", "b", ""}
  std::map<std::string, std::string, std::less<>> query;  ///< first of duplicates
};

/// Origin form (`/path?query`), absolute form (`http://host/path`, RFC 9112 3.2.2) or `*`.
/// kMalformed/kInvalidRequest on a broken `%XX`, a NUL or a target of another form.
/// `+` is a blank in the query only.
Result<Target> parse_target(std::string_view text);

}  // namespace ponte::api
