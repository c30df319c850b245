#include "instance/links.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "crypto/base64.h"
#include "crypto/system_random.h"

namespace ponte::instance {
namespace {

constexpr std::size_t kTokenSize = 32;

Error revoked() {
  return {Errc::kUnauthenticated, Cause::kInvalidToken, "the link was revoked"};
}

/// A link that could not be written down is used up, or gone, for this process all the same.
void log_failure(const Status& status) {
  if (!status.ok()) log::error("links", status.error().message);
}

}  // namespace

Status Links::load(InstanceService& instances) {
  instances_ = &instances;
  store::Transaction transaction(store_, store::kSystem);
  PONTE_ASSIGN(hash_key_, store::get_or_make_token_hash_key(transaction, random_));
  PONTE_ASSIGN(auto stored, store::get_links({store_, store::kSystem}));
  const std::lock_guard lock(mutex_);
  for (store::StoredLink& each : stored) {
    // A crash may have come between the end of an instance and that of its links.
    const auto instance = instances.find(each.link.instance_name);
    if (!each.link.instance_deleted && (!instance || instance->id != each.link.instance_id)) {
      each.link.instance_deleted = true;
      each.link.title.reset();
      each.link.return_url.reset();
      store::put_link(transaction, each);
    }
    id_of_token_.emplace(each.hash, each.link.id);
    links_.emplace(each.link.id, std::move(each));
  }
  erase_old(transaction, clock_.now().wall);
  if (!transaction.empty()) store_.commit(transaction.take(), log_failure);
  return Status::Ok();
}

void Links::erase_old(store::Transaction& transaction, Wall now) {
  std::erase_if(links_, [&](const auto& each) {
    const store::StoredLink& stored = each.second;
    if (now < stored.link.expires_at + kKept) return false;
    store::erase_link(transaction, stored.hash);
    id_of_token_.erase(stored.hash);
    return true;
  });
}

// ---- made and revoked -------------------------------------------------------------------------------

void Links::create(const InstanceInfo& instance, LinkRequest request, Reply<CreatedLink> reply) {
  const Wall now = clock_.now().wall;
  Bytes bytes(kTokenSize);
  random_.fill(bytes);
  CreatedLink created{{}, crypto::base64_url(bytes)};
  wipe(bytes);
  LinkInfo& link = created.link;
  link.id = crypto::uuid_v7(random_, unix_milliseconds(now));
  link.instance_id = instance.id;
  link.instance_name = instance.name;
  link.title = std::move(request.title);
  link.return_url = std::move(request.return_url);
  link.created_at = now;
  link.expires_at = now + request.life;
  link.uses = request.uses;
  link.history_days = request.history_days;
  const store::StoredLink stored{store::hash_token(hash_key_, created.token), link};

  store::Transaction transaction(store_, store::kSystem);
  {
    const std::lock_guard lock(mutex_);
    const auto open = std::count_if(links_.begin(), links_.end(), [&](const auto& each) {
      return each.second.link.instance_id == instance.id && standing_of(each.second.link, now) == LinkStanding::kOpen;
    });
    if (static_cast<std::size_t>(open) >= kMostLinks) {
      return reply.answer(Error{Errc::kInvalidArgument, Cause::kLinkLimit,
                                "expected at most " + std::to_string(kMostLinks) + " open links of an instance"});
    }
    erase_old(transaction, now);
  }
  store::put_link(transaction, stored);
  store_.commit(transaction.take(),
                [this, stored, created = std::move(created), reply = std::move(reply)](const Status& status) mutable {
                  if (!status.ok()) return reply.answer(status.error());
                  {
                    const std::lock_guard lock(mutex_);
                    id_of_token_.emplace(stored.hash, stored.link.id);
                    links_.emplace(stored.link.id, stored);
                  }
                  reply.answer(std::move(created));
                });
}

std::vector<LinkInfo> Links::list(std::string_view instance_id) const {
  std::vector<LinkInfo> out;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, stored] : links_) {
      if (stored.link.instance_id == instance_id) out.push_back(stored.link);
    }
  }
  // Ids begin with their time.
  std::reverse(out.begin(), out.end());
  return out;
}

void Links::revoke(std::string_view instance_id, std::string_view link_id, Reply<std::monostate> reply) {
  store::Transaction transaction(store_, store::kSystem);
  {
    const std::lock_guard lock(mutex_);
    const auto found = links_.find(link_id);
    if (found == links_.end() || found->second.link.instance_id != instance_id) {
      return reply.answer(Error{Errc::kNotFound, Cause::kLinkNotFound, "the instance has no link of this id"});
    }
    store::erase_link(transaction, found->second.hash);
  }
  store_.commit(transaction.take(),
                [this, id = std::string(link_id), reply = std::move(reply)](const Status& status) mutable {
                  if (!status.ok()) return reply.answer(status.error());
                  {
                    const std::lock_guard lock(mutex_);
                    if (const auto found = links_.find(id); found != links_.end()) {
                      id_of_token_.erase(found->second.hash);
                      links_.erase(found);
                    }
                    end_watchers(id, revoked());
                  }
                  reply.answer(std::monostate{});
                });
}

