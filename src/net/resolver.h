// Name look-ups on a few threads of their own, so that none blocks a loop.
#pragma once

#include <functional>
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

/// Coalesces look-ups of the same name; each waiter has its own deadline. Thread-safe.
/// Its threads start with the first name that is not numeric.
class Resolver {
 public:
  using Answer = UniqueFunction<void(Result<std::vector<Endpoint>>)>;
  /// Blocks; the numeric addresses of a name, or kUnavailable/kNameNotResolved.
  using Lookup = std::function<Result<std::vector<std::string>>(const std::string& host)>;

  /// Names waiting for a thread, and answers awaited, beyond which resolve() refuses.
  static constexpr std::size_t kMaxNames = 256;
  static constexpr std::size_t kMaxWaiters = 16384;

  explicit Resolver(unsigned threads = 2);
  /// `lookup` in place of getaddrinfo, and another deadline: for tests.
  Resolver(unsigned threads, Lookup lookup, Milliseconds deadline);
  /// Answers all waiters with kCancelled/kShuttingDown. Does not wait for a look-up that hangs: that
  /// thread ends by itself.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// `answer` is called once, on a resolver thread: post it to where it belongs. A numeric address and a
  /// refusal for overload (kUnavailable/kOverloaded) are answered inline. Otherwise
  /// kUnavailable/kNameNotResolved, or kTimedOut/kNetworkTimeout after 10 s even while getaddrinfo hangs.
  void resolve(const std::string& host, std::uint16_t port, Answer answer);

 private:
  struct State;
  // Shared with the threads, since one that hangs in getaddrinfo outlives the Resolver.
  std::shared_ptr<State> state_;
};

}  // namespace ponte::net
