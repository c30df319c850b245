// Events to whoever follows an instance right now: SSE and WebSocket (contract, decisions 15 and 19).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "instance/event_envelope.h"
#include "instance/event_feed.h"

namespace ponte::instance {

/// An event as it goes out; one for all who get it.
struct PushedEvent {
  std::uint64_t sequence = 0;
  std::string name;
  std::string envelope;  ///< JSON (contract 1.3)
};

/// Who is pushed to. Its methods are called by the hub, one at a time, from any thread; they must not block, nor call
/// the hub.
class EventSink {
 public:
  virtual ~EventSink() = default;
  /// False: it is gone, or too slow, and gets no more.
  virtual bool take(const std::shared_ptr<const PushedEvent>& event) = 0;
  /// Now and then, so that what lies between notices that the connection is in use. False as of take().
  virtual bool beat() { return true; }
  /// There will be no more: the instance has gone, or the service ends.
  virtual void end() = 0;
  /// Bytes that it has taken and not passed on yet.
  virtual std::size_t waiting() const = 0;
};

/// Thread-safe. A subscriber first gets what the journal holds behind its place, as fast as it takes it, then each
/// event as it happens: none twice, none left out that the journal still holds.
class PushHub final : public EventListener {
 public:
  using Id = std::uint64_t;
  /// Bytes that a sink may have waiting while it is read to from the journal.
  static constexpr std::size_t kEnoughWaiting = 256 * 1024;

  struct Subscription {
    std::string instance_id;
    EventSource source;                         ///< the same for all of one instance
    std::uint64_t after = 0;                    ///< the sequence that it has seen
    std::set<std::string, std::less<>> events;  ///< names; empty: all
    std::shared_ptr<EventSink> sink;            ///< shared with whoever owns the connection
  };

  /// `feed` outlives it.
  explicit PushHub(const EventFeed& feed) : feed_(feed) {}

  Id subscribe(Subscription subscription);
  void unsubscribe(Id id);
  /// A sink that had enough waiting has room again.
  void resume(Id id);
  /// Calls beat() of all.
  void beat();
  /// Ends all subscriptions, and those that come later. Idempotent.
  void close();
  std::size_t subscribers() const;

  void on_event(const std::string& instance_id, const JournalEvent& event) override;
  void on_journal_erased(const std::string& instance_id) override;

 private:
  struct Subscriber : Subscription {
    bool live = false;     ///< has all that the journal holds
    bool pumping = false;  ///< somebody reads the journal for it
  };
  using Page = std::vector<JournalEvent>;

  void pump(Id id);
  bool push(Subscriber& subscriber, const JournalEvent& event);
  std::shared_ptr<const PushedEvent> render(const Subscriber& subscriber, const JournalEvent& event);
  void drop(Id id);

  const EventFeed& feed_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  Id next_id_ = 1;
  bool closed_ = false;
  std::map<Id, Subscriber> subscribers_;
  std::map<std::string, std::set<Id>, std::less<>> by_instance_;
  std::shared_ptr<const PushedEvent> rendered_;  ///< the last one, of rendered_of_
  std::string rendered_of_;
};

}  // namespace ponte::instance
