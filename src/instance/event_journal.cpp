#include "instance/event_journal.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "store/keys.h"

namespace ponte::instance {
namespace {

/// Given up with each append, so that a journal that is full costs each of them a little.
constexpr std::size_t kGivenUpAtOnce = 8;

}  // namespace

class EventJournal::State {
 public:
  State(store::Store& store, const Clock& clock, Limits limits) : store_(store), clock_(clock), limits_(limits) {}

  void add_listener(EventListener& listener) { listeners_.push_back(&listener); }
  void close();
  /// Numbers the events and puts them into the transaction.
  Result<Staged> stage(const std::shared_ptr<State>& self, const std::string& instance_id, std::vector<Entry> entries,
                       std::string_view told_link, store::Transaction& transaction);
  void settle(const std::string& instance_id, std::uint64_t life, std::uint64_t first, const Status& committed);
  void forget(const std::string& instance_id);

  std::uint64_t last_sequence(const std::string& instance_id) {
    const std::lock_guard lock(mutex_);
    const auto found = extent(journals_[instance_id], instance_id);
    return found.ok() ? (*found)->last : 0;
  }
  std::uint64_t first_sequence(const std::string& instance_id) {
    const std::lock_guard lock(mutex_);
    const auto found = extent(journals_[instance_id], instance_id);
    return found.ok() ? (*found)->first : 0;
  }

 private:
  /// Where a journal begins and ends.
  struct Extent {
    std::uint64_t first = 0;
    std::uint64_t last = 0;      ///< of those that are durable
    std::uint64_t numbered = 0;  ///< the last number that was given out
    Wall first_at{};
  };
  /// The events of one batch.
  struct OnItsWay {
    enum class Stage { kWaiting, kDurable, kFailed };
    std::vector<JournalEvent> events;
    Stage stage = Stage::kWaiting;
  };
  /// Of one instance.
  struct Journal {
    std::uint64_t life = 0;           ///< another one after its end
    std::optional<Extent> extent;     ///< as in the store, with what is on its way
    std::deque<OnItsWay> on_its_way;  ///< in order; those behind the first may be settled before it
    std::deque<JournalEvent> untold;  ///< durable
    bool telling = false;             ///< some thread is; it tells what others leave in `untold`
    bool failed = false;              ///< a batch has, since the extent was read
    bool keeps_all = false;           ///< the oldest cannot be read, so none is given up
  };
  using Lock = std::unique_lock<std::mutex>;

  Result<Extent*> extent(Journal& journal, const std::string& instance_id);  // mutex_ held
  void give_up_old(store::Transaction& transaction, Journal& journal, Wall now);
  static void take_settled(Journal& journal);
  void tell(const std::string& instance_id, std::uint64_t life, Lock& lock);
  Journal* find(const std::string& instance_id, std::uint64_t life);

