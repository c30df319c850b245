// Who answered a TLS handshake, for people who look for what stands in the way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct ssl_st;  // OpenSSL's SSL

namespace ponte::net {

/// Names as OpenSSL writes them on one line: `CN = web.whatsapp.com, O = ...`.
struct TlsCertificate {
  std::string subject;
  std::string issuer;
  std::string issuer_organization;  ///< O of the issuer, else its CN
  std::int64_t not_before = 0;      ///< seconds since 1970
  std::int64_t not_after = 0;
};

struct TlsPeer {
  std::vector<TlsCertificate> chain;  ///< as it was sent, the peer's own first; also where it is not trusted
  std::string protocol;               ///< `TLSv1.3`; empty until the handshake is through
};

/// For src/net/tls_stream only. From now on what the peer shows in the handshake of `ssl` is written to `peer`, which
/// outlives it. Whether it is trusted is decided as without.
void watch_tls_peer(ssl_st* ssl, TlsPeer& peer);

}  // namespace ponte::net
