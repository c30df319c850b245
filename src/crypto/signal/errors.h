// Private to crypto/signal: what libsignal's numbers mean to who asked (wire: messages.md 1.5).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace ponte::crypto {

/// A peer's bytes are no `what`: another version, no key where there should be one, or malformed.
Error unparsed(int code, std::string_view what);
/// A parsed `what` of a peer was not decrypted.
Error undecrypted(int code, std::string_view what);
/// An operation on records of our own failed at `what`: they are damaged, or there was no memory.
Error damaged_record(int code, std::string_view what);

/// kUnsupported/kSignalVersion unless the version in front of a message is 3, kMalformed/kSignalMalformed where there
/// is none (wire: messages.md 1.3).
Status check_version(ByteView message, std::string_view what);

Error no_session();
Error no_sender_key(std::string message);
Error invalid_message(std::string message);
Error invalid_key(std::string message);
Error malformed(std::string message);

}  // namespace ponte::crypto