// ---- what a holder may do ---------------------------------------------------------------------------

std::optional<LinkHolder> Links::authenticate(std::string_view token) const {
  const store::TokenHash hash = store::hash_token(hash_key_, token);
  const std::lock_guard lock(mutex_);
  const auto found = id_of_token_.find(hash);
  return found == id_of_token_.end() ? std::nullopt : std::optional(LinkHolder{found->second});
}

Result<const store::StoredLink*> Links::find_open(const LinkHolder& holder) const {
  const auto found = links_.find(holder.link_id);
  if (found == links_.end()) return revoked();
  const LinkStanding standing = standing_of(found->second.link, clock_.now().wall);
  if (standing != LinkStanding::kOpen) return link_gone(standing);
  return &found->second;
}

Result<LinkInfo> Links::open(const LinkHolder& holder) const {
  const std::lock_guard lock(mutex_);
  PONTE_ASSIGN(const store::StoredLink* stored, find_open(holder));
  return stored->link;
}

Result<InstanceInfo> Links::instance_of(const LinkHolder& holder) const {
  PONTE_ASSIGN(const LinkInfo link, open(holder));
  return instance_of(link);
}

Result<InstanceInfo> Links::instance_of(const LinkInfo& link) const {
  auto info = instances_->find(link.instance_name);
  if (!info || info->id != link.instance_id) return link_gone(LinkStanding::kInstanceDeleted);
  return std::move(*info);
}

std::optional<PasskeyState> Links::passkey_of(const std::string& instance_name) const {
  const auto info = instances_ == nullptr ? std::nullopt : instances_->find(instance_name);
  return info ? info->passkey : std::nullopt;
}

std::shared_ptr<const LinkView> Links::view_of(const std::string& instance_id, const std::string& link_id) const {
  const auto found = attempts_.find(instance_id);
  return found == attempts_.end() ? idle_view() : found->second.view_of(link_id);
}

Result<std::shared_ptr<const LinkView>> Links::view(const LinkHolder& holder) const {
  PONTE_ASSIGN(const InstanceInfo info, instance_of(holder));
  const std::lock_guard lock(mutex_);
  auto view = view_of(info.id, holder.link_id);
  return view->state == LinkView::State::kIdle && info.state == State::kConnected ? linked_view() : view;
}

void Links::start(const LinkHolder& holder, std::optional<std::string> number,
                  Reply<std::shared_ptr<const LinkView>> reply) {
  const auto link = open(holder);
  if (!link) return reply.answer(link.error());
  const auto info = instance_of(*link);
  if (!info) return reply.answer(info.error());
  {
    const std::lock_guard lock(mutex_);
    attempts_[info->id].begin(holder.link_id);
    show(info->id);
  }
  ConnectRequest request;
  request.number = std::move(number);
  request.history_days = link->history_days;
  instances_->connect(info->name, std::move(request),
                      Reply<ConnectResult>([this, id = info->id, name = info->name,
                                            reply = std::move(reply)](const Result<ConnectResult>& result) mutable {
                        const auto passkey = passkey_of(name);
                        std::shared_ptr<const LinkView> shown;
                        {
                          const std::lock_guard lock(mutex_);
                          LinkAttempt& attempt = attempts_[id];
                          attempt.on_connect(result, passkey, clock_.now());
                          show(id);
                          shown = attempt.view();
                        }
                        // A passkey is the next step, not a failure.
                        const bool goes_on = result.ok() || shown->state == LinkView::State::kPasskey;
                        if (goes_on) return reply.answer(std::move(shown));
                        reply.answer(result.error());
                      }));
}

Reply<PasskeyState> Links::showing_passkey(std::string instance_id, Reply<std::shared_ptr<const LinkView>> reply) {
  return Reply<PasskeyState>(
      [this, id = std::move(instance_id), reply = std::move(reply)](const Result<PasskeyState>& result) mutable {
        if (!result) return reply.answer(result.error());
        std::shared_ptr<const LinkView> shown;
        {
          const std::lock_guard lock(mutex_);
          LinkAttempt& attempt = attempts_[id];
          // The device may have been linked, or the attempt ended, before this answer came.
          if (attempt.view()->state == LinkView::State::kPasskey) attempt.on_passkey(*result);
          show(id);
          shown = attempt.view();
        }
        reply.answer(std::move(shown));
      });
}

void Links::submit_passkey(const LinkHolder& holder, std::string assertion,
                           Reply<std::shared_ptr<const LinkView>> reply) {
  const auto info = instance_of(holder);
  if (!info) return reply.answer(info.error());
  instances_->submit_passkey(info->name, std::move(assertion), showing_passkey(info->id, std::move(reply)));
}

void Links::confirm_passkey(const LinkHolder& holder, Reply<std::shared_ptr<const LinkView>> reply) {
  const auto info = instance_of(holder);
  if (!info) return reply.answer(info.error());
  instances_->confirm_passkey(info->name, showing_passkey(info->id, std::move(reply)));
}

