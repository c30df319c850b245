#include "api/client_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "api/text.h"

namespace ponte::api {
namespace {

constexpr ByteArray<12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

bool IpAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes.data() + 12, out.data(), out.size());
  } else {
    inet_ntop(AF_INET6, bytes.data(), out.data(), out.size());
  }
  return out.data();
}

std::string IpAddress::rate_limit_key() const {
  if (is_v4()) return text();
  IpAddress network = *this;
  std::fill(network.bytes.begin() + 8, network.bytes.end(), std::uint8_t{0});
  return network.text() + "/64";
}

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  const std::string copy(text);
  IpAddress out;
  if (inet_pton(AF_INET, copy.c_str(), out.bytes.data() + 12) == 1) {
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), out.bytes.begin());
    return out;
  }
  if (inet_pton(AF_INET6, copy.c_str(), out.bytes.data()) == 1) return out;
  return std::nullopt;
}

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& entries) {
  TrustedProxies out;
  for (const std::string& entry : entries) {
    const auto slash = entry.find('/');
    const auto address = parse_ip_address(std::string_view(entry).substr(0, slash));
    const unsigned longest = address && address->is_v4() ? 32 : 128;
    unsigned prefix = longest;
    bool valid = address.has_value();
    if (valid && slash != std::string::npos) {
      const char* begin = entry.data() + slash + 1;
      const char* end = entry.data() + entry.size();
      const auto [stop, error] = std::from_chars(begin, end, prefix);
      valid = error == std::errc() && stop == end && begin != end && prefix <= longest;
    }
    if (!valid) {
      return Error{Errc::kInvalidArgument, Cause::kConfigInvalid, "expected an address or network, got " + entry};
    }
    out.networks_.push_back({*address, prefix + (128 - longest)});
  }
  return out;
}

bool TrustedProxies::contains(const IpAddress& address) const {
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    for (unsigned bit = 0; bit < network.prefix; ++bit) {
      const int mask = 0x80 >> bit % 8;
      if (((address.bytes[bit / 8] ^ network.address.bytes[bit / 8]) & mask) != 0) return false;
    }
    return true;
  });
}

std::string TrustedProxies::client(std::string_view peer, std::string_view forwarded_for) const {
  auto current = parse_ip_address(peer);
  if (!current) return std::string(peer);
  const auto hops = split_list(forwarded_for);
  for (auto hop = hops.rbegin(); hop != hops.rend() && contains(*current); ++hop) {
    const auto next = parse_ip_address(*hop);
    if (!next) break;
    current = next;
  }
  return current->text();
}

}  // namespace ponte::api
