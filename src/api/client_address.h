// Who calls, also from behind a reverse proxy.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace ponte::api {

/// An IPv4 or IPv6 address; IPv4 is kept mapped (`::ffff:a.b.c.d`).
struct IpAddress {
  ByteArray<16> bytes{};
  bool is_v4() const;
  std::string text() const;
  /// The address itself, or the /64 of an IPv6 one: what one client commands.
  std::string rate_limit_key() const;
};
std::optional<IpAddress> parse_ip_address(std::string_view text);

/// Addresses and networks (`10.0.0.0/8`, `::1`) whose X-Forwarded-For counts.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  /// kInvalidArgument/kConfigInvalid names the entry that is neither.
  static Result<TrustedProxies> parse(const std::vector<std::string>& entries);

  bool contains(const IpAddress& address) const;
  /// `peer`, or where it is trusted the last address of `forwarded_for` that is not.
  std::string client(std::string_view peer, std::string_view forwarded_for) const;

 private:
  struct Network {
    IpAddress address;
    unsigned prefix;  ///< bits of the mapped form
  };
  std::vector<Network> networks_;
};

}  // namespace ponte::api
