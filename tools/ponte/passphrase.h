// The passphrase of an export file, as a person or a file gives it.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace ponte::tool {

enum class Asked { kOnce, kTwice };

/// The first line of `file` (`-`: standard input), or, where `file` is empty, what is typed at the terminal, which
/// shows nothing of it; twice where a slip would lock a file for good. kInvalidArgument/kInvalidField where it is
/// shorter than 8 bytes or longer than 1024, the two differ, or there is no terminal.
Result<SecretBytes> read_passphrase(const std::string& file, Asked asked);

}  // namespace ponte::tool
