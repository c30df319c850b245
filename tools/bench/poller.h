// What the programs that stand at the other end of many connections share: descriptors and epoll, on loopback alone.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "api/unique_fd.h"

namespace ponte::bench {

using api::UniqueFd;

/// Seconds on a clock that is never set.
double now_seconds();
/// CPU seconds of this process so far, user and system.
double cpu_seconds();
/// Throws what the last system call has failed with, as `what: reason`.
[[noreturn]] void fail(const std::string& what);

/// A socket that is connected to, or listens on, 127.0.0.1; non-blocking, without Nagle's delay. They throw.
UniqueFd connect_to(std::uint16_t port);
UniqueFd listen_on(std::uint16_t port);

/// epoll, level-triggered. One thread.
class Poller {
 public:
  Poller();
  /// `tag` is what wait() says of it; a descriptor that is closed is forgotten.
  void add(int fd, std::uint64_t tag);
  /// What can be read now; empty after `milliseconds` without anything. Until the next call.
  std::span<const epoll_event> wait(int milliseconds);

 private:
  UniqueFd epoll_;
  std::vector<epoll_event> events_;
};

}  // namespace ponte::bench
