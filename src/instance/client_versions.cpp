#include "instance/client_versions.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "store/service_records.h"

namespace ponte::instance {
namespace {

constexpr const char* kComponent = "version";

/// Tells fetches apart that go different ways; also by who asks the proxy.
std::string key_of(const std::optional<net::Proxy>& proxy) {
  return proxy ? proxy->to_string() + " " + proxy->username : std::string();
}

Error unavailable(const std::string& why) {
  return {Errc::kUnavailable, Cause::kVersionUnavailable, "the client version could not be fetched: " + why};
}

}  // namespace

ClientVersions::ClientVersions(Options options, store::Store& store, const Clock& clock)
    : options_(std::move(options)), store_(store), clock_(clock), current_(options_.configured) {}

Status ClientVersions::load() {
  PONTE_ASSIGN(const auto stored, store::get_fetched_version({store_, store::kSystem}));
  if (!stored) return Status::Ok();
  const auto version = protocol::ClientVersion::parse(stored->version);
  const std::lock_guard lock(mutex_);
  fetched_at_ = stored->at;
  if (version.ok() && *version > current_ && !options_.pinned) current_ = *version;
  return Status::Ok();
}

protocol::ClientVersion ClientVersions::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

ClientVersions::Look ClientVersions::last_look() const {
  const std::lock_guard lock(mutex_);
  return {current_, fetched_at_, failure_};
}

bool ClientVersions::due() const {
  if (!options_.fetch || options_.pinned) return false;
  const Now now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (!waiting_.empty() || (tried_at_ && now.mono - *tried_at_ < kNextTry)) return false;
  // A clock that was set back must not put the next look off for years.
  return !fetched_at_ || now.wall - *fetched_at_ >= kMaxAge || now.wall < *fetched_at_;
}

void ClientVersions::refresh(const std::optional<net::Proxy>& proxy, Reply<protocol::ClientVersion> reply) {
  if (!options_.fetch) {
    reply.answer(unavailable("no address to fetch it from is configured"));
    return;
  }
  const std::string key = key_of(proxy);
  {
    const std::lock_guard lock(mutex_);
    auto& waiting = waiting_[key];
    waiting.push_back(std::move(reply));
    if (waiting.size() > 1) return;
  }
  options_.fetch(proxy, Reply<std::string>([this, key](const Result<std::string>& page) { on_page(key, page); }));
}

void ClientVersions::on_page(const std::string& key, const Result<std::string>& page) {
  const Result<protocol::ClientVersion> version = take(page);
  std::vector<Reply<protocol::ClientVersion>> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting = std::exchange(waiting_[key], {});
    waiting_.erase(key);
  }
  if (!version.ok()) log::warn(kComponent, version.error().message);
  for (auto& reply : waiting) reply.answer(version);
}

Result<protocol::ClientVersion> ClientVersions::take(const Result<std::string>& page) {
  const auto found = page.ok() ? protocol::ClientVersion::in_page(*page) : std::nullopt;
  const Now now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (!found) {
    tried_at_ = now.mono;
    Error why = unavailable(page.ok() ? "the page names no client_revision" : page.error().message);
    failure_ = why.message;
    return why;
  }
  tried_at_.reset();
  failure_.reset();
  fetched_at_ = now.wall;
  // Back too, where WhatsApp went back; but what is older than this build would only be refused the sooner.
  const protocol::ClientVersion taken = std::max(*found, options_.configured);
  if (taken != current_) log::info(kComponent, "client version " + taken.to_string());
  current_ = taken;
  store::Transaction transaction(store_, store::kSystem);
  store::put_fetched_version(transaction, {found->to_string(), now.wall});
  store_.commit(transaction.take(), [](const Status&) {});
  return current_;
}

}  // namespace ponte::instance
