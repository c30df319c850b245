// TLS on another stream.
#pragma once

#include <string>

#include "net/stream.h"

struct ssl_st;          // OpenSSL's SSL
struct ssl_session_st;  // and its SSL_SESSION

namespace ponte::net {

class TlsContext;
class TlsTickets;
struct TlsPeer;

struct TlsStreamOptions {
  TlsContext& context;
  std::string host;  ///< what the certificate must name; a DNS name is also sent as SNI
  /// 16 KiB, a record after decryption. Many streams may share it, but not a stream and the one that it runs
  /// through: the plaintext of that one is read from it.
  MutableByteView plaintext;
  /// The owner's, which outlives the stream: a session that it has for `ticket_place` is offered, and those that the
  /// server gives are kept under it. The place has host and port, since a resumed session checks no name again.
  /// Null: no session is resumed.
  TlsTickets* tickets = nullptr;
  std::string ticket_place = {};
  /// What the peer shows in the handshake is written there; it outlives the stream. Null: to nowhere.
  TlsPeer* peer = nullptr;
};

/// OpenSSL between the stream below and the listener. It reads what the stream below hands up and writes straight
/// to it, so that an idle stream holds neither plaintext nor ciphertext.
/// Errors: kUntrusted/kTlsUntrusted (the message has OpenSSL's reason), kUnavailable/kTlsFailed, and those of the
/// stream below.
StreamFactory tls_stream(TlsStreamOptions options, StreamFactory below);

/// OpenSSL's callback for a session that could be resumed; TlsContext registers it.
int on_new_tls_session(ssl_st* ssl, ssl_session_st* session);

}  // namespace ponte::net
