#include "instance/proxy.h"

#include <charconv>

#include "net/address_class.h"

namespace ponte::instance {
namespace {

Error invalid(const std::string& what) {
  return {Errc::kInvalidArgument, Cause::kInvalidProxy, "proxy " + what};
}

Proxy::Protocol from_net(net::ProxyProtocol protocol) {
  switch (protocol) {
    case net::ProxyProtocol::kHttp: return Proxy::Protocol::kHttp;
    case net::ProxyProtocol::kHttps: return Proxy::Protocol::kHttps;
    case net::ProxyProtocol::kSocks5: return Proxy::Protocol::kSocks5;
  }
  return Proxy::Protocol::kHttp;
}

net::ProxyProtocol to_net(Proxy::Protocol protocol) {
  switch (protocol) {
    case Proxy::Protocol::kHttp: return net::ProxyProtocol::kHttp;
    case Proxy::Protocol::kHttps: return net::ProxyProtocol::kHttps;
    case Proxy::Protocol::kSocks5: return net::ProxyProtocol::kSocks5;
  }
  return net::ProxyProtocol::kHttp;
}

}  // namespace

net::Proxy to_net(const Proxy& proxy) {
  net::Proxy out;
  out.protocol = to_net(proxy.protocol);
  out.host = proxy.host;
  out.port = proxy.port;
  out.username = proxy.username;
  out.password = net::ProxyPassword(proxy.password);
  out.allow_private = proxy.allow_private;
  return out;
}

std::string_view protocol_name(Proxy::Protocol protocol) {
  return net::proxy_protocol_name(to_net(protocol));
}

Result<Proxy> read_proxy(const ProxyFields& fields, bool allow_private) {
  const auto protocol = net::proxy_protocol_from_name(fields.protocol);
  if (!protocol.ok()) return invalid("protocol: expected http, https or socks5");
  unsigned port = 0;
  const auto [end, problem] = std::from_chars(fields.port.data(), fields.port.data() + fields.port.size(), port);
  if (problem != std::errc() || end != fields.port.data() + fields.port.size() || port < 1 || port > 65'535) {
    return invalid("port: expected a number from 1 to 65535, as text");
  }
  Proxy proxy;
  proxy.protocol = from_net(*protocol);
  proxy.host = fields.host;
  if (proxy.host.starts_with('[') && proxy.host.ends_with(']')) {
    proxy.host = proxy.host.substr(1, proxy.host.size() - 2);
  }
  proxy.port = static_cast<std::uint16_t>(port);
  proxy.allow_private = allow_private;
  if (const Status status = to_net(proxy).check(); !status.ok()) return invalid("host: " + status.error().message);
  const auto known = net::classify_literal(proxy.host);
  if (!allow_private && known && *known != net::AddressClass::kPublic) {
    return invalid("host: with an instance token expected a public address, got a " +
                   std::string(net::address_class_name(*known)) + " one");
  }
  proxy.username = fields.username;
  proxy.password = fields.password;
  if (const Status status = to_net(proxy).check(); !status.ok()) {
    return invalid("username and password: " + status.error().message);
  }
  return proxy;
}

}  // namespace ponte::instance
