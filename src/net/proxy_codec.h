// The client's side of a proxy's handshake as a pure codec: bytes in, bytes out. HTTP CONNECT (RFC 9110 9.3.6) and
// SOCKS5 (RFC 1928, RFC 1929).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "net/proxy.h"

namespace ponte::net {

/// Where a proxy is asked to connect to. A name goes to the proxy as a name, an address as an address.
struct ProxyTarget {
  std::string host;  ///< without brackets
  std::uint16_t port = 0;
};

/// One handshake. The proxy is sent what take_output() gives, first of all before it says anything. No clock: the
/// deadline is the owner's.
class ProxyCodec {
 public:
  /// What an HTTP proxy may answer, in bytes.
  static constexpr std::size_t kMaxAnswer = 16 * 1024;

  /// kInvalidArgument/kInvalidProxy, or kInvalidRequest where the target is neither a name nor an address.
  static Result<std::unique_ptr<ProxyCodec>> create(Proxy proxy, ProxyTarget target);
  virtual ~ProxyCodec() = default;
  ProxyCodec(const ProxyCodec&) = delete;
  ProxyCodec& operator=(const ProxyCodec&) = delete;

  /// What is to be sent now, with whatever it holds of the credentials; empty where it is the proxy's turn.
  SecretBytes take_output() { return std::exchange(output_, SecretBytes()); }
  /// Takes what the proxy sent, in whatever pieces. An error is the end; the message has proxy and target.
  ///   kRejected/kProxyAuthFailed     it wants credentials, others, or none of the kind that we have
  ///   kUnavailable/kProxyRefused     it cannot reach the target: worth a retry
  ///   kRateLimited/kProxyRefused     HTTP 429
  ///   kRejected/kProxyRefused        it does not want to
  ///   kMalformed/kProxyUnreachable   what answers is no such proxy; bytes after the answer, too, since the target
  ///                                  does not speak first
  Status feed(ByteView bytes);
  /// The tunnel stands: what comes from now on comes from the target.
  bool established() const { return established_; }

  const Proxy& proxy() const { return proxy_; }
  const ProxyTarget& target() const { return target_; }

 protected:
  ProxyCodec(Proxy proxy, ProxyTarget target) : proxy_(std::move(proxy)), target_(std::move(target)) {}
  virtual Status on_byte(std::uint8_t byte) = 0;

  void put_output(Bytes bytes) { output_ = SecretBytes(std::move(bytes)); }
  void establish() { established_ = true; }
  Error malformed(const std::string& what) const;
  Error refused(const ProxyRefusal& refusal) const;

 private:
  const Proxy proxy_;
  const ProxyTarget target_;
  SecretBytes output_;
  bool established_ = false;
};

}  // namespace ponte::net
