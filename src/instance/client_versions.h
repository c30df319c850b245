// The client version that is said at each login, and where a newer one comes from (wire: pairing.md 10).
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/reply.h"
#include "base/result.h"
#include "base/time.h"
#include "net/proxy.h"
#include "protocol/session/config.h"

namespace ponte::store {
class Store;
}

namespace ponte::instance {

/// One for the process; what one instance fetched serves all. Each fetch goes through the proxy of the instance that
/// needs it. A fetch that fails changes nothing but the log. Thread-safe. Outlives the fetches it started.
class ClientVersions {
 public:
  static constexpr Milliseconds kMaxAge = std::chrono::hours(24);
  /// After a fetch that failed.
  static constexpr Milliseconds kNextTry = std::chrono::hours(1);

  /// The page that tells the version; the answer comes on any thread.
  using Fetch = std::function<void(const std::optional<net::Proxy>& proxy, Reply<std::string> page)>;
  struct Options {
    protocol::ClientVersion configured;
    bool pinned = false;  ///< the operator named it: only a server that refuses it makes us look for another
    Fetch fetch;          ///< empty: nothing is ever fetched
  };

  /// `store` and `clock` outlive it.
  ClientVersions(Options options, store::Store& store, const Clock& clock);

  /// What an earlier run has fetched counts where it is newer. kStorage/kStoreCorrupt.
  Status load();
  protocol::ClientVersion current() const;
  /// For whoever operates the service.
  struct Look {
    protocol::ClientVersion current;
    std::optional<Wall> fetched_at;    ///< where any look succeeded, in this process or an earlier one
    std::optional<std::string> error;  ///< of the last one, where it failed
  };
  Look last_look() const;
  /// Whether the daily look is due.
  bool due() const;
  /// Looks now, together with whoever does so through the same proxy. Answers with the version that counts then, on any
  /// thread. kUnavailable/kVersionUnavailable with the cause's words, or where nothing may be fetched.
  void refresh(const std::optional<net::Proxy>& proxy, Reply<protocol::ClientVersion> reply);

 private:
  void on_page(const std::string& key, const Result<std::string>& page);
  Result<protocol::ClientVersion> take(const Result<std::string>& page);

  const Options options_;
  store::Store& store_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  protocol::ClientVersion current_;
  std::optional<Wall> fetched_at_;
  std::optional<Mono> tried_at_;                                                ///< in vain
  std::optional<std::string> failure_;                                          ///< of that look
  std::map<std::string, std::vector<Reply<protocol::ClientVersion>>> waiting_;  ///< by proxy
};

}  // namespace ponte::instance
