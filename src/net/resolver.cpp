#include "net/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>

#include "base/log.h"

namespace ponte::net {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Addresses = Result<std::vector<std::string>>;

constexpr Milliseconds kDeadline{10'000};

bool is_numeric(const std::string& host) {
  in6_addr parsed;
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1 || inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

Error not_resolved(const std::string& host, const std::string& why) {
  return {Errc::kUnavailable, Cause::kNameNotResolved, "name " + host + " has no address: " + why};
}

Addresses look_up_by_getaddrinfo(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0) {
    return not_resolved(host, code == EAI_SYSTEM ? std::generic_category().message(errno) : gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* entry = found; entry; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text);
    }
  }
  if (addresses.empty()) return not_resolved(host, "no numeric address in the answer");
  return addresses;
}

Addresses guarded(const Resolver::Lookup& lookup, const std::string& host) {
  try {
    return lookup(host);
  } catch (const std::exception& exception) {
    return not_resolved(host, exception.what());
  }
}

}  // namespace

struct Resolver::State : std::enable_shared_from_this<State> {
  struct Waiter {
    std::uint16_t port;
    Answer answer;
    SteadyClock::time_point deadline;
  };
  // Waiters of one name, in the order of their deadlines.
  using Waiters = std::deque<Waiter>;
  using Due = std::vector<std::pair<std::string, Waiter>>;

  State(unsigned thread_count, Lookup lookup_function, Milliseconds waiter_deadline)
      : threads(thread_count), lookup(std::move(lookup_function)), deadline(waiter_deadline) {}

  void start_threads();
  void look_up_names();
  void watch_deadlines();
  Due take_overdue(SteadyClock::time_point now);

  const unsigned threads;
  const Lookup lookup;
  const Milliseconds deadline;

  std::mutex mutex;  // guards all below
  std::condition_variable name_queued, deadline_set, thread_idle;
  std::unordered_map<std::string, Waiters> names;  // queued or being looked up
  std::deque<std::string> queue;
  std::size_t waiter_count = 0;
  unsigned running = 0;  // threads not in a look-up
  bool started = false;
  bool stopping = false;
};

namespace {

void answer_with(const std::string& host, const Addresses& addresses, std::uint16_t port, Resolver::Answer& answer) {
  try {
    if (!addresses.ok()) return answer(addresses.error());
    std::vector<Endpoint> endpoints;
    for (const std::string& address : *addresses) endpoints.push_back({address, port});
    answer(std::move(endpoints));
  } catch (const std::exception& exception) {
    log::error("net", "the answer for name " + host + " threw: " + exception.what());
  }
}

}  // namespace

void Resolver::State::start_threads() {
  started = true;
  running = threads + 1;
  // Detached: a thread may hang in getaddrinfo for as long as the system likes.
  for (unsigned i = 0; i < threads; ++i) std::thread([self = shared_from_this()] { self->look_up_names(); }).detach();
  std::thread([self = shared_from_this()] { self->watch_deadlines(); }).detach();
}

void Resolver::State::look_up_names() {
  pthread_setname_np(pthread_self(), "resolver");
  std::unique_lock lock(mutex);
  for (;;) {
    name_queued.wait(lock, [this] { return stopping || !queue.empty(); });
    if (stopping) break;
    const std::string host = std::move(queue.front());
    queue.pop_front();
    --running;
    lock.unlock();
    const Addresses addresses = guarded(lookup, host);
    lock.lock();
    ++running;
    if (stopping) break;
    auto entry = names.extract(host);
    waiter_count -= entry.mapped().size();
    lock.unlock();
    for (Waiter& waiter : entry.mapped()) answer_with(host, addresses, waiter.port, waiter.answer);
    entry = {};
    lock.lock();
  }
  --running;
  thread_idle.notify_all();
}

Resolver::State::Due Resolver::State::take_overdue(SteadyClock::time_point now) {
  Due due;
  for (auto& [host, waiters] : names) {
    while (!waiters.empty() && waiters.front().deadline <= now) {
      due.emplace_back(host, std::move(waiters.front()));
      waiters.pop_front();
    }
  }
  waiter_count -= due.size();
  return due;
}

void Resolver::State::watch_deadlines() {
  pthread_setname_np(pthread_self(), "resolver-clock");
  std::unique_lock lock(mutex);
  while (!stopping) {
    if (waiter_count == 0) {
      deadline_set.wait(lock);
      continue;
    }
    auto next = SteadyClock::time_point::max();
    for (const auto& [host, waiters] : names) {
      if (!waiters.empty()) next = std::min(next, waiters.front().deadline);
    }
    if (SteadyClock::now() < next) {
      deadline_set.wait_until(lock, next);
      continue;
    }
    Due due = take_overdue(SteadyClock::now());
    lock.unlock();
    for (auto& [host, waiter] : due) {
      answer_with(host,
                  Error{Errc::kTimedOut, Cause::kNetworkTimeout,
                        "no answer for name " + host + " within " + std::to_string(deadline.count()) + " ms"},
                  waiter.port, waiter.answer);
    }
    due.clear();
    lock.lock();
  }
  --running;
  thread_idle.notify_all();
}

Resolver::Resolver(unsigned threads) : Resolver(threads, look_up_by_getaddrinfo, kDeadline) {}

Resolver::Resolver(unsigned threads, Lookup lookup, Milliseconds deadline)
    : state_(std::make_shared<State>(threads, std::move(lookup), deadline)) {}

Resolver::~Resolver() {
  decltype(state_->names) names;
  {
    std::unique_lock lock(state_->mutex);
    state_->stopping = true;
    names.swap(state_->names);
    state_->name_queued.notify_all();
    state_->deadline_set.notify_all();
    state_->thread_idle.wait(lock, [this] { return state_->running == 0; });
  }
  for (auto& [host, waiters] : names) {
    for (auto& waiter : waiters) {
      answer_with(host, Error{Errc::kCancelled, Cause::kShuttingDown, "the resolver is shutting down"}, waiter.port,
                  waiter.answer);
    }
  }
}

void Resolver::resolve(const std::string& host, std::uint16_t port, Answer answer) {
  if (is_numeric(host)) return answer(std::vector<Endpoint>{{host, port}});
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->names.find(host);
    const bool queue_full = found == state_->names.end() && state_->names.size() >= kMaxNames;
    if (!queue_full && state_->waiter_count < kMaxWaiters) {
      if (!state_->started) state_->start_threads();
      if (found == state_->names.end()) {
        state_->queue.push_back(host);
        state_->name_queued.notify_one();
      }
      state_->names[host].push_back({port, std::move(answer), SteadyClock::now() + state_->deadline});
      if (++state_->waiter_count == 1) state_->deadline_set.notify_one();
      return;
    }
  }
  answer(Error{Errc::kUnavailable, Cause::kOverloaded, "too many name look-ups are waiting; refused " + host});
}

}  // namespace ponte::net
