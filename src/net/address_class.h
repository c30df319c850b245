// To what kind of network an address belongs, for who may be told to connect anywhere but not into the own network.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

struct sockaddr;

namespace ponte::net {

/// After IANA's special-purpose address registries.
enum class AddressClass {
  kPublic,
  kUnspecified,  ///< 0.0.0.0/8 and ::, which reach the own host
  kLoopback,
  kPrivate,      ///< RFC 1918, unique local (RFC 4193), site-local, the local NAT64 prefix (RFC 8215)
  kLinkLocal,    ///< where clouds keep their instance metadata, too
  kSharedSpace,  ///< 100.64.0.0/10 of carrier-grade NAT (RFC 6598)
  kMulticast,
  kReserved,  ///< documentation, benchmarks, Teredo, broadcast, and what was never given to anybody
};

/// In network order. An IPv6 address that carries an IPv4 one (mapped, compatible, translated, NAT64, 6to4) is what
/// the inner one is.
AddressClass classify_address(const ByteArray<4>& v4);
AddressClass classify_address(const ByteArray<16>& v6);
/// Of another family than IPv4 and IPv6: kReserved.
AddressClass classify_address(const sockaddr& address);
/// Of `192.0.2.1` or `2001:db8::1`; nullopt for any other text, which only a resolver can tell the address of.
std::optional<AddressClass> classify_literal(const std::string& text);

/// For messages: "private", "link-local" ...
std::string_view address_class_name(AddressClass what);

}  // namespace ponte::net
