// Our own iqs and who waits for their answers (wire: pairing.md 8.8).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "protocol/wire/node.h"

namespace ponte::protocol {

struct Step;

/// How one of our iqs was answered.
class IqAnswer {
 public:
  static IqAnswer result(const wire::Node& node);
  static IqAnswer refusal(const wire::Node& node);
  static IqAnswer silence();

  bool ok() const { return result_ != nullptr; }
  /// The `result` iq. Precondition: ok().
  const wire::Node& operator*() const { return *result_; }
  const wire::Node* operator->() const { return result_; }
  /// Code of an `error` answer; 0 where there is none.
  std::uint64_t code() const { return code_; }
  /// kRejected/kIqRejected with the server's code and text (and `backoff` as retry_after), kTimedOut/kIqTimeout.
  /// Precondition: !ok().
  const Error& error() const { return error_; }

 private:
  const wire::Node* result_ = nullptr;
  std::uint64_t code_ = 0;
  Error error_;
};

/// Matches replies to requests by id. Lives for one connection; one thread.
class IqTracker {
 public:
  /// The answer is there during the call only.
  using Handler = UniqueFunction<Status(Step&, const IqAnswer&)>;

  static constexpr Milliseconds kTimeout{75'000};

  /// Ids are `<prefix><counter>`; the prefix comes from two random bytes of the connection.
  void reset(ByteArray<2> prefix);
  std::string next_id();
  void expect(std::string id, Mono deadline, Handler handler);

  /// Hands a `result` or `error` iq to whoever waits for it; false where nobody does.
  Result<bool> on_reply(Step& step, const wire::Node& iq);
  /// Answers those whose deadline has come.
  Status on_deadline(Step& step);
  std::optional<Mono> next_deadline() const;
  std::size_t pending() const { return pending_.size(); }

 private:
  struct Pending {
    Mono deadline;
    Handler handler;
  };
  std::string prefix_;
  std::uint32_t counter_ = 0;
  std::map<std::string, Pending, std::less<>> pending_;
};

}  // namespace ponte::protocol
