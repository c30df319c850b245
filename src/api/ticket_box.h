// Tickets for browsers: what may stand in a URL, since it is good once and for half a minute.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "instance/instance_service.h"

namespace ponte::api {

/// Thread-safe. A browser's EventSource, WebSocket and <img> send no headers of their own; a token in a URL would stay
/// in histories and logs.
class TicketBox {
 public:
  static constexpr Seconds kLife{30};
  /// Not yet used, of all callers together.
  static constexpr std::size_t kMost = 10'000;

  /// `random` outlives it; thread-safe.
  explicit TicketBox(RandomSource& random) : random_(random) {}

  /// 43 characters of base64url. kUnavailable/kOverloaded where too many are out.
  Result<std::string> issue(instance::Principal principal, Mono now);
  /// Whom it was issued to; it is used up.
  std::optional<instance::Principal> redeem(std::string_view ticket, Mono now);

 private:
  struct Issued {
    instance::Principal principal;
    Mono until;
  };
  void forget_expired(Mono now);  // mutex_ held

  RandomSource& random_;
  std::mutex mutex_;
  std::map<ByteArray<32>, Issued> issued_;  ///< by the ticket's hash: looking one up tells nothing of another
};

}  // namespace ponte::api
