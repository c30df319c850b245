#include <algorithm>

#include "protocol/handlers/handlers.h"
#include "protocol/session/link_state.h"
#include "protocol/session/logout.h"

namespace ponte::protocol::handlers {
namespace {

using event::Disposition;

struct Row {
  std::uint64_t reason;
  Disposition disposition;
  Errc code;
  Cause cause;
  const char* meaning;
};

// wire: pairing.md 9.1, column DO. 402, 405 and 409 keep the credentials (contract, decision 20).
constexpr Row kRows[] = {
    {400, Disposition::kStop, Errc::kRejected, Cause::kClientRefused, "the server calls our login malformed"},
    {401, Disposition::kLoggedOut, Errc::kRejected, Cause::kLoggedOut, "logged out, or the device is unknown"},
    {402, Disposition::kStop, Errc::kRejected, Cause::kTemporarilyBanned, "temporarily banned"},
    {403, Disposition::kLoggedOut, Errc::kRejected, Cause::kAccountLocked, "account locked, or the phone is gone"},
    {405, Disposition::kStop, Errc::kRejected, Cause::kClientOutdated, "client version too old"},
    {406, Disposition::kLoggedOut, Errc::kRejected, Cause::kBanned, "banned"},
    {409, Disposition::kStop, Errc::kRejected, Cause::kClientRefused, "user agent refused"},
    {413, Disposition::kStop, Errc::kRejected, Cause::kClientRefused, "token of another product expired"},
    {414, Disposition::kStop, Errc::kRejected, Cause::kClientRefused, "token of another product invalid"},
    {415, Disposition::kStop, Errc::kRejected, Cause::kClientRefused, "not found"},
    {418, Disposition::kStop, Errc::kRejected, Cause::kClientRefused, "client unknown"},
    {500, Disposition::kRetry, Errc::kUnavailable, Cause::kServerError, "internal server error"},
    {501, Disposition::kStop, Errc::kRejected, Cause::kClientRefused, "experimental"},
    {503, Disposition::kRetry, Errc::kUnavailable, Cause::kServerError, "service unavailable"},
};
constexpr Row kOther = {0, Disposition::kStop, Errc::kRejected, Cause::kClientRefused, "refused"};

}  // namespace

Status on_failure(Step& step, const wire::Node& node) {
  const std::uint64_t reason = node.number("reason").value_or(0);
  const Row* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.reason == reason; });
  if (row == std::end(kRows)) row = &kOther;
  // Some of it is delivered only once: keep the server's words.
  Error why{row->code, row->cause, std::string("login refused: ") + row->meaning + ": " + node.to_xml(true)};
  if (const auto expire = node.number("expire"))
    why.retry_after = Seconds(std::min<std::uint64_t>(*expire, 31'536'000));
  if (step.link.account) {
    if (row->disposition == Disposition::kLoggedOut) PONTE_TRY(wipe_device(step, why));
    if (row->cause == Cause::kTemporarilyBanned) hold_device(step, why);
  }
  step.end(row->disposition, std::move(why));
  return Status::Ok();
}

}  // namespace ponte::protocol::handlers
