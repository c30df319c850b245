// Private to crypto/: libsignal's objects, released when their handle goes, and our keys as libsignal has them.
#pragma once

#include <curve.h>
#include <signal_protocol.h>

#include <memory>

#include "crypto/algorithms.h"
#include "crypto/curve25519.h"

namespace ponte::crypto {

struct SignalUnref {
  template <typename T>
  void operator()(T* object) const {
    SIGNAL_UNREF(object);
  }
};

/// One reference to a counted object of libsignal.
template <typename T>
using SignalHandle = std::unique_ptr<T, SignalUnref>;
using SignalPublicKey = SignalHandle<ec_public_key>;
using SignalPrivateKey = SignalHandle<ec_private_key>;
/// Wiped when released: a buffer of libsignal may hold a plaintext, a key or a record full of them.
using SignalBuffer = std::unique_ptr<signal_buffer, Releaser<signal_buffer_bzero_free>>;

/// A handle as an out-parameter of C: takes over what was written there at the end of the full expression.
template <typename T, typename Release>
class OutHandle {
 public:
  explicit OutHandle(std::unique_ptr<T, Release>& handle) : handle_(handle) {}
  OutHandle(const OutHandle&) = delete;
  OutHandle& operator=(const OutHandle&) = delete;
  ~OutHandle() { handle_.reset(raw_); }
  operator T**() { return &raw_; }  // NOLINT(google-explicit-constructor)

 private:
  std::unique_ptr<T, Release>& handle_;
  T* raw_ = nullptr;
};

template <typename T, typename Release>
OutHandle<T, Release> out(std::unique_ptr<T, Release>& handle) {
  return OutHandle<T, Release>(handle);
}

/// libsignal marks a Curve25519 public key with 05 in front (wire: messages.md 1.2).
ByteArray<33> typed_key(const PublicKey& key);

SignalPublicKey to_signal(const PublicKey& key);
SignalPrivateKey to_signal(const PrivateKey& key);
SignalHandle<ec_key_pair> to_signal(const KeyPair& pair);
/// Precondition: `key` is not null.
PublicKey from_signal(const ec_public_key* key);

/// A new buffer with a copy of the bytes. Ends the process where there is no memory, as operator new would.
SignalBuffer to_buffer(ByteView bytes);
/// The bytes of a buffer; the view lives as long as the buffer. Nothing for a null buffer.
ByteView view(const signal_buffer* buffer);

}  // namespace ponte::crypto
