// Name look-ups on a few threads of their own, so that none blocks a loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"

namespace ponte::net {

/// A numeric address with its port, in the order getaddrinfo gave.
struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
};

/// Coalesces look-ups of the same name; each waiter has its own 10 s deadline. Thread-safe.
class Resolver {
 public:
  using Answer = UniqueFunction<void(Result<std::vector<Endpoint>>)>;

  explicit Resolver(unsigned threads = 2);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// `answer` is called once, on a resolver thread: post it to where it belongs. A numeric address is
  /// answered inline. kUnavailable/kNameNotResolved, kTimedOut/kNetworkTimeout.
  void resolve(const std::string& host, std::uint16_t port, Answer answer);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ponte::net
