// One TLS client configuration for the process.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace ponte::net {

/// System roots, an optional further root, TLS 1.2 or newer, ALPN http/1.1. Thread-safe after creation.
/// It holds no sessions itself: a ticket used by several accounts would tell the server that they belong together.
/// Those of a stream go to its owner's TlsTickets, where it has some, and nowhere else.
class TlsContext {
 public:
  /// `extra_ca_file`: PEM, empty for none. kInvalidArgument/kConfigInvalid where it cannot be read.
  static Result<std::unique_ptr<TlsContext>> create(const std::string& extra_ca_file);
  ~TlsContext();

  /// For src/net/tls_stream only.
  ssl_ctx_st* handle() const { return context_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* const context_;
};

}  // namespace ponte::net
