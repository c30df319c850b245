// An instance's proxy, from what a user wrote to what the network layer takes.
#pragma once

#include <string>

#include "base/result.h"
#include "instance/types.h"
#include "net/proxy.h"

namespace ponte::instance {

net::Proxy to_net(const Proxy& proxy);

/// `http`, `https` or `socks5`, as the contract writes it.
std::string_view protocol_name(Proxy::Protocol protocol);

/// Fields of the contract. `port` is decimal text. kInvalidArgument/kInvalidProxy names the field and the rule.
struct ProxyFields {
  std::string protocol;
  std::string host;
  std::string port;
  std::string username;
  std::string password;
};
Result<Proxy> read_proxy(const ProxyFields& fields, bool allow_private);

}  // namespace ponte::instance
