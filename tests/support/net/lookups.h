// Names whose look-ups a test decides, also those of libcurl.
#pragma once

#include <atomic>

namespace ponte::test {

/// The look-up of this name does not come back until it is let go.
inline constexpr const char* kHangs = "hangs.ponte-test.invalid";
extern std::atomic<bool> let_go;
/// This name leads to an address that may change from one look-up to the next.
inline constexpr const char* kChanges = "changes.ponte-test.invalid";
extern std::atomic<const char*> leads_to;

}  // namespace ponte::test
