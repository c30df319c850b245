// A device out of a whatsmeow SQLite store.
#pragma once

#include <string>

#include "base/result.h"
#include "portable/adoption.h"

namespace ponte::portable {

/// Fills `into` with the device of that JID, or with the only one where `jid` is empty. The store is left as it is.
/// Errors of Database; kUnsupported/kInvalidField: it is no such store; kNotFound/kInvalidField: no such device, or
/// several and none named; kMalformed/kInvalidField: the device is not whole.
Status read_whatsmeow(const std::string& path, const std::string& jid, Wall now, Adoption& into);

}  // namespace ponte::portable
