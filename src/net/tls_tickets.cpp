#include "net/tls_tickets.h"

#include <algorithm>

namespace ponte::net {

void TlsTickets::put(const std::string& place, Ticket ticket, Seconds lifetime) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.place == place; });
  const Mono expires_at = std::min(ticket.verified_at + kMaxAge, now() + lifetime);
  if (expires_at <= now()) return;
  if (entries_.size() == kMaxPlaces) entries_.erase(entries_.begin());
  entries_.push_back({place, std::move(ticket), expires_at});
  ++counts_.kept;
}

std::optional<TlsTickets::Ticket> TlsTickets::take(const std::string& place) {
  std::erase_if(entries_, [now = now()](const Entry& entry) { return entry.expires_at <= now; });
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.place == place; });
  if (found == entries_.end()) return std::nullopt;
  Ticket ticket = std::move(found->ticket);
  entries_.erase(found);
  ++counts_.offered;
  return ticket;
}

}  // namespace ponte::net