  store::Store& store_;
  const Clock& clock_;
  const Limits limits_;
  std::vector<EventListener*> listeners_;
  std::mutex mutex_;
  std::condition_variable told_;  ///< a thread has ended telling
  std::map<std::string, Journal> journals_;
  std::uint64_t lives_ = 0;
  unsigned telling_ = 0;
  bool closed_ = false;
};

Result<EventJournal::State::Extent*> EventJournal::State::extent(Journal& journal, const std::string& instance_id) {
  if (journal.extent) return &*journal.extent;
  if (journal.life == 0) journal.life = ++lives_;
  const store::Owner owner = store::keys::events_owner(instance_id);
  PONTE_ASSIGN(const auto oldest, store::get_events_after(store_, owner, 0, 1));
  PONTE_ASSIGN(const auto newest, store::get_last_event(store_, owner));
  Extent extent;
  if (!oldest.empty() && newest)
    extent = {oldest.front().sequence, newest->sequence, newest->sequence, oldest.front().at};
  journal.extent = extent;
  return &*journal.extent;
}

/// A damaged one at the beginning must not keep new events out.
void EventJournal::State::give_up_old(store::Transaction& transaction, Journal& journal, Wall now) {
  Extent& extent = *journal.extent;
  const auto too_many = [&] { return extent.numbered - extent.first + 1 > limits_.most; };
  const auto too_old = [&](Wall at) { return at + limits_.age < now; };
  if (journal.keeps_all || extent.first == 0 || (!too_many() && !too_old(extent.first_at))) return;
  const auto oldest = store::get_events_after(store_, transaction.owner(), extent.first - 1, kGivenUpAtOnce + 1);
  if (!oldest.ok()) {
    journal.keeps_all = true;
    return log::error("journal", oldest.error().message + "; until the next start no event makes room for later ones");
  }
  for (const JournalEvent& event : *oldest) {
    extent.first = event.sequence;
    extent.first_at = event.at;
    if ((!too_many() && !too_old(event.at)) || &event == &oldest->back()) break;
    store::erase_event(transaction, event.sequence);
  }
}

Result<EventJournal::Staged> EventJournal::State::stage(const std::shared_ptr<State>& self,
                                                        const std::string& instance_id, std::vector<Entry> entries,
                                                        std::string_view told_link, store::Transaction& transaction) {
  const std::lock_guard lock(mutex_);
  Journal& journal = journals_[instance_id];
  PONTE_ASSIGN(Extent* const extent, this->extent(journal, instance_id));
  const Wall now = clock_.now().wall;
  const std::uint64_t first = extent->numbered + 1;
  OnItsWay batch;
  for (Entry& entry : entries) {
    batch.events.push_back({++extent->numbered, now, std::move(entry.name), std::move(entry.data)});
    store::put_event(transaction, batch.events.back());
  }
  give_up_old(transaction, journal, now);
  if (extent->first == 0) extent->first = first, extent->first_at = now;
  if (!told_link.empty()) store::put_told_link(transaction, told_link);
  journal.on_its_way.push_back(std::move(batch));
  return Staged(self, instance_id, journal.life, first);
}

EventJournal::State::Journal* EventJournal::State::find(const std::string& instance_id, std::uint64_t life) {
  const auto found = journals_.find(instance_id);
  return found != journals_.end() && found->second.life == life ? &found->second : nullptr;
}

void EventJournal::State::settle(const std::string& instance_id, std::uint64_t life, std::uint64_t first,
                                 const Status& committed) {
  Lock lock(mutex_);
  Journal* const journal = find(instance_id, life);
  if (journal == nullptr) return;
  for (OnItsWay& batch : journal->on_its_way) {
    if (batch.events.front().sequence != first) continue;
    batch.stage = committed.ok() ? OnItsWay::Stage::kDurable : OnItsWay::Stage::kFailed;
  }
  take_settled(*journal);
  if (!journal->telling) tell(instance_id, life, lock);
}

/// The store applies batches in their order, but their callers may hear of it on threads that overtake each other.
void EventJournal::State::take_settled(Journal& journal) {
  auto& batches = journal.on_its_way;
  while (!batches.empty() && batches.front().stage != OnItsWay::Stage::kWaiting) {
    OnItsWay batch = std::move(batches.front());
    batches.pop_front();
    if (batch.stage == OnItsWay::Stage::kFailed) {
      journal.failed = true;
      continue;
    }
    journal.extent->last = batch.events.back().sequence;
    std::move(batch.events.begin(), batch.events.end(), std::back_inserter(journal.untold));
  }
  if (!journal.failed || !batches.empty()) return;
  // A batch that failed may stand in the database all the same: only the store knows which numbers are free.
  journal.failed = false;
  journal.extent.reset();
}

void EventJournal::State::tell(const std::string& instance_id, std::uint64_t life, Lock& lock) {
  ++telling_;
  for (Journal* journal = find(instance_id, life); journal != nullptr; journal = find(instance_id, life)) {
    journal->telling = !closed_ && !journal->untold.empty();
    if (!journal->telling) break;
    const JournalEvent event = std::move(journal->untold.front());
    journal->untold.pop_front();
    lock.unlock();
    for (EventListener* listener : listeners_) listener->on_event(instance_id, event);
    lock.lock();
  }
  --telling_;
  told_.notify_all();
}

void EventJournal::State::close() {
  Lock lock(mutex_);
  closed_ = true;
  told_.wait(lock, [this] { return telling_ == 0; });
}

void EventJournal::State::forget(const std::string& instance_id) {
  {
    const std::lock_guard lock(mutex_);
    journals_.erase(instance_id);
  }
  for (EventListener* listener : listeners_) listener->on_journal_erased(instance_id);
}

// ---- what is staged ---------------------------------------------------------------------------------

EventJournal::Staged::Staged(std::shared_ptr<State> state, std::string instance_id, std::uint64_t life,
                             std::uint64_t first)
    : state_(std::move(state)), instance_id_(std::move(instance_id)), life_(life), first_(first) {}

EventJournal::Staged::~Staged() {
  settle(Error{Errc::kCancelled, Cause::kInternal, "the batch was never committed"});
}

void EventJournal::Staged::settle(const Status& committed) {
  if (const auto state = std::exchange(state_, nullptr)) state->settle(instance_id_, life_, first_, committed);
}

// ---- the journal ------------------------------------------------------------------------------------

EventJournal::EventJournal(store::Store& store, const Clock& clock, Limits limits)
    : store_(store), state_(std::make_shared<State>(store, clock, limits)) {}

EventJournal::~EventJournal() {
  state_->close();
}

void EventJournal::add_listener(EventListener& listener) {
  state_->add_listener(listener);
}

void EventJournal::close() {
  state_->close();
}

void EventJournal::append(const std::string& instance_id, std::string name, std::string data,
                          std::string_view told_link) {
  const auto lost = [instance_id, name](const Error& why) {
    log::error("journal", name + " of " + instance_id + ": " + why.message);
  };
  store::Transaction transaction(store_, store::keys::events_owner(instance_id));
  std::vector<Entry> entries;
  entries.push_back({std::move(name), std::move(data)});
  auto staged = state_->stage(state_, instance_id, std::move(entries), told_link, transaction);
  if (!staged.ok()) return lost(staged.error());
  store_.commit(transaction.take(), [lost, staged = std::move(*staged)](const Status& committed) mutable {
    if (!committed.ok()) lost(committed.error());
    staged.settle(committed);
  });
}

Result<EventJournal::Staged> EventJournal::stage(const std::string& instance_id, std::vector<Entry> entries,
                                                 store::WriteBatch& batch) {
  if (entries.empty()) return Staged();
  store::Transaction transaction(store_, store::keys::events_owner(instance_id));
  auto staged = state_->stage(state_, instance_id, std::move(entries), {}, transaction);
  if (staged.ok()) batch.join(transaction.take());
  return staged;
}

Result<std::vector<JournalEvent>> EventJournal::events_after(const std::string& instance_id, std::uint64_t after,
                                                             std::size_t limit) const {
  return store::get_events_after(store_, store::keys::events_owner(instance_id), after, limit);
}

Result<std::optional<std::string>> EventJournal::told_link(const std::string& instance_id) const {
  return store::get_told_link(store_, store::keys::events_owner(instance_id));
}

std::uint64_t EventJournal::last_sequence(const std::string& instance_id) const {
  return state_->last_sequence(instance_id);
}

std::uint64_t EventJournal::first_sequence(const std::string& instance_id) const {
  return state_->first_sequence(instance_id);
}

void EventJournal::erase(const std::string& instance_id, store::Store::Committed done) {
  state_->forget(instance_id);
  store_.erase_owner(store::keys::events_owner(instance_id), std::move(done));
}

}  // namespace ponte::instance
