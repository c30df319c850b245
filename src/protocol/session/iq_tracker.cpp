#include "protocol/session/iq_tracker.h"

#include <algorithm>

#include "protocol/session/step.h"

namespace ponte::protocol {

IqAnswer IqAnswer::result(const wire::Node& node) {
  IqAnswer out;
  out.result_ = &node;
  return out;
}

IqAnswer IqAnswer::refusal(const wire::Node& node) {
  constexpr std::uint64_t kLongestBackoff = 86'400;
  const wire::Node* error = node.find("error");
  const std::string code = error ? error->attribute("code").value_or("?") : "?";
  const std::string text = error ? error->attribute("text").value_or("") : "";
  IqAnswer out;
  out.error_ = {Errc::kRejected, Cause::kIqRejected, "iq refused by the server: " + code + " " + text};
  if (error == nullptr) return out;
  out.code_ = error->number("code").value_or(0);
  if (const auto backoff = error->number("backoff"))
    out.error_.retry_after = Seconds(std::min(*backoff, kLongestBackoff));
  return out;
}

IqAnswer IqAnswer::silence() {
  IqAnswer out;
  out.error_ = {Errc::kTimedOut, Cause::kIqTimeout, "iq: no answer within its time"};
  return out;
}

void IqTracker::reset(ByteArray<2> prefix) {
  prefix_ = std::to_string(prefix[0]) + "." + std::to_string(prefix[1]) + "-";
  counter_ = 0;
  pending_.clear();
}

std::string IqTracker::next_id() {
  return prefix_ + std::to_string(++counter_);
}

void IqTracker::expect(std::string id, Mono deadline, Handler handler) {
  pending_.insert_or_assign(std::move(id), Pending{deadline, std::move(handler)});
}

Result<bool> IqTracker::on_reply(Step& step, const wire::Node& iq) {
  const auto id = iq.attribute("id");
  const auto found = id ? pending_.find(*id) : pending_.end();
  if (found == pending_.end()) return false;
  Handler handler = std::move(found->second.handler);
  pending_.erase(found);
  const bool refused = iq.attribute("type") == "error";
  PONTE_TRY(handler(step, refused ? IqAnswer::refusal(iq) : IqAnswer::result(iq)));
  return true;
}

Status IqTracker::on_deadline(Step& step) {
  const Mono now = step.now.mono;
  for (;;) {
    const auto due = std::find_if(pending_.begin(), pending_.end(),
                                  [now](const auto& entry) { return entry.second.deadline <= now; });
    if (due == pending_.end()) return Status::Ok();
    Handler handler = std::move(due->second.handler);
    pending_.erase(due);
    PONTE_TRY(handler(step, IqAnswer::silence()));
  }
}

std::optional<Mono> IqTracker::next_deadline() const {
  std::optional<Mono> next;
  for (const auto& [id, pending] : pending_) {
    if (!next || pending.deadline < *next) next = pending.deadline;
  }
  return next;
}

}  // namespace ponte::protocol
