// TLS sessions that may be resumed, of one owner.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "base/time.h"

namespace ponte::net {

/// Keeps the newest session for each place and gives it out once (RFC 8446 C.4). One for each owner, never shared: a
/// ticket that two accounts use tells the server that they belong together. In memory alone; wiped when dropped.
/// Loop thread only. It outlives the connections that are given it.
class TlsTickets {
 public:
  /// A resumed session does not show its certificate again, so none is offered for longer than this after the
  /// handshake in which the certificate was verified, however often it was resumed since.
  static constexpr Milliseconds kMaxAge = std::chrono::hours(24);
  /// Places remembered; beyond them the oldest goes.
  static constexpr std::size_t kMaxPlaces = 4;

  /// What i2d_SSL_SESSION made, and when its certificate was verified.
  struct Ticket {
    SecretBytes session;
    Mono verified_at;
  };
  struct Counts {
    std::size_t kept = 0;
    std::size_t offered = 0;
    std::size_t resumed = 0;
  };

  /// `clock` outlives it.
  explicit TlsTickets(const Clock& clock) : clock_(clock) {}
  TlsTickets(const TlsTickets&) = delete;
  TlsTickets& operator=(const TlsTickets&) = delete;

  /// Keeps it in place of an older one. `lifetime` is what the server gave it, from now on.
  void put(const std::string& place, Ticket ticket, Seconds lifetime);
  /// Takes it out. Nothing where there is none, or its time is over.
  std::optional<Ticket> take(const std::string& place);
  /// Forgets all.
  void clear() { entries_.clear(); }
  /// The server took up what was offered.
  void count_resumed() { ++counts_.resumed; }

  /// Since it was made.
  const Counts& counts() const { return counts_; }
  Mono now() const { return clock_.now().mono; }

 private:
  struct Entry {
    std::string place;
    Ticket ticket;
    Mono expires_at;
  };

  const Clock& clock_;
  std::vector<Entry> entries_;  // the oldest first
  Counts counts_;
};

}  // namespace ponte::net
