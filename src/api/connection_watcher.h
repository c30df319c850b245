// Connections whose answer is not out yet: waiting requests, answers that a socket did not take at once, answers that
// go on, requests that arrive too slowly. One thread with epoll, on duplicated descriptors.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "api/unique_fd.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"

namespace ponte::api {

/// All functions are thread-safe and do not block. An entry is named by a number that is never used again, so a late
/// event or answer cannot meet somebody else's connection. `slot` is kept until the entry's descriptor is closed; its
/// destructor runs under the watcher's lock and must not call back.
class ConnectionWatcher {
 public:
  using Id = std::uint64_t;
  static constexpr Id kNone = 0;

  struct Limits {
    Milliseconds write_progress{15'000};   ///< a client that takes no byte for so long is dropped
    Milliseconds write_total{120'000};     ///< and one that takes longer altogether
    Milliseconds half_close_grace{2'000};  ///< an answer that comes later than this after the client's FIN is dropped
    Milliseconds linger{2'000};            ///< after the answer, until the client's FIN
    Milliseconds wait{300'000};            ///< nothing waits longer for its answer
    std::size_t most_pending_bytes = 256u * 1024 * 1024;  ///< of all answers together
    std::size_t most_stream_bytes = 1024u * 1024;         ///< that wait for one stream's client
  };

  explicit ConnectionWatcher(Limits limits);
  ~ConnectionWatcher();

  /// Starts the thread. kInternal where the system has no descriptors left.
  Status start();
  /// Ends the thread and closes everything. Idempotent.
  void stop();

  /// Takes over a connection whose request waits for its answer. The client's hang-up ends the entry.
  Id wait(UniqueFd fd, std::shared_ptr<void> slot);
  /// Writes the answer of a waiting entry, then closes. Ignored where the client has gone.
  void answer(Id id, std::string bytes);
  /// The waiting entry's answer goes on: `head`, then all that push() adds. False: the client has gone.
  bool begin_stream(Id id, std::string head);
  /// `drained`: all that waited is written. `gone`: once, when the client has gone or was too slow, unless push() has
  /// said so; at once where it has gone already. Both on any thread, outside of the lock.
  void watch_stream(Id id, Task drained, Task gone);
  /// False: the client has gone, or more than most_stream_bytes would wait for it, and it is dropped.
  bool push(Id id, std::string_view bytes);
  /// Bytes of a stream that are not written yet.
  std::size_t waiting_bytes(Id id) const;
  /// Closes a stream once all is written.
  void end_stream(Id id);
  /// Writes what a socket did not take at once, then closes.
  void write_rest(UniqueFd fd, std::string bytes, std::shared_ptr<void> slot);
  /// After `delay`, unless cancelled: writes what `make_answer` returns, then closes.
  Id expire(UniqueFd fd, Milliseconds delay, UniqueFunction<std::string()> make_answer);
  /// True: the entry was still waiting, and is gone now. False: its time had come, or it never was.
  bool cancel(Id id);

  /// Entries whose answer is due or being written.
  std::size_t busy() const;
  /// Blocks until busy() is 0 or `limit` has passed; for shutdown.
  bool wait_until_idle(Milliseconds limit);

 private:
  enum class State {
    kWaiting,     // -> kHalfClosed, kWriting, gone
    kHalfClosed,  // the client sent FIN; -> kWriting, gone
    kWriting,     // -> kLingering, gone
    kLingering,   // all written, our FIN sent; -> gone
    kExpiring,    // a request that is still arriving; -> kWriting, gone
    kStreaming,   // from kWaiting or kHalfClosed; -> kWriting, gone
  };
  using Time = std::chrono::steady_clock::time_point;
  struct Entry {
    UniqueFd fd;
    std::shared_ptr<void> slot;
    State state = State::kWaiting;
    bool registered = false;  ///< in epoll
    std::string out;
    std::size_t sent = 0;
    Time deadline;
    Time last_moment = Time::max();  ///< of kWriting
    UniqueFunction<std::string()> make_answer;
    std::shared_ptr<Task> drained;  ///< shared with a call of it that is under way
    Task gone;
  };
  using Entries = std::unordered_map<Id, Entry>;

  void run();
  Id add(Entry entry);
  void set_deadline(Id id, Entry& entry, Time deadline);
  bool watch(Id id, Entry& entry, std::uint32_t events);
  void begin_writing(Id id, Entry& entry, std::string bytes);
  void on_event(Id id, std::uint32_t events);
  /// False: the socket took nothing, or the entry is gone.
  bool send_some(Id id, Entry& entry);
  void all_sent(Entry& entry);
  void on_writable(Id id, Entry& entry);
  void on_lingering(Id id, Entry& entry);
  void on_stream_event(Id id, Entry& entry, std::uint32_t events);
  void later(Task task);
  void on_deadline(Id id);
  void remove(Id id);
  int milliseconds_to_next() const;

  const Limits limits_;
  UniqueFd epoll_;
  UniqueFd wake_;
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  Entries entries_;
  std::set<std::pair<Time, Id>> timers_;
  Id next_id_ = 1;
  std::size_t busy_ = 0;
  std::size_t pending_bytes_ = 0;
  std::vector<Task> later_;  ///< called by the thread, or by stop(), without the lock
  bool stopping_ = false;
  Time sleeping_until_ = Time::min();
  std::thread thread_;
};

}  // namespace ponte::api
