// Maps the system's socket errors to ours.
#pragma once

#include <asio/error.hpp>
#include <string>

#include "base/result.h"

namespace ponte::net {

/// ECONNREFUSED: kConnectionRefused; ETIMEDOUT: kTimedOut/kNetworkTimeout; the rest: kNetworkFailed.
/// `doing` is what was tried: "reading", "connecting to 127.0.0.1:443".
inline Error network_error(const std::error_code& error, const std::string& doing) {
  const std::string message = doing + " failed: " + error.message();
  if (error == asio::error::connection_refused) return {Errc::kUnavailable, Cause::kConnectionRefused, message};
  if (error == asio::error::timed_out) return {Errc::kTimedOut, Cause::kNetworkTimeout, message};
  return {Errc::kUnavailable, Cause::kNetworkFailed, message};
}

}  // namespace ponte::net
