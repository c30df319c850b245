#include "api/connection_watcher.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ponte::api {
namespace {

constexpr std::uint64_t kWakeTag = 0;
constexpr std::chrono::hours kNoDeadline(24 * 365);
constexpr std::size_t kLargestSend = 256 * 1024;  // one slow reader with a large answer does not hold the thread

std::chrono::steady_clock::time_point now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

ConnectionWatcher::ConnectionWatcher(Limits limits) : limits_(limits) {}
ConnectionWatcher::~ConnectionWatcher() {
  stop();
}

Status ConnectionWatcher::start() {
  epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeTag;
  if (!epoll_ || !wake_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) {
    return Error{Errc::kInternal, Cause::kInternal,
                 std::string("no descriptors for the watcher: ") + std::strerror(errno)};
  }
  thread_ = std::thread([this] { run(); });
  return Status::Ok();
}

void ConnectionWatcher::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  if (wake_) ::eventfd_write(wake_.get(), 1);
  if (thread_.joinable()) thread_.join();
  std::vector<Task> due;
  {
    const std::lock_guard lock(mutex_);
    while (!entries_.empty()) remove(entries_.begin()->first);
    due.swap(later_);
  }
  for (Task& task : due) task();
}

ConnectionWatcher::Id ConnectionWatcher::wait(UniqueFd fd, std::shared_ptr<void> slot) {
  const std::lock_guard lock(mutex_);
  Entry entry;
  entry.fd = std::move(fd);
  entry.slot = std::move(slot);
  entry.deadline = now() + limits_.wait;
  const Id id = add(std::move(entry));
  ++busy_;
  if (!watch(id, entries_.at(id), EPOLLRDHUP)) return remove(id), kNone;
  return id;
}

void ConnectionWatcher::answer(Id id, std::string bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  if (found->second.state != State::kWaiting && found->second.state != State::kHalfClosed) return;
  begin_writing(id, found->second, std::move(bytes));
}

bool ConnectionWatcher::begin_stream(Id id, std::string head) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return false;
  Entry& entry = found->second;
  if (entry.state != State::kWaiting && entry.state != State::kHalfClosed) return false;
  entry.state = State::kStreaming;
  if (--busy_ == 0) idle_.notify_all();
  pending_bytes_ += head.size();
  entry.out = std::move(head);
  set_deadline(id, entry, now() + limits_.write_progress);
  if (watch(id, entry, EPOLLOUT | EPOLLRDHUP)) return true;
  remove(id);
  return false;
}

void ConnectionWatcher::watch_stream(Id id, Task drained, Task gone) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found != entries_.end() && found->second.state == State::kStreaming) {
      found->second.drained = std::make_shared<Task>(std::move(drained));
      found->second.gone = std::move(gone);
      return;
    }
  }
  if (gone) gone();
}

bool ConnectionWatcher::push(Id id, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.state != State::kStreaming) return false;
  Entry& entry = found->second;
  const bool idle = entry.out.empty();
  const std::size_t waiting = entry.out.size() - entry.sent + bytes.size();
  if (waiting <= limits_.most_stream_bytes && pending_bytes_ + bytes.size() <= limits_.most_pending_bytes) {
    entry.out.append(bytes);
    pending_bytes_ += bytes.size();
    if (!idle) return true;
    set_deadline(id, entry, now() + limits_.write_progress);
    if (watch(id, entry, EPOLLOUT | EPOLLRDHUP)) return true;
  }
  entry.gone = nullptr;
  remove(id);
  return false;
}

std::size_t ConnectionWatcher::waiting_bytes(Id id) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  return found == entries_.end() ? 0 : found->second.out.size() - found->second.sent;
}

void ConnectionWatcher::end_stream(Id id) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.state != State::kStreaming) return;
  Entry& entry = found->second;
  entry.drained = nullptr;
  entry.gone = nullptr;
  ++busy_;
  const std::string rest = entry.out.substr(entry.sent);
  pending_bytes_ -= entry.out.size();
  entry.sent = 0;
  begin_writing(id, entry, rest);
}

