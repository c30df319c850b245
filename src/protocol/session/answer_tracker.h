// Who waits for what was asked of the session's owner: work on a thread, a file from the network.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"

namespace ponte::protocol {

struct Step;

/// Matches answers to requests by number. Those of one connection are forgotten with it: their handlers are never
/// called. One thread.
template <typename Answer>
class AnswerTracker {
 public:
  /// May take what it is given; what it leaves is wiped where it is a secret.
  using Handler = UniqueFunction<Status(Step&, Result<Answer>&)>;

  void expect(std::uint64_t id, Handler handler) { pending_.insert_or_assign(id, std::move(handler)); }
  /// Ok where nobody waits for it.
  Status on_answer(Step& step, std::uint64_t id, Result<Answer>& answer) {
    auto found = pending_.extract(id);
    return found ? found.mapped()(step, answer) : Status::Ok();
  }
  void clear() { pending_.clear(); }
  std::size_t pending() const { return pending_.size(); }

 private:
  std::map<std::uint64_t, Handler> pending_;
};

struct HttpAnswer;

/// Answers of run_work, and of media hosts.
using WorkTracker = AnswerTracker<Bytes>;
using FetchTracker = AnswerTracker<HttpAnswer>;

}  // namespace ponte::protocol
