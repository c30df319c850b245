// Maps the system's socket errors to ours.
#pragma once

#include <string>
#include <system_error>

#include "base/result.h"

namespace ponte::net {

/// ECONNREFUSED: kConnectionRefused; ETIMEDOUT: kTimedOut/kNetworkTimeout; the rest: kNetworkFailed.
/// `doing` is what was tried: "reading", "connecting to 127.0.0.1:443".
inline Error network_error(const std::error_code& error, const std::string& doing) {
  const std::string message = doing + " failed: " + error.message();
  if (error == std::errc::connection_refused) return {Errc::kUnavailable, Cause::kConnectionRefused, message};
  if (error == std::errc::timed_out) return {Errc::kTimedOut, Cause::kNetworkTimeout, message};
  return {Errc::kUnavailable, Cause::kNetworkFailed, message};
}

}  // namespace ponte::net
