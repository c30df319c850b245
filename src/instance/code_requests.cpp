#include "instance/code_requests.h"

#include <algorithm>

namespace ponte::instance {

Result<CodeRequests::Decision> CodeRequests::want(const std::string& number, const std::optional<std::string>& code,
                                                  Mono now) {
  const bool same_number = number_ == number;
  const bool same_code = !code || chosen_ == code || (shown_ && shown_->code == *code);
  const bool on_its_way = same_number && !shown_;
  if (on_its_way && same_code) return Decision{};
  const bool fresh = asked_at_ && now - *asked_at_ < kBetween;
  if (same_number && same_code && shown_ && fresh) return Decision{Answer::kShow, std::nullopt};
  if (spare_until_ && *spare_until_ > now) {
    return Error{Errc::kRateLimited, Cause::kPairingThrottled,
                 "pairing code: the server asked to be spared for a while",
                 std::chrono::ceil<Seconds>(*spare_until_ - now)};
  }
  Decision decision;
  if (number_ && !same_number) decision.superseded = number_;
  number_ = number;
  chosen_ = code;
  shown_.reset();
  ask_soon(now);
  return decision;
}

void CodeRequests::ask_soon(Mono now) {
  ask_at_ = asked_at_ ? std::max(now, *asked_at_ + kBetween) : now;
}

std::optional<protocol::command::RequestPairingCode> CodeRequests::due(Mono now) {
  if (!ask_at_ || *ask_at_ > now || !number_) return std::nullopt;
  ask_at_.reset();
  asked_at_ = now;
  return protocol::command::RequestPairingCode{*number_, chosen_};
}

void CodeRequests::on_code(const protocol::event::PairingCode& code) {
  // A wish that came since then is still to be asked for.
  if (number_ == code.number && !ask_at_) shown_ = code;
}

void CodeRequests::on_ended(const protocol::event::PairingCodeEnded& end, Mono now) {
  if (end.why.cause == Cause::kPairingThrottled) spare_until_ = now + end.why.retry_after.value_or(kThrottled);
  if (number_ != end.number || ask_at_) return;
  shown_.reset();
  if (end.renewed) return;
  number_.reset();
  chosen_.reset();
}

void CodeRequests::on_socket_lost(Mono now) {
  if (!number_) return;
  shown_.reset();
  ask_soon(now);
}

void CodeRequests::forget() {
  number_.reset();
  chosen_.reset();
  shown_.reset();
  ask_at_.reset();
}

}  // namespace ponte::instance
