#include "instance/webhook_queue.h"

#include <algorithm>

namespace ponte::instance {
namespace {

bool is_success(int status) {
  return status >= 200 && status < 300;
}

bool is_refusal(int status) {
  return status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
}

/// 10 % more or less.
Milliseconds spread(Milliseconds wait, RandomSource& random) {
  const auto bytes = random.array<2>();
  const std::int64_t range = wait.count() / 10;
  return wait - Milliseconds(range) + Milliseconds((bytes[0] << 8 | bytes[1]) * (2 * range + 1) / 65'536);
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kDelivered: return "delivered";
    case Verdict::kRetry: return "retry";
    case Verdict::kDeadLetter: return "dead_letter";
    case Verdict::kDisabled: return "disabled";
  }
  return "retry";
}

WebhookQueue::WebhookQueue(const store::WebhookProgress& progress, Now now) : progress_(progress) {
  if (progress_.failures == 0) return;
  // A wall clock that was set back must not put the next try off for years.
  const Milliseconds left = progress_.next_try - now.wall;
  due_ = now.mono + std::clamp(left, Milliseconds(0), kWaits.back() + kWaits.back() / 10);
}

WebhookQueue::Next WebhookQueue::next(Mono now) {
  if (!redriven_.empty()) return SendLetter{*redriven_.begin()};
  drop_unwanted();
  if (page_.empty()) {
    if (at_end_) return Idle{};
    return Read{progress_.cursor};
  }
  if (due_ && *due_ > now) return Wait{*due_};
  return Send{&page_.front()};
}

bool WebhookQueue::leaves_gap(const std::vector<JournalEvent>& page) const {
  return !page.empty() && page.front().sequence > progress_.cursor + 1;
}

void WebhookQueue::take(std::vector<JournalEvent> page, std::uint64_t oldest) {
  // Numbers that were never used are no gap: only those before the journal's first are gone.
  if (oldest > progress_.cursor + 1) progress_.missed += oldest - progress_.cursor - 1;
  if (oldest > 0) progress_.cursor = std::max(progress_.cursor, oldest - 1);
  at_end_ = page.empty();
  page_.assign(std::make_move_iterator(page.begin()), std::make_move_iterator(page.end()));
}

/// What comes first may be another event than the one that failed: the journal has lost that one, or it is no longer
/// wanted.
void WebhookQueue::drop_unwanted() {
  while (!page_.empty() && !events_.empty() &&
         std::find(events_.begin(), events_.end(), page_.front().name) == events_.end()) {
    done_with(page_.front().sequence);
  }
  if (!page_.empty() && progress_.failures > 0 && progress_.failing != page_.front().sequence)
    try_now(Failures::kForget);
}

void WebhookQueue::done_with(std::uint64_t sequence) {
  progress_.cursor = std::max(progress_.cursor, sequence);
  while (!page_.empty() && page_.front().sequence <= sequence) page_.pop_front();
}

void WebhookQueue::try_now(Failures failures) {
  due_.reset();
  if (failures == Failures::kKeep) return;
  progress_.failing = 0;
  progress_.failures = progress_.refusals = 0;
  progress_.next_try = {};
}

void WebhookQueue::skip_to(std::uint64_t sequence) {
  done_with(sequence);
  try_now(Failures::kForget);
}

Verdict WebhookQueue::settle(std::uint64_t sequence, const DeliveryResult& result, Now now, RandomSource& random) {
  if (page_.empty() || page_.front().sequence != sequence) return Verdict::kRetry;
  if (is_success(result.status)) {
    ++progress_.delivered;
    skip_to(sequence);
    return Verdict::kDelivered;
  }
  progress_.failing = sequence;
  ++progress_.failures;
  if (is_refusal(result.status)) ++progress_.refusals;
  const bool gone = result.status == 410;
  if (gone || progress_.refusals >= kRefusals || progress_.failures > kWaits.size()) {
    skip_to(sequence);
    return gone ? Verdict::kDisabled : Verdict::kDeadLetter;
  }
  Milliseconds wait = spread(kWaits[progress_.failures - 1], random);
  if (result.retry_after && (result.status == 429 || result.status == 503))
    wait = std::max(wait, std::min<Milliseconds>(*result.retry_after, kLongestRetryAfter));
  due_ = now.mono + wait;
  progress_.next_try = now.wall + wait;
  return Verdict::kRetry;
}

Verdict WebhookQueue::settle_letter(std::uint64_t sequence, const DeliveryResult& result) {
  redriven_.erase(sequence);
  if (is_success(result.status)) {
    ++progress_.delivered;
    return Verdict::kDelivered;
  }
  return result.status == 410 ? Verdict::kDisabled : Verdict::kDeadLetter;
}

}  // namespace ponte::instance
