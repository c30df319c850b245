#include "api/ticket_box.h"

#include <utility>

#include "crypto/base64.h"
#include "crypto/digest.h"

namespace ponte::api {

void TicketBox::forget_expired(Mono now) {
  std::erase_if(issued_, [now](const auto& entry) { return entry.second.until <= now; });
}

Result<std::string> TicketBox::issue(instance::Principal principal, Mono now) {
  const std::string ticket = crypto::base64_url(random_.array<32>());
  const std::lock_guard lock(mutex_);
  if (issued_.size() >= kMost) forget_expired(now);
  if (issued_.size() >= kMost) {
    return Error{Errc::kUnavailable, Cause::kOverloaded, "too many tickets are out; they live for 30 s", kLife};
  }
  issued_.insert_or_assign(crypto::sha256(as_bytes(ticket)), Issued{std::move(principal), now + kLife});
  return ticket;
}

std::optional<instance::Principal> TicketBox::redeem(std::string_view ticket, Mono now) {
  const auto hash = crypto::sha256(as_bytes(ticket));
  const std::lock_guard lock(mutex_);
  const auto found = issued_.find(hash);
  if (found == issued_.end()) return std::nullopt;
  Issued issued = std::move(found->second);
  issued_.erase(found);
  if (issued.until <= now) return std::nullopt;
  return std::move(issued.principal);
}

}  // namespace ponte::api
