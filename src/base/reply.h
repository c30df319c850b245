// Reply<T>: an answer that cannot be forgotten.
#pragma once

#include <utility>

#include "base/result.h"
#include "base/task.h"

namespace ponte {

/// Answers once, with a value or an error. Move-only; may be answered from any thread unless the
/// receiver says otherwise. A Reply that is destroyed unanswered answers kInternal, so that no
/// caller waits for ever.
template <typename T>
class Reply {
 public:
  using Receiver = UniqueFunction<void(Result<T>)>;

  Reply() = default;
  explicit Reply(Receiver receiver) : receiver_(std::move(receiver)) {}
  Reply(Reply&& other) noexcept : receiver_(std::exchange(other.receiver_, nullptr)) {}
  Reply& operator=(Reply&& other) noexcept {
    if (this != &other) {
      drop();
      receiver_ = std::exchange(other.receiver_, nullptr);
    }
    return *this;
  }
  ~Reply() { drop(); }

  bool pending() const { return static_cast<bool>(receiver_); }

  /// Answers. A second answer is ignored.
  void answer(Result<T> result) {
    if (Receiver receiver = std::exchange(receiver_, nullptr)) receiver(std::move(result));
  }

 private:
  void drop() {
    if (receiver_) answer(Error{Errc::kInternal, Cause::kReplyDropped, "reply was dropped"});
  }
  Receiver receiver_;
};

}  // namespace ponte
