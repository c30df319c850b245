// The token with which the tool speaks to ponted. Never an argument: those are seen by every user of the machine.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace ponte::tool {

/// The first line of a file, 8 to 256 visible ASCII characters. kInvalidArgument names the file and the rule, never
/// what is in it.
Result<SecretBytes> read_token_file(const std::string& path);

/// The same rule for what comes from elsewhere; `from` is for the message.
Result<SecretBytes> checked_token(SecretBytes text, const std::string& from);

}  // namespace ponte::tool
