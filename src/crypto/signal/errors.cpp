#include "crypto/signal/errors.h"

#include <signal_protocol.h>

namespace ponte::crypto {
namespace {

constexpr unsigned kVersion = 3;

std::string text(std::string_view what, std::string_view rest) {
  return std::string(what) + ": " + std::string(rest);
}

Error unexpected(int code, std::string_view what) {
  return {Errc::kInternal, Cause::kInternal, text(what, "libsignal failed with " + std::to_string(code))};
}

}  // namespace

Error unparsed(int code, std::string_view what) {
  switch (code) {
    case SG_ERR_LEGACY_MESSAGE:
    case SG_ERR_INVALID_VERSION:
      return {Errc::kUnsupported, Cause::kSignalVersion, text(what, "expected version 3, got another one within")};
    case SG_ERR_INVALID_KEY: return invalid_key(text(what, "expected keys of 33 bytes that begin with 05"));
    case SG_ERR_NOMEM: return unexpected(code, what);
    default: return malformed(text(what, "expected all its fields, got bytes that do not parse or lack some"));
  }
}

Error undecrypted(int code, std::string_view what) {
  switch (code) {
    case SG_ERR_DUPLICATE_MESSAGE:
      return {Errc::kAlreadyExists, Cause::kSignalDuplicate,
              text(what, "expected a new message, got one that was decrypted before or whose key is gone")};
    case SG_ERR_INVALID_MAC:
    case SG_ERR_INVALID_MESSAGE:
      return invalid_message(text(what, "expected a message of a known state, got one with which none agrees"));
    case SG_ERR_NO_SESSION: return no_session();
    default: return damaged_record(code, what);
  }
}

Error damaged_record(int code, std::string_view what) {
  switch (code) {
    case SG_ERR_INVALID_PROTO_BUF:
    case SG_ERR_INVALID_KEY:
    case SG_ERR_INVALID_MESSAGE:
      return {Errc::kStorage, Cause::kStoreCorrupt,
              text(what, "expected a record that libsignal wrote, got a damaged one")};
    default: return unexpected(code, what);
  }
}

Status check_version(ByteView message, std::string_view what) {
  if (message.empty()) return malformed(text(what, "expected a version and more, got nothing"));
  const unsigned version = message[0] >> 4;
  if (version == kVersion) return Status::Ok();
  return Error{Errc::kUnsupported, Cause::kSignalVersion,
               text(what, "expected version 3, got " + std::to_string(version))};
}

Error no_session() {
  return {Errc::kNotFound, Cause::kSignalNoSession, "expected a session with the address, got none that is open"};
}
Error no_sender_key(std::string message) {
  return {Errc::kNotFound, Cause::kSignalNoSenderKey, std::move(message)};
}
Error invalid_message(std::string message) {
  return {Errc::kUntrusted, Cause::kSignalInvalidMessage, std::move(message)};
}
Error invalid_key(std::string message) {
  return {Errc::kUntrusted, Cause::kSignalInvalidKey, std::move(message)};
}
Error malformed(std::string message) {
  return {Errc::kMalformed, Cause::kSignalMalformed, std::move(message)};
}

}  // namespace ponte::crypto
