#include "instance/push_hub.h"

#include <utility>
#include <vector>

#include "base/log.h"

namespace ponte::instance {
namespace {

constexpr std::size_t kPage = 64;

}  // namespace

PushHub::Id PushHub::subscribe(Subscription subscription) {
  Id id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = next_id_++;
    if (closed_) {
      subscription.sink->end();
      return id;
    }
    by_instance_[subscription.instance_id].insert(id);
    Subscriber subscriber;
    static_cast<Subscription&>(subscriber) = std::move(subscription);
    subscribers_.emplace(id, std::move(subscriber));
  }
  pump(id);
  return id;
}

void PushHub::unsubscribe(Id id) {
  const std::lock_guard lock(mutex_);
  drop(id);
}

void PushHub::resume(Id id) {
  pump(id);
}

void PushHub::beat() {
  const std::lock_guard lock(mutex_);
  std::vector<Id> gone;
  for (auto& [id, subscriber] : subscribers_) {
    if (!subscriber.sink->beat()) gone.push_back(id);
  }
  for (const Id id : gone) drop(id);
}

void PushHub::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (auto& [id, subscriber] : subscribers_) subscriber.sink->end();
  subscribers_.clear();
  by_instance_.clear();
}

void PushHub::on_journal_erased(const std::string& instance_id) {
  const std::lock_guard lock(mutex_);
  const auto ids = by_instance_.find(instance_id);
  if (ids == by_instance_.end()) return;
  for (const Id id : ids->second) {
    const auto found = subscribers_.find(id);
    found->second.sink->end();
    subscribers_.erase(found);
  }
  by_instance_.erase(ids);
}

std::size_t PushHub::subscribers() const {
  const std::lock_guard lock(mutex_);
  return subscribers_.size();
}

void PushHub::drop(Id id) {
  const auto found = subscribers_.find(id);
  if (found == subscribers_.end()) return;
  const auto ids = by_instance_.find(found->second.instance_id);
  ids->second.erase(id);
  if (ids->second.empty()) by_instance_.erase(ids);
  subscribers_.erase(found);
}

/// Reads the journal for a subscriber until it has all, or enough waiting. The reads are outside of the lock, but for
/// the last: an event that comes after it finds the subscriber live.
void PushHub::pump(Id id) {
  for (bool locked_read = false;;) {
    std::string instance_id;
    std::uint64_t after = 0;
    Result<Page> page = Page();
    if (!locked_read) {
      {
        const std::lock_guard lock(mutex_);
        const auto found = subscribers_.find(id);
        if (found == subscribers_.end() || found->second.live || found->second.pumping) return;
        found->second.pumping = true;
        instance_id = found->second.instance_id;
        after = found->second.after;
      }
      page = feed_.events_after(instance_id, after, kPage);
    }
    const std::lock_guard lock(mutex_);
    const auto found = subscribers_.find(id);
    if (found == subscribers_.end()) return;
    Subscriber& subscriber = found->second;
    if (locked_read) page = feed_.events_after(subscriber.instance_id, subscriber.after, kPage);
    subscriber.pumping = false;
    if (!page.ok()) {
      log::error("push", page.error().message);
      subscriber.sink->end();
      return drop(id);
    }
    for (const JournalEvent& event : *page) {
      if (!push(subscriber, event)) return drop(id);
    }
    if (page->empty() && locked_read) {
      subscriber.live = true;
      return;
    }
    if (subscriber.sink->waiting() > kEnoughWaiting) return;
    locked_read = page->empty();
  }
}

bool PushHub::push(Subscriber& subscriber, const JournalEvent& event) {
  subscriber.after = event.sequence;
  if (!subscriber.events.empty() && !subscriber.events.contains(event.name)) return true;
  return subscriber.sink->take(render(subscriber, event));
}

/// Of all who get an event at once the first has it rendered.
std::shared_ptr<const PushedEvent> PushHub::render(const Subscriber& subscriber, const JournalEvent& event) {
  if (rendered_ && rendered_->sequence == event.sequence && rendered_of_ == subscriber.instance_id) return rendered_;
  rendered_ =
      std::make_shared<PushedEvent>(PushedEvent{event.sequence, event.name, render_envelope(event, subscriber.source)});
  rendered_of_ = subscriber.instance_id;
  return rendered_;
}

void PushHub::on_event(const std::string& instance_id, const JournalEvent& event) {
  const std::lock_guard lock(mutex_);
  const auto ids = by_instance_.find(instance_id);
  if (ids == by_instance_.end()) return;
  std::vector<Id> gone;
  for (const Id id : ids->second) {
    Subscriber& subscriber = subscribers_.at(id);
    if (!subscriber.live || subscriber.after >= event.sequence) continue;
    if (!push(subscriber, event)) gone.push_back(id);
  }
  for (const Id id : gone) drop(id);
}

}  // namespace ponte::instance
