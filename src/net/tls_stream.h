// TLS on another stream.
#pragma once

#include <string>

#include "net/stream.h"

namespace ponte::net {

class TlsContext;

struct TlsStreamOptions {
  TlsContext& context;
  std::string host;  ///< what the certificate must name; a DNS name is also sent as SNI
  /// 16 KiB, a record after decryption. Many streams may share it, but not a stream and the one that it runs
  /// through: the plaintext of that one is read from it.
  MutableByteView plaintext;
};

/// OpenSSL between the stream below and the listener. It reads what the stream below hands up and writes straight
/// to it, so that an idle stream holds neither plaintext nor ciphertext.
/// Errors: kUntrusted/kTlsUntrusted (the message has OpenSSL's reason), kUnavailable/kTlsFailed, and those of the
/// stream below.
StreamFactory tls_stream(TlsStreamOptions options, StreamFactory below);

}  // namespace ponte::net
