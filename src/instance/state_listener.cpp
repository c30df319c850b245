#include "instance/state_listener.h"

#include "base/log.h"

namespace ponte::instance {

std::string_view state_of_end(const Error& why) {
  switch (why.cause) {
    case Cause::kStreamReplaced: return "stream_replaced";
    case Cause::kTemporarilyBanned: return "temp_banned";
    case Cause::kClientOutdated: return "client_outdated";
    case Cause::kKeepaliveTimeout: return "keepalive_timeout";
    case Cause::kClientRefused: return "connect_failure";
    case Cause::kStreamError:
    case Cause::kServerError: return "stream_error";
    case Cause::kLoggedOut:
    case Cause::kAccountLocked:
    case Cause::kBanned: return "logged_out";
    default: return "disconnected";
  }
}

void StateLog::on_state(const StateEvent& event) {
  std::string line = "instance.state " + std::string(event.state);
  if (event.reason) line += " " + std::string(cause_name(event.reason->cause)) + ": " + event.reason->message;
  log::info(event.instance, line);
}

}  // namespace ponte::instance
