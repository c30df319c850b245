// TLS on a plain socket stream.
#pragma once

#include <memory>
#include <string>

#include "net/socket_stream.h"
#include "net/stream.h"

namespace ponte::net {

class TlsContext;

/// OpenSSL between the socket and the listener. It reads what the loop's buffer holds and writes straight to
/// the socket, so that an idle stream holds neither plaintext nor ciphertext.
/// `host` is what the certificate must name; a DNS name is also sent as SNI.
/// Errors: kUntrusted/kTlsUntrusted (the message has OpenSSL's reason), kUnavailable/kTlsFailed.
Result<std::unique_ptr<Stream>> open_tls_stream(TlsContext& context, const std::string& host,
                                                asio::ip::tcp::socket socket, LoopShared& shared,
                                                StreamListener& listener, std::weak_ptr<void> owner);

}  // namespace ponte::net
