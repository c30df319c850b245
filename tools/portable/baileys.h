// A device out of the folder of Baileys' useMultiFileAuthState.
#pragma once

#include <string>

#include "base/result.h"
#include "portable/adoption.h"

namespace ponte::portable {

/// Fills `into` with the device of the folder, which is left as it is. kUnsupported/kInvalidField: it is no such
/// folder, or its device was never linked; kMalformed/kInvalidField: the device is not whole. Errors of read_file.
Status read_baileys(const std::string& folder, Wall now, Adoption& into);

}  // namespace ponte::portable
