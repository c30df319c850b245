// What went wrong, and what to do, in words.
#pragma once

#include <string>
#include <string_view>

namespace ponte::tool {

struct CauseWords {
  std::string what;    ///< one sentence
  std::string remedy;  ///< one thing to do
};

/// Of an `error.code` or `reason.code` (docs/contract.md 1.1) while `instance` is being linked. A code that is not
/// known here gets words too.
CauseWords words_of_cause(std::string_view code, const std::string& instance);

/// What helps against a failure on the way to WhatsApp, or to a proxy; empty for a code that is none of these.
std::string network_remedy(std::string_view code);

}  // namespace ponte::tool
