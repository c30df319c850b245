#include "protocol/handlers/handlers.h"
#include "protocol/session/connection.h"
#include "protocol/session/link_state.h"
#include "protocol/session/logout.h"

namespace ponte::protocol::handlers {
namespace {

using event::Disposition;

Error stream_error(const wire::Node& node, Errc code, Cause cause, const char* meaning) {
  return {code, cause, std::string("stream error: ") + meaning + ": " + node.to_xml(true)};
}

Status end_logged_out(Step& step, Error why) {
  PONTE_TRY(wipe_device(step, why));
  step.end(Disposition::kLoggedOut, std::move(why));
  return Status::Ok();
}

}  // namespace

// wire: pairing.md 9.2, column DO.
Status on_stream_error(Step& step, const wire::Node& node) {
  const std::uint64_t code = node.number("code").value_or(0);
  const wire::Node* const conflict = node.find("conflict");
  const std::string conflict_type = conflict ? conflict->attribute("type").value_or("") : "";
  if (code == 515) {
    step.end(Disposition::kRestart, stream_error(node, Errc::kUnavailable, Cause::kRestartRequired, "restart"));
  } else if (conflict_type == "replaced" || code == 409) {
    // Two servers with one device would throw each other out for ever, over restarts too: stay down until asked.
    Error why = stream_error(node, Errc::kRejected, Cause::kStreamReplaced, "connected elsewhere");
    if (step.link.account) hold_device(step, why);
    step.end(Disposition::kStop, std::move(why));
  } else if (code == 401 || code == 516 || conflict_type == "device_removed") {
    return end_logged_out(step, stream_error(node, Errc::kRejected, Cause::kLoggedOut, "the device was removed"));
  } else if (code == 429) {
    Error why = stream_error(node, Errc::kRateLimited, Cause::kStreamError, "rate limited");
    step.end(Disposition::kRetry, std::move(why));
  } else {
    const Cause cause = code == 500 || code == 503 ? Cause::kServerError : Cause::kStreamError;
    Error why = stream_error(node, Errc::kUnavailable, cause, "the server ends the stream");
    // xml-not-well-formed and ack complain of something that we have sent, or should have.
    why.message += "; last sent: " + step.connection->last_sent();
    step.end(Disposition::kRetry, std::move(why));
  }
  return Status::Ok();
}

Status on_stream_end(Step& step, const wire::Node&) {
  const bool paired = step.link.phase == Phase::kPaired;
  step.end(paired ? Disposition::kRestart : Disposition::kRetry,
           Error{Errc::kUnavailable, Cause::kConnectionClosed, "the server ended the stream"});
  return Status::Ok();
}

}  // namespace ponte::protocol::handlers
