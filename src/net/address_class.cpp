#include "net/address_class.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

namespace ponte::net {
namespace {

struct Range4 {
  ByteArray<4> prefix;
  unsigned bits;
  AddressClass is;
};
struct Range6 {
  ByteArray<16> prefix;
  unsigned bits;
  AddressClass is;
};
// IPv6 prefix behind which an IPv4 address stands.
struct Embedding {
  ByteArray<16> prefix;
  unsigned bits;
  std::size_t at;  // bytes before the IPv4 address
};

constexpr Range4 kRanges4[] = {
    {{0}, 8, AddressClass::kUnspecified},           // RFC 1122
    {{10}, 8, AddressClass::kPrivate},              // RFC 1918
    {{100, 64}, 10, AddressClass::kSharedSpace},    // RFC 6598
    {{127}, 8, AddressClass::kLoopback},            // RFC 1122
    {{169, 254}, 16, AddressClass::kLinkLocal},     // RFC 3927
    {{172, 16}, 12, AddressClass::kPrivate},        // RFC 1918
    {{192, 0, 0}, 24, AddressClass::kReserved},     // protocol assignments (RFC 6890)
    {{192, 0, 2}, 24, AddressClass::kReserved},     // documentation (RFC 5737)
    {{192, 88, 99}, 24, AddressClass::kReserved},   // the anycast of 6to4 (RFC 7526)
    {{192, 168}, 16, AddressClass::kPrivate},       // RFC 1918
    {{198, 18}, 15, AddressClass::kReserved},       // benchmarks (RFC 2544)
    {{198, 51, 100}, 24, AddressClass::kReserved},  // documentation (RFC 5737)
    {{203, 0, 113}, 24, AddressClass::kReserved},   // documentation (RFC 5737)
    {{224}, 4, AddressClass::kMulticast},           // RFC 5771
    {{240}, 4, AddressClass::kReserved},            // future use (RFC 1112), and 255.255.255.255
};

constexpr Range6 kRanges6[] = {
    {{}, 128, AddressClass::kUnspecified},                                             // RFC 4291
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, AddressClass::kLoopback},  // RFC 4291
    {{0, 0x64, 0xFF, 0x9B, 0, 1}, 48, AddressClass::kPrivate},                         // local NAT64 (RFC 8215)
    {{0x20, 0x01, 0, 0}, 23, AddressClass::kReserved},        // protocol assignments, Teredo among them (RFC 2928)
    {{0x20, 0x01, 0x0D, 0xB8}, 32, AddressClass::kReserved},  // documentation (RFC 3849)
    {{0x3F, 0xFF}, 20, AddressClass::kReserved},              // documentation (RFC 9637)
    {{0xFC}, 7, AddressClass::kPrivate},                      // RFC 4193
    {{0xFE, 0x80}, 10, AddressClass::kLinkLocal},             // RFC 4291
    {{0xFE, 0xC0}, 10, AddressClass::kPrivate},               // site-local (RFC 3879)
    {{0xFF}, 8, AddressClass::kMulticast},                    // RFC 4291
};
// The only block of which global addresses are given (RFC 4291 2.4, IANA).
constexpr ByteArray<16> kGlobalUnicast = {0x20};
constexpr unsigned kGlobalUnicastBits = 3;

constexpr Embedding kEmbeddings[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, 96, 12},  // mapped (RFC 4291)
    {{0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, 96, 12},        // translated (RFC 2765)
    {{}, 96, 12},                                          // compatible (RFC 4291), no longer in use
    {{0, 0x64, 0xFF, 0x9B}, 96, 12},                       // NAT64 (RFC 6052)
    {{0x20, 0x02}, 16, 2},                                 // 6to4 (RFC 3056)
};

template <std::size_t N>
bool has_prefix(const ByteArray<N>& address, const ByteArray<N>& prefix, unsigned bits) {
  const unsigned whole = bits / 8;
  if (!std::equal(prefix.begin(), prefix.begin() + whole, address.begin())) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (address[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

}  // namespace

AddressClass classify_address(const ByteArray<4>& v4) {
  for (const Range4& range : kRanges4) {
    if (has_prefix(v4, range.prefix, range.bits)) return range.is;
  }
  return AddressClass::kPublic;
}

AddressClass classify_address(const ByteArray<16>& v6) {
  for (const Range6& range : kRanges6) {
    if (has_prefix(v6, range.prefix, range.bits)) return range.is;
  }
  for (const Embedding& embedding : kEmbeddings) {
    if (has_prefix(v6, embedding.prefix, embedding.bits))
      return classify_address(to_array<4>(ByteView(v6).subspan(embedding.at, 4)));
  }
  return has_prefix(v6, kGlobalUnicast, kGlobalUnicastBits) ? AddressClass::kPublic : AddressClass::kReserved;
}

AddressClass classify_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    return classify_address(to_array<4>({reinterpret_cast<const std::uint8_t*>(&v4.sin_addr), 4}));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof v6);
    return classify_address(to_array<16>({reinterpret_cast<const std::uint8_t*>(&v6.sin6_addr), 16}));
  }
  return AddressClass::kReserved;
}

std::optional<AddressClass> classify_literal(const std::string& text) {
  ByteArray<4> v4{};
  if (inet_pton(AF_INET, text.c_str(), v4.data()) == 1) return classify_address(v4);
  ByteArray<16> v6{};
  if (inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) return classify_address(v6);
  return std::nullopt;
}

std::string_view address_class_name(AddressClass what) {
  switch (what) {
    case AddressClass::kPublic: return "public";
    case AddressClass::kUnspecified: return "unspecified";
    case AddressClass::kLoopback: return "loopback";
    case AddressClass::kPrivate: return "private";
    case AddressClass::kLinkLocal: return "link-local";
    case AddressClass::kSharedSpace: return "shared (carrier-grade NAT)";
    case AddressClass::kMulticast: return "multicast";
    case AddressClass::kReserved: break;
  }
  return "reserved";
}

}  // namespace ponte::net
