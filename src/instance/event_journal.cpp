#include "instance/event_journal.h"

#include <memory>
#include <utility>

#include "base/log.h"
#include "store/keys.h"

namespace ponte::instance {
namespace {

/// Given up with each append, so that a journal that is full costs each of them a little.
constexpr std::size_t kGivenUpAtOnce = 8;

}  // namespace

EventJournal::EventJournal(store::Store& store, const Clock& clock, Limits limits)
    : store_(store), clock_(clock), limits_(limits) {}

Result<EventJournal::Extent> EventJournal::extent(const std::string& instance_id) const {
  if (const auto known = extents_.find(instance_id); known != extents_.end()) return known->second;
  const store::Owner owner = store::keys::events_owner(instance_id);
  PONTE_ASSIGN(const auto oldest, store::get_events_after(store_, owner, 0, 1));
  PONTE_ASSIGN(const auto newest, store::get_last_event(store_, owner));
  Extent extent;
  if (!oldest.empty() && newest) extent = {oldest.front().sequence, newest->sequence, oldest.front().at};
  extents_.emplace(instance_id, extent);
  return extent;
}

Status EventJournal::give_up_old(store::Transaction& transaction, Extent& extent, Wall now) const {
  const auto too_many = [&] { return extent.last - extent.first + 1 > limits_.most; };
  const auto too_old = [&](Wall at) { return at + limits_.age < now; };
  if (extent.first == 0 || (!too_many() && !too_old(extent.first_at))) return Status::Ok();
  PONTE_ASSIGN(const auto oldest, store::get_events_after(store_, transaction.owner(), 0, kGivenUpAtOnce + 1));
  for (const JournalEvent& event : oldest) {
    extent.first = event.sequence;
    extent.first_at = event.at;
    if ((!too_many() && !too_old(event.at)) || &event == &oldest.back()) break;
    store::erase_event(transaction, event.sequence);
  }
  return Status::Ok();
}

/// Inline, since nothing of this owner is ever synced but its end; an event behind that end is nobody's any more.
Status EventJournal::commit(store::Transaction transaction) {
  const auto outcome = std::make_shared<Status>();
  store_.commit(transaction.take(), [outcome](Status committed) { *outcome = std::move(committed); });
  return *outcome;
}

void EventJournal::append(const std::string& instance_id, std::string name, std::string data,
                          std::string_view told_link) {
  JournalEvent event{0, clock_.now().wall, std::move(name), std::move(data)};
  Status status;
  {
    const std::lock_guard lock(mutex_);
    auto known = extent(instance_id);
    if (known.ok()) {
      Extent now = *known;
      event.sequence = ++now.last;
      store::Transaction transaction(store_, store::keys::events_owner(instance_id));
      status = give_up_old(transaction, now, event.at);
      if (now.first == 0) now.first = event.sequence, now.first_at = event.at;
      store::put_event(transaction, event);
      if (!told_link.empty()) store::put_told_link(transaction, told_link);
      if (status.ok()) status = commit(std::move(transaction));
      if (status.ok()) extents_[instance_id] = now;
    } else {
      status = known.error();
    }
  }
  if (!status.ok()) return log::error("journal", event.name + " of " + instance_id + ": " + status.error().message);
  for (EventListener* listener : listeners_) listener->on_event(instance_id, event);
}

Result<std::vector<JournalEvent>> EventJournal::events_after(const std::string& instance_id, std::uint64_t after,
                                                             std::size_t limit) const {
  return store::get_events_after(store_, store::keys::events_owner(instance_id), after, limit);
}

Result<std::optional<std::string>> EventJournal::told_link(const std::string& instance_id) const {
  return store::get_told_link(store_, store::keys::events_owner(instance_id));
}

std::uint64_t EventJournal::last_sequence(const std::string& instance_id) const {
  const std::lock_guard lock(mutex_);
  const auto known = extent(instance_id);
  return known.ok() ? known->last : 0;
}

std::uint64_t EventJournal::first_sequence(const std::string& instance_id) const {
  const std::lock_guard lock(mutex_);
  const auto known = extent(instance_id);
  return known.ok() ? known->first : 0;
}

void EventJournal::erase(const std::string& instance_id, store::Store::Committed done) {
  {
    const std::lock_guard lock(mutex_);
    extents_.erase(instance_id);
  }
  for (EventListener* listener : listeners_) listener->on_journal_erased(instance_id);
  store_.erase_owner(store::keys::events_owner(instance_id), std::move(done));
}

}  // namespace ponte::instance