void ConnectionWatcher::write_rest(UniqueFd fd, std::string bytes, std::shared_ptr<void> slot) {
  const std::lock_guard lock(mutex_);
  Entry entry;
  entry.fd = std::move(fd);
  entry.slot = std::move(slot);
  entry.deadline = now() + limits_.write_progress;
  const Id id = add(std::move(entry));
  ++busy_;
  begin_writing(id, entries_.at(id), std::move(bytes));
}

ConnectionWatcher::Id ConnectionWatcher::expire(UniqueFd fd, Milliseconds delay,
                                                UniqueFunction<std::string()> make_answer) {
  const std::lock_guard lock(mutex_);
  Entry entry;
  entry.fd = std::move(fd);
  entry.state = State::kExpiring;
  entry.make_answer = std::move(make_answer);
  entry.deadline = now() + delay;
  return add(std::move(entry));
}

bool ConnectionWatcher::cancel(Id id) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.state != State::kExpiring) return false;
  remove(id);
  return true;
}

std::size_t ConnectionWatcher::busy() const {
  const std::lock_guard lock(mutex_);
  return busy_;
}

bool ConnectionWatcher::wait_until_idle(Milliseconds limit) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, limit, [this] { return busy_ == 0; });
}

ConnectionWatcher::Id ConnectionWatcher::add(Entry entry) {
  const Id id = next_id_++;
  timers_.emplace(entry.deadline, id);
  // The thread sleeps until the earliest deadline that it knew.
  if (entry.deadline < sleeping_until_ && wake_) ::eventfd_write(wake_.get(), 1);
  entries_.emplace(id, std::move(entry));
  return id;
}

void ConnectionWatcher::set_deadline(Id id, Entry& entry, Time deadline) {
  timers_.erase({entry.deadline, id});
  entry.deadline = deadline;
  timers_.emplace(deadline, id);
  if (deadline < sleeping_until_ && wake_) ::eventfd_write(wake_.get(), 1);
}

bool ConnectionWatcher::watch(Id id, Entry& entry, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  const int operation = entry.registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (::epoll_ctl(epoll_.get(), operation, entry.fd.get(), &event) != 0) return false;
  entry.registered = true;
  return true;
}

void ConnectionWatcher::begin_writing(Id id, Entry& entry, std::string bytes) {
  pending_bytes_ += bytes.size();
  entry.out = std::move(bytes);
  entry.state = State::kWriting;
  entry.make_answer = nullptr;
  entry.last_moment = now() + limits_.write_total;
  set_deadline(id, entry, now() + limits_.write_progress);
  // Readiness wakes the thread: the write itself happens there.
  if (pending_bytes_ > limits_.most_pending_bytes || !watch(id, entry, EPOLLOUT)) remove(id);
}

void ConnectionWatcher::remove(Id id) {
  const auto found = entries_.find(id);
  Entry& entry = found->second;
  timers_.erase({entry.deadline, id});
  pending_bytes_ -= entry.out.size();
  // Before close: Pistache may hold another descriptor of this socket, and then epoll would go on reporting it.
  if (entry.registered) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, entry.fd.get(), nullptr);
  const bool was_busy =
      entry.state != State::kLingering && entry.state != State::kExpiring && entry.state != State::kStreaming;
  if (entry.state == State::kWriting || entry.state == State::kStreaming) abort_connection(entry.fd.get());
  if (entry.gone) later(std::move(entry.gone));
  entries_.erase(found);
  if (was_busy && --busy_ == 0) idle_.notify_all();
}

void ConnectionWatcher::later(Task task) {
  later_.push_back(std::move(task));
  if (wake_) ::eventfd_write(wake_.get(), 1);
}

bool ConnectionWatcher::send_some(Id id, Entry& entry) {
  const std::size_t size = std::min(entry.out.size() - entry.sent, kLargestSend);
  const ssize_t sent = ::send(entry.fd.get(), entry.out.data() + entry.sent, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) remove(id);
    return false;
  }
  entry.sent += static_cast<std::size_t>(sent);
  return true;
}

void ConnectionWatcher::all_sent(Entry& entry) {
  pending_bytes_ -= entry.out.size();
  entry.out = {};
  entry.sent = 0;
}

