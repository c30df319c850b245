// Private to crypto/: libsignal's context, with our primitives and one RandomSource behind it.
#pragma once

#include <exception>

#include "base/random.h"
#include "crypto/signal/handles.h"

namespace ponte::crypto {

/// What a callback of ours answers when it kept the reason for C++ to find. Below SG_ERR_MINIMUM: no number of
/// libsignal's.
inline constexpr int kCallbackFailed = SG_ERR_MINIMUM - 1;

/// Everything that libsignal draws comes from the RandomSource, so that an operation with the same records and the
/// same draws gives the same bytes. No locking functions are set: a context serves one thread at a time, and two
/// contexts share nothing. Making one costs two allocations; the contexts of OpenSSL that it keeps for re-use, and
/// with them the last keys, are wiped when it goes.
class SignalContext {
 public:
  /// `random` outlives the context.
  explicit SignalContext(RandomSource& random);
  SignalContext(const SignalContext&) = delete;
  SignalContext& operator=(const SignalContext&) = delete;

  signal_context* get() const { return context_.get(); }

  /// Runs the body of a callback. An exception must not cross C: it is kept, and libsignal is told of a failure.
  template <typename Body>
  int guarded(Body body) noexcept {
    try {
      return body();
    } catch (...) {
      if (!thrown_) thrown_ = std::current_exception();
      return kCallbackFailed;
    }
  }
  /// After every call into libsignal: throws on what a callback threw meanwhile.
  void rethrow();

 private:
  struct Callbacks;

  RandomSource& random_;
  std::exception_ptr thrown_;
  MacContext spare_mac_;  ///< libsignal computes one HMAC at a time
  CipherContext cipher_;
  std::unique_ptr<signal_context, Releaser<signal_context_destroy>> context_;
};

}  // namespace ponte::crypto