// ---- pages ------------------------------------------------------------------------------------------

Result<Links::WatchId> Links::watch(const LinkHolder& holder, std::shared_ptr<LinkWatcher> watcher) {
  PONTE_ASSIGN(const auto first, view(holder));
  const std::lock_guard lock(mutex_);
  PONTE_ASSIGN(const store::StoredLink* stored, find_open(holder));
  const auto pages = std::count_if(watchers_.begin(), watchers_.end(),
                                   [&](const auto& each) { return each.second.link_id == holder.link_id; });
  if (closed_ || static_cast<std::size_t>(pages) >= kMostWatchers) {
    return Error{Errc::kUnavailable, closed_ ? Cause::kShuttingDown : Cause::kOverloaded,
                 "too many pages of this link are open"};
  }
  const WatchId id = next_watch_++;
  const auto found = attempts_.find(stored->link.instance_id);
  const auto shown = found == attempts_.end() ? first : found->second.view_of(holder.link_id);
  if (!watcher->show(shown)) return id;
  watchers_.emplace(id, Watcher{holder.link_id, stored->link.instance_id, std::move(watcher), shown});
  return id;
}

void Links::unwatch(WatchId id) {
  const std::lock_guard lock(mutex_);
  watchers_.erase(id);
}

std::size_t Links::watchers() const {
  const std::lock_guard lock(mutex_);
  return watchers_.size();
}

void Links::show(const std::string& instance_id) {
  for (auto each = watchers_.begin(); each != watchers_.end();) {
    Watcher& watcher = each->second;
    const auto view = watcher.instance_id == instance_id ? view_of(instance_id, watcher.link_id) : watcher.shown;
    const bool is_new = std::exchange(watcher.shown, view) != view;
    each = is_new && !watcher.watcher->show(view) ? watchers_.erase(each) : std::next(each);
  }
}

void Links::end_watchers(std::string_view link_id, const std::optional<Error>& why) {
  std::erase_if(watchers_, [&](const auto& each) {
    if (each.second.link_id != link_id) return false;
    each.second.watcher->end(why);
    return true;
  });
}

void Links::beat() {
  const Wall now = clock_.now().wall;
  const std::lock_guard lock(mutex_);
  std::erase_if(watchers_, [&](const auto& each) {
    const auto found = links_.find(each.second.link_id);
    const LinkStanding standing = found == links_.end() ? LinkStanding::kExpired : standing_of(found->second.link, now);
    // One that is used up still tells of the login that follows.
    if (standing == LinkStanding::kOpen || standing == LinkStanding::kUsed) return !each.second.watcher->beat();
    each.second.watcher->end(link_gone(standing));
    return true;
  });
}

void Links::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (auto& [id, watcher] : watchers_) watcher.watcher->end(std::nullopt);
  watchers_.clear();
}

// ---- what instances tell ----------------------------------------------------------------------------

void Links::on_state(const StateEvent& event) {
  {
    // Most instances have no page.
    const std::lock_guard lock(mutex_);
    if (!attempts_.contains(event.instance_id)) return;
  }
  const auto passkey = event.state == "passkey_required" ? passkey_of(event.instance) : std::nullopt;
  store::Transaction transaction(store_, store::kSystem);
  {
    const std::lock_guard lock(mutex_);
    const auto found = attempts_.find(event.instance_id);
    if (found == attempts_.end()) return;
    if (!found->second.on_state(event, passkey, clock_.now())) return;
    spend(event.instance_id, transaction);
    show(event.instance_id);
    if (found->second.view()->state == LinkView::State::kConnected) {
      for (const auto& [id, stored] : links_) {
        const bool is_its = stored.link.instance_id == event.instance_id;
        if (is_its && standing_of(stored.link, event.at) == LinkStanding::kUsed) end_watchers(id, std::nullopt);
      }
    }
  }
  if (!transaction.empty()) store_.commit(transaction.take(), log_failure);
}

void Links::spend(const std::string& instance_id, store::Transaction& transaction) {
  for (const std::string& id : attempts_[instance_id].take_spent()) {
    const auto found = links_.find(id);
    if (found == links_.end()) continue;
    ++found->second.link.used;
    store::put_link(transaction, found->second);
  }
}

void Links::on_journal_erased(const std::string& instance_id) {
  store::Transaction transaction(store_, store::kSystem);
  {
    const std::lock_guard lock(mutex_);
    attempts_.erase(instance_id);
    for (auto& [id, stored] : links_) {
      if (stored.link.instance_id != instance_id || stored.link.instance_deleted) continue;
      stored.link.instance_deleted = true;
      stored.link.title.reset();
      stored.link.return_url.reset();
      store::put_link(transaction, stored);
      end_watchers(id, link_gone(LinkStanding::kInstanceDeleted));
    }
  }
  if (!transaction.empty()) store_.commit(transaction.take(), log_failure);
}

}  // namespace ponte::instance