void ConnectionWatcher::on_stream_event(Id id, Entry& entry, std::uint32_t events) {
  if ((events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0) return remove(id);
  if (!send_some(id, entry)) return;
  if (entry.sent < entry.out.size()) {
    // What is written need not be kept until all is.
    if (entry.sent > limits_.most_stream_bytes / 4) {
      pending_bytes_ -= entry.sent;
      entry.out.erase(0, std::exchange(entry.sent, 0));
    }
    return set_deadline(id, entry, now() + limits_.write_progress);
  }
  all_sent(entry);
  set_deadline(id, entry, now() + kNoDeadline);
  if (!watch(id, entry, EPOLLRDHUP)) return remove(id);
  if (entry.drained) later([drained = entry.drained] { (*drained)(); });
}

void ConnectionWatcher::on_writable(Id id, Entry& entry) {
  if (!send_some(id, entry)) return;
  if (entry.sent < entry.out.size()) {
    return set_deadline(id, entry, std::min(now() + limits_.write_progress, entry.last_moment));
  }
  all_sent(entry);
  // Not close: with unread bytes in the receive queue the kernel would send RST, and the client could lose the answer.
  ::shutdown(entry.fd.get(), SHUT_WR);
  entry.state = State::kLingering;
  if (--busy_ == 0) idle_.notify_all();
  set_deadline(id, entry, now() + limits_.linger);
  if (!watch(id, entry, EPOLLIN | EPOLLRDHUP)) remove(id);
}

void ConnectionWatcher::on_lingering(Id id, Entry& entry) {
  std::array<char, 16 * 1024> discarded;
  const ssize_t size = ::recv(entry.fd.get(), discarded.data(), discarded.size(), MSG_DONTWAIT);
  if (size > 0 || (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))) return;
  remove(id);
}

void ConnectionWatcher::on_event(Id id, std::uint32_t events) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  switch (entry.state) {
    case State::kWaiting:
      if ((events & (EPOLLHUP | EPOLLERR)) != 0) return remove(id);
      // A FIN alone may be a client that only says "that was all" (`nc -N`): an answer that is nearly there still goes
      // out.
      entry.state = State::kHalfClosed;
      set_deadline(id, entry, now() + limits_.half_close_grace);
      if (!watch(id, entry, 0)) remove(id);
      return;
    case State::kHalfClosed: return remove(id);
    case State::kWriting:
      if ((events & (EPOLLHUP | EPOLLERR)) != 0) return remove(id);
      return on_writable(id, entry);
    case State::kLingering:
      if ((events & (EPOLLHUP | EPOLLERR)) != 0) return remove(id);
      if ((events & EPOLLIN) != 0) return on_lingering(id, entry);
      if ((events & EPOLLRDHUP) != 0) return remove(id);
      return;
    case State::kStreaming: return on_stream_event(id, entry, events);
    case State::kExpiring: return;
  }
}

void ConnectionWatcher::on_deadline(Id id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (entry.state != State::kExpiring) return remove(id);
  std::string bytes = entry.make_answer();
  ++busy_;
  begin_writing(id, entry, std::move(bytes));
}

int ConnectionWatcher::milliseconds_to_next() const {
  if (timers_.empty()) return -1;
  const auto left = std::chrono::ceil<Milliseconds>(timers_.begin()->first - now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void ConnectionWatcher::run() {
  std::array<epoll_event, 128> events{};
  for (;;) {
    int timeout = 0;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      timeout = milliseconds_to_next();
      sleeping_until_ = timeout < 0 ? Time::max() : now() + Milliseconds(timeout);
    }
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
    std::vector<Task> due;
    std::unique_lock lock(mutex_);
    sleeping_until_ = Time::min();
    for (int i = 0; i < count; ++i) {
      if (events[i].data.u64 == kWakeTag) {
        eventfd_t value = 0;
        ::eventfd_read(wake_.get(), &value);
      } else {
        on_event(events[i].data.u64, events[i].events);
      }
    }
    while (!timers_.empty() && timers_.begin()->first <= now()) on_deadline(timers_.begin()->second);
    due.swap(later_);
    lock.unlock();
    for (Task& task : due) task();
  }
}

}  // namespace ponte::api
