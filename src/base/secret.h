// Key memory that is wiped when it goes away.
#pragma once

#include <string.h>  // explicit_bzero

#include "base/bytes.h"

namespace ponte {

inline void wipe(MutableByteView bytes) {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
}

/// N secret bytes. Copied only by name (`copy`), wiped when moved from and when destroyed.
template <std::size_t N>
class Secret {
 public:
  Secret() = default;
  explicit Secret(const ByteArray<N>& bytes) : bytes_(bytes) {}
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      wipe(other.bytes_);
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(bytes_); }

  Secret copy() const { return Secret(bytes_); }
  /// Precondition: bytes.size() == N.
  static Secret from(ByteView bytes) {
    Secret out;
    std::memcpy(out.bytes_.data(), bytes.data(), N);
    return out;
  }

  ByteView view() const { return bytes_; }
  MutableByteView mutable_view() { return bytes_; }
  const ByteArray<N>& array() const { return bytes_; }
  static constexpr std::size_t size() { return N; }

 private:
  ByteArray<N> bytes_{};
};

/// A secret of any length. Same rules as Secret.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(Bytes bytes) : bytes_(std::move(bytes)) {}
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
      wipe(bytes_);
      bytes_ = std::move(other.bytes_);
      other.bytes_.clear();
    }
    return *this;
  }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { wipe(bytes_); }

  ByteView view() const { return bytes_; }
  MutableByteView mutable_view() { return bytes_; }

 private:
  Bytes bytes_;
};

}  // namespace ponte
