// All links of the service: made, found by their token, used up, and shown to the pages that are open.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/reply.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "instance/event_feed.h"
#include "instance/instance_service.h"
#include "instance/link_attempt.h"
#include "instance/link_types.h"
#include "instance/state_listener.h"
#include "store/link_records.h"
#include "store/store.h"

namespace ponte::instance {

/// Thread-safe. A link lets its holder start and follow the linking of one instance, until a device has been linked so
/// many times, or its time is over. Whoever deletes the instance, or revokes the link, ends it.
///
/// Where several links have begun the same attempt, its success uses up one use of each: which page the phone looked at
/// is not known. A crash between a pairing and that record leaves the link open, on an instance that is linked.
class Links final : public StateListener, public EventListener {
 public:
  using WatchId = std::uint64_t;
  /// Open links of one instance.
  static constexpr std::size_t kMostLinks = 1'000;
  /// Pages of one link that are open at once.
  static constexpr std::size_t kMostWatchers = 32;
  /// How long a link that is no good any more is kept, so that its page can say why.
  static constexpr Seconds kKept{30 * 24 * 3600};

  /// All references outlive it.
  Links(store::Store& store, const Clock& clock, RandomSource& random)
      : store_(store), clock_(clock), random_(random) {}

  /// Reads what is kept. Once, before serving; `instances` has been started, and outlives all calls but close().
  Status load(InstanceService& instances);

  /// kInvalidArgument/kLinkLimit; kStorage.
  void create(const InstanceInfo& instance, LinkRequest request, Reply<CreatedLink> reply);
  /// Newest first.
  std::vector<LinkInfo> list(std::string_view instance_id) const;
  /// Its pages end. kNotFound/kLinkNotFound; kStorage.
  void revoke(std::string_view instance_id, std::string_view link_id, Reply<std::monostate> reply);

  /// Whose token it is, whether the link is still good or not. Constant time in the token's content.
  std::optional<LinkHolder> authenticate(std::string_view token) const;

  // What a holder may do. kNotFound/kLinkExpired, kLinkUsed or kLinkInstanceDeleted where the link is no good any more;
  // kUnauthenticated/kInvalidToken where it was revoked meanwhile.

  Result<LinkInfo> open(const LinkHolder& holder) const;
  Result<std::shared_ptr<const LinkView>> view(const LinkHolder& holder) const;
  /// Starts or joins the linking: with `number` by a pairing code for it, else by QR. Answers as connect does.
  void start(const LinkHolder& holder, std::optional<std::string> number, Reply<std::shared_ptr<const LinkView>> reply);
  void submit_passkey(const LinkHolder& holder, std::string assertion, Reply<std::shared_ptr<const LinkView>> reply);
  void confirm_passkey(const LinkHolder& holder, Reply<std::shared_ptr<const LinkView>> reply);
  /// The view at once, and each that follows. kUnavailable/kOverloaded.
  Result<WatchId> watch(const LinkHolder& holder, std::shared_ptr<LinkWatcher> watcher);
  void unwatch(WatchId id);

  /// Calls beat() of all watchers, and ends those whose link's time is over.
  void beat();
  /// Ends all watchers, and those that come later. Idempotent.
  void close();
  std::size_t watchers() const;

  void on_state(const StateEvent& event) override;
  void on_event(const std::string&, const JournalEvent&) override {}
  void on_journal_erased(const std::string& instance_id) override;

 private:
  struct Watcher {
    std::string link_id;
    std::string instance_id;
    std::shared_ptr<LinkWatcher> watcher;  ///< shared with whoever owns the connection
    std::shared_ptr<const LinkView> shown;
  };
  using Commit = UniqueFunction<void(const Status&)>;

  // With mutex_ held.
  Result<const store::StoredLink*> find_open(const LinkHolder& holder) const;
  std::shared_ptr<const LinkView> view_of(const std::string& instance_id, const std::string& link_id) const;
  void show(const std::string& instance_id);
  void end_watchers(std::string_view link_id, const std::optional<Error>& why);
  void erase_old(store::Transaction& transaction, Wall now);
  void spend(const std::string& instance_id, store::Transaction& transaction);

  /// The instance that an open link is for.
  Result<InstanceInfo> instance_of(const LinkHolder& holder) const;
  Result<InstanceInfo> instance_of(const LinkInfo& link) const;
  std::optional<PasskeyState> passkey_of(const std::string& instance_name) const;
  Reply<PasskeyState> showing_passkey(std::string instance_id, Reply<std::shared_ptr<const LinkView>> reply);

  store::Store& store_;
  const Clock& clock_;
  RandomSource& random_;
  InstanceService* instances_ = nullptr;  ///< set before serving
  Secret<32> hash_key_;                   ///< likewise
  mutable std::mutex mutex_;
  // Guarded by mutex_. Nothing of the instances is called with it held.
  bool closed_ = false;
  WatchId next_watch_ = 1;
  std::map<std::string, store::StoredLink, std::less<>> links_;  ///< by id
  std::map<store::TokenHash, std::string> id_of_token_;
  std::map<std::string, LinkAttempt, std::less<>> attempts_;  ///< by instance, from the first start on
  std::map<WatchId, Watcher> watchers_;
};

}  // namespace ponte::instance
