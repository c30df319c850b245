#include "net/address_class.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/un.h>

namespace ponte::net {
namespace {

AddressClass class_of(const std::string& text) {
  if (text.find(':') == std::string::npos) {
    ByteArray<4> bytes{};
    EXPECT_EQ(inet_pton(AF_INET, text.c_str(), bytes.data()), 1) << text;
    return classify_address(bytes);
  }
  ByteArray<16> bytes{};
  EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), bytes.data()), 1) << text;
  return classify_address(bytes);
}

struct Row {
  const char* address;
  AddressClass is;
};

TEST(AddressClass, KnowsTheRangesOfIpv4AtTheirEdges) {
  const Row rows[] = {
      {"0.0.0.0", AddressClass::kUnspecified},    {"0.255.255.255", AddressClass::kUnspecified},
      {"1.0.0.0", AddressClass::kPublic},         {"9.255.255.255", AddressClass::kPublic},
      {"10.0.0.0", AddressClass::kPrivate},       {"10.255.255.255", AddressClass::kPrivate},
      {"11.0.0.0", AddressClass::kPublic},        {"100.63.255.255", AddressClass::kPublic},
      {"100.64.0.0", AddressClass::kSharedSpace}, {"100.127.255.255", AddressClass::kSharedSpace},
      {"100.128.0.0", AddressClass::kPublic},     {"126.255.255.255", AddressClass::kPublic},
      {"127.0.0.0", AddressClass::kLoopback},     {"127.255.255.255", AddressClass::kLoopback},
      {"128.0.0.0", AddressClass::kPublic},       {"169.253.255.255", AddressClass::kPublic},
      {"169.254.0.0", AddressClass::kLinkLocal},  {"169.254.169.254", AddressClass::kLinkLocal},
      {"169.255.0.0", AddressClass::kPublic},     {"172.15.255.255", AddressClass::kPublic},
      {"172.16.0.0", AddressClass::kPrivate},     {"172.31.255.255", AddressClass::kPrivate},
      {"172.32.0.0", AddressClass::kPublic},      {"192.0.0.8", AddressClass::kReserved},
      {"192.0.1.0", AddressClass::kPublic},       {"192.0.2.1", AddressClass::kReserved},
      {"192.88.99.1", AddressClass::kReserved},   {"192.167.255.255", AddressClass::kPublic},
      {"192.168.0.0", AddressClass::kPrivate},    {"192.168.255.255", AddressClass::kPrivate},
      {"192.169.0.0", AddressClass::kPublic},     {"198.17.255.255", AddressClass::kPublic},
      {"198.18.0.0", AddressClass::kReserved},    {"198.19.255.255", AddressClass::kReserved},
      {"198.20.0.0", AddressClass::kPublic},      {"198.51.100.1", AddressClass::kReserved},
      {"203.0.113.1", AddressClass::kReserved},   {"223.255.255.255", AddressClass::kPublic},
      {"224.0.0.0", AddressClass::kMulticast},    {"239.255.255.255", AddressClass::kMulticast},
      {"240.0.0.0", AddressClass::kReserved},     {"255.255.255.255", AddressClass::kReserved},
  };
  for (const Row& row : rows) EXPECT_EQ(class_of(row.address), row.is) << row.address;
}

TEST(AddressClass, KnowsTheRangesOfIpv6) {
  const Row rows[] = {
      {"::", AddressClass::kUnspecified},
      {"::1", AddressClass::kLoopback},
      {"2001:4860:4860::8888", AddressClass::kPublic},
      {"2a00::", AddressClass::kPublic},
      {"1fff:ffff::", AddressClass::kReserved},
      {"2000::", AddressClass::kPublic},
      {"3ffe:ffff::", AddressClass::kPublic},
      {"4000::", AddressClass::kReserved},
      {"fbff:ffff::", AddressClass::kReserved},
      {"fc00::", AddressClass::kPrivate},
      {"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressClass::kPrivate},
      {"fe00::", AddressClass::kReserved},
      {"fe80::1", AddressClass::kLinkLocal},
      {"febf:ffff::", AddressClass::kLinkLocal},
      {"fec0::1", AddressClass::kPrivate},
      {"ff02::1", AddressClass::kMulticast},
      {"100::1", AddressClass::kReserved},
      {"2001::1", AddressClass::kReserved},
      {"2001:1ff:ffff::", AddressClass::kReserved},
      {"2001:200::", AddressClass::kPublic},
      {"2001:db8::1", AddressClass::kReserved},
      {"3fff:fff::1", AddressClass::kReserved},
      {"64:ff9b:1::808:808", AddressClass::kPrivate},
  };
  for (const Row& row : rows) EXPECT_EQ(class_of(row.address), row.is) << row.address;
}

TEST(AddressClass, LooksThroughEveryFormThatCarriesAnIpv4Address) {
  struct Inner {
    const char* v4;
    const char* as_6to4;
    AddressClass is;
  };
  const Inner inners[] = {
      {"127.0.0.1", "2002:7f00:1::", AddressClass::kLoopback},
      {"10.1.2.3", "2002:a01:203::", AddressClass::kPrivate},
      {"172.16.0.1", "2002:ac10:1::5", AddressClass::kPrivate},
      {"192.168.1.1", "2002:c0a8:101::", AddressClass::kPrivate},
      {"169.254.169.254", "2002:a9fe:a9fe::", AddressClass::kLinkLocal},
      {"100.64.0.1", "2002:6440:1::", AddressClass::kSharedSpace},
      {"224.0.0.1", "2002:e000:1::", AddressClass::kMulticast},
      {"255.255.255.255", "2002:ffff:ffff::", AddressClass::kReserved},
      {"8.8.8.8", "2002:808:808::1", AddressClass::kPublic},
  };
  for (const Inner& inner : inners) {
    for (const char* prefix : {"::ffff:", "::ffff:0:", "::", "64:ff9b::"})
      EXPECT_EQ(class_of(std::string(prefix) + inner.v4), inner.is) << prefix << inner.v4;
    EXPECT_EQ(class_of(inner.as_6to4), inner.is) << inner.as_6to4;
  }
  EXPECT_EQ(class_of("::ffff:0.0.0.0"), AddressClass::kUnspecified);
}

TEST(AddressClass, ReadsTheAddressesOfSockets) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(0xC0A80001);
  EXPECT_EQ(classify_address(reinterpret_cast<const sockaddr&>(v4)), AddressClass::kPrivate);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  EXPECT_EQ(classify_address(reinterpret_cast<const sockaddr&>(v6)), AddressClass::kLoopback);
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  EXPECT_EQ(classify_address(reinterpret_cast<const sockaddr&>(local)), AddressClass::kReserved);
}

TEST(AddressClass, ReadsWrittenAddresses) {
  EXPECT_EQ(classify_literal("10.1.2.3"), AddressClass::kPrivate);
  EXPECT_EQ(classify_literal("::1"), AddressClass::kLoopback);
  EXPECT_EQ(classify_literal("8.8.8.8"), AddressClass::kPublic);
  for (const char* name : {"example.com", "", "10.1.2", "[::1]"}) EXPECT_EQ(classify_literal(name), std::nullopt);
}

TEST(AddressClass, HasANameForEach) {
  EXPECT_EQ(address_class_name(AddressClass::kLinkLocal), "link-local");
  EXPECT_EQ(address_class_name(AddressClass::kReserved), "reserved");
}

}  // namespace
}  // namespace ponte::net
