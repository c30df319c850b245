// The way through a proxy, on the stream to it.
#pragma once

#include "net/proxy_codec.h"
#include "net/stream.h"

namespace ponte::net {

/// Shakes hands with the proxy on the stream below (TLS for an https proxy), then hands bytes through; from then on it
/// holds nothing but the stream.
/// Until it opens, every failure is the proxy's: those of ProxyCodec, and what happens below with its own code and
/// words as kProxyUnreachable.
StreamFactory proxy_stream(Proxy proxy, ProxyTarget target, StreamFactory below);

}  // namespace ponte::net
