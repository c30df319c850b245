#include "ponte/link/link_progress.h"

#include <utility>

#include "ponte/common/phone_number.h"

namespace ponte::tool {
namespace {

using Stage = LinkView::Stage;

/// Looks in a row without an answer, a second apart, after which ponted counts as gone.
constexpr unsigned kMostLosses = 10;

std::uint64_t count_at(const nlohmann::json& object, const char* name) {
  const nlohmann::json& found = member(object, name);
  const bool counts = found.is_number_integer() && (found.is_number_unsigned() || found.get<std::int64_t>() >= 0);
  return counts ? found.get<std::uint64_t>() : 0;
}

}  // namespace

std::optional<CallFailure> failure_of(const Result<Answer>& answer) {
  if (!answer.ok()) {
    return CallFailure{kPontedUnreachable, answer.error().message, {}};
  }
  if (answer->status < 300 && answer->body.is_object()) return std::nullopt;
  ApiError error = error_of(*answer);
  if (error.code.empty()) return CallFailure{kNotPonted, "status " + std::to_string(answer->status), {}};
  return CallFailure{std::move(error.code), error.details.empty() ? error.message : error.details,
                     std::move(error.retry_at)};
}

void LinkProgress::on_first_look(const Answer& answer) {
  sequence_ = count_at(member(answer.body, "state"), "sequence");
  const nlohmann::json& instance = member(answer.body, "instance");
  view_.was_linked = !text_at(instance, "numberJid").empty();
  if (text_at(member(instance, "connection"), "state") == "connected") linked(instance);
}

void LinkProgress::on_connect(const Result<Answer>& answer, Mono now) {
  connecting_ = false;
  if (over()) return;
  if (auto failure = failure_of(answer)) {
    // ponted may be started anew, or wait for longer than we do: whether it is there, the looks say.
    if (failure->cause == kPontedUnreachable) {
      connect_lost_ = true;
      doubts_ = true;
      return;
    }
    const bool demand = failure->cause == "PASSKEY_REQUIRED" || failure->cause == "PASSKEY_CONFIRMATION_REQUIRED";
    // A code that is asked for again while the phone has begun is no failure: the state says more.
    if (!demand && (!answered_ || view_.stage == Stage::kQr || view_.stage == Stage::kCode)) {
      return fail(std::move(failure->cause), std::move(failure->details), std::move(failure->retry_at));
    }
    doubts_ = true;
    return;
  }
  const std::string status = text_at(answer->body, "status");
  if (status == "connected") {
    // Which number it is, the next look says.
    doubts_ = true;
    return;
  }
  if (view_.stage == Stage::kLoggingIn || view_.stage == Stage::kPasskey) return;
  answered_ = true;
  downs_ = 0;
  view_.stage = status == "qr" ? Stage::kQr : Stage::kCode;
  view_.code = text_at(answer->body, status == "qr" ? "qrCode" : "pairingCode");
  view_.expires_at = now + Seconds(static_cast<Seconds::rep>(count_at(answer->body, "expiresIn")));
}

void LinkProgress::on_state(const Result<Answer>& answer) {
  if (over()) return;
  auto failure = failure_of(answer);
  if (!failure) {
    losses_ = 0;
    on_look(*answer);
    const bool asks = view_.stage == Stage::kStarting || view_.stage == Stage::kQr || view_.stage == Stage::kCode;
    if (std::exchange(connect_lost_, false) && asks) wants_code_ = true;
    return;
  }
  const bool passing = failure->cause == kPontedUnreachable || failure->cause == "SHUTTING_DOWN" ||
                       failure->cause == "OVERLOADED" || failure->cause == "RATE_LIMITED";
  // Started anew, ponted knows nothing of an attempt that nobody had scanned.
  connect_lost_ = true;
  if (!passing || ++losses_ >= kMostLosses) fail(std::move(failure->cause), std::move(failure->details));
}

void LinkProgress::on_look(const Answer& answer) {
  const std::uint64_t sequence = count_at(member(answer.body, "state"), "sequence");
  const bool changed = sequence != std::exchange(sequence_, sequence);
  const nlohmann::json& instance = member(answer.body, "instance");
  const std::string state = text_at(member(instance, "connection"), "state");
  if (state != "disconnected" && state != "loggedout") downs_ = 0;
  if (state == "connected") return linked(instance);
  if (state == "connecting") return on_connecting(answer.body, changed);
  if (state == "passkey_required") {
    view_.stage = Stage::kPasskey;
    wants_passkey_ = true;
    return;
  }
  on_down(answer.body);
}

void LinkProgress::on_connecting(const nlohmann::json& body, bool changed) {
  const bool paired = !text_at(member(body, "instance"), "numberJid").empty();
  if (paired || view_.stage == Stage::kPasskey) {
    view_.stage = Stage::kLoggingIn;
    return;
  }
  if (connecting_ || !answered_ || !changed) return;
  const nlohmann::json& reason = member(member(body, "state"), "reason");
  if (method_ == Method::kCode && reason.is_object()) {
    return fail(text_at(reason, "code"), text_at(reason, "message"), text_at(reason, "retryAt"));
  }
  wants_code_ = true;
}

void LinkProgress::on_down(const nlohmann::json& body) {
  if (connecting_) return;
  // The first look may have been under way when connect began.
  if (++downs_ < 2) {
    doubts_ = true;
    return;
  }
  const nlohmann::json& reason = member(member(body, "state"), "reason");
  std::string code = text_at(reason, "code");
  const bool linked = !text_at(member(body, "instance"), "numberJid").empty();
  if (linked && !text_at(reason, "retryAt").empty()) {
    view_.stage = Stage::kWaiting;
    view_.cause = std::move(code);
    view_.details = text_at(reason, "message");
    view_.retry_at = text_at(reason, "retryAt");
    return;
  }
  fail(code.empty() ? "CONNECTION_CLOSED" : std::move(code), text_at(reason, "message"), text_at(reason, "retryAt"));
}

void LinkProgress::on_passkey(const Result<Answer>& answer) {
  if (view_.stage != Stage::kPasskey || failure_of(answer)) return;
  const nlohmann::json& passkey = member(answer->body, "passkey");
  view_.passkey_stage = text_at(passkey, "stage");
  view_.code = text_at(passkey, "code");
}

void LinkProgress::linked(const nlohmann::json& instance) {
  view_.stage = Stage::kLinked;
  view_.number = digits_of_jid(text_at(instance, "numberJid"));
}

void LinkProgress::fail(std::string cause, std::string details, std::string retry_at) {
  view_.stage = Stage::kFailed;
  view_.cause = std::move(cause);
  view_.details = std::move(details);
  view_.retry_at = std::move(retry_at);
}

bool LinkProgress::take_wish_for_code() {
  return std::exchange(wants_code_, false);
}
bool LinkProgress::take_wish_for_passkey() {
  return std::exchange(wants_passkey_, false);
}
bool LinkProgress::take_doubt() {
  return std::exchange(doubts_, false);
}

}  // namespace ponte::tool
