// One TLS client configuration for the process.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace ponte::net {

/// System roots, an optional further root, TLS 1.2 or newer, ALPN http/1.1. Thread-safe after creation.
class TlsContext {
 public:
  /// `extra_ca_file`: PEM, empty for none. kInvalidArgument/kConfigInvalid where it cannot be read.
  static Result<std::unique_ptr<TlsContext>> create(const std::string& extra_ca_file);
  ~TlsContext();

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ponte::net
