#include "protocol/wire/jid.h"

#include <gtest/gtest.h>

namespace ponte::protocol::wire {
namespace {

Jid jid(std::string user, std::string_view server, std::uint16_t device = 0, std::uint16_t integrator = 0) {
  return {.user = std::move(user), .server = std::string(server), .device = device, .integrator = integrator};
}

TEST(Jid, ParsesUserAndServer) {
  EXPECT_EQ(Jid::parse("551199887766@s.whatsapp.net"), jid("551199887766", kUserServer));
  EXPECT_EQ(Jid::parse("120363000000000001@g.us"), jid("120363000000000001", kGroupServer));
  EXPECT_EQ(Jid::parse("status@broadcast"), jid("status", kBroadcastServer));
  EXPECT_EQ(Jid::parse("4915-1602@g.us"), jid("4915-1602", kGroupServer));
}

TEST(Jid, ParsesTheDevice) {
  EXPECT_EQ(Jid::parse("551199887766:33@s.whatsapp.net"), jid("551199887766", kUserServer, 33));
  EXPECT_EQ(Jid::parse("1:65535@lid"), jid("1", kLidServer, 65535));
  EXPECT_EQ(Jid::parse("1:0@lid"), jid("1", kLidServer));
}

TEST(Jid, DropsTheLegacyAgentOfUsers) {
  EXPECT_EQ(Jid::parse("551199887766.0:33@s.whatsapp.net"), jid("551199887766", kUserServer, 33));
  EXPECT_EQ(Jid::parse("551199887766.1@s.whatsapp.net"), jid("551199887766", kUserServer));
  EXPECT_EQ(Jid::parse("a.b@s.whatsapp.net"), jid("a.b", kUserServer));
  EXPECT_EQ(Jid::parse("a.1@g.us"), jid("a.1", kGroupServer));
}

TEST(Jid, ParsesTheServerItself) {
  EXPECT_EQ(Jid::parse("@s.whatsapp.net"), server_jid());
  EXPECT_TRUE(server_jid().is_server());
  EXPECT_FALSE(Jid::parse("1@s.whatsapp.net")->is_server());
  EXPECT_FALSE(Jid::parse("@g.us")->is_server());
}

TEST(Jid, ReadsTheLegacyUserServerAsTodays) {
  EXPECT_EQ(Jid::parse("1:2@c.us"), jid("1", kUserServer, 2));
}

TEST(Jid, RejectsTextThatIsNoJid) {
  for (const char* text : {"", "551199887766", "551199887766@", "@", "a@b@c", "1:@lid", "1:x@lid", "1:-1@lid",
                           "1:+1@lid", "1:65536@lid", "1:2 @lid", "1: 2@lid", ":5@lid"}) {
    EXPECT_FALSE(Jid::parse(text).has_value()) << text;
  }
}

TEST(Jid, WritesItsTextForm) {
  EXPECT_EQ(jid("1", kUserServer).to_string(), "1@s.whatsapp.net");
  EXPECT_EQ(jid("1", kLidServer, 7).to_string(), "1:7@lid");
  EXPECT_EQ(server_jid().to_string(), "@s.whatsapp.net");
}

TEST(Jid, CarriesTheIntegratorOfInteropUsers) {
  const Jid user = jid("bob-7", kInteropServer, 3, 42);
  EXPECT_EQ(user.to_string(), "42-bob-7:3@interop");
  EXPECT_EQ(Jid::parse("42-bob-7:3@interop"), user);
  EXPECT_EQ(Jid::parse(jid("5-6", kInteropServer).to_string()), jid("5-6", kInteropServer));
  EXPECT_EQ(Jid::parse("bob@interop"), jid("bob", kInteropServer));
  EXPECT_EQ(Jid::parse("70000-bob@interop"), jid("70000-bob", kInteropServer));
}

TEST(Jid, LosesOnlyItsDevice) {
  const Jid user = jid("1", kLidServer, 7);
  EXPECT_EQ(user.without_device(), jid("1", kLidServer));
}

}  // namespace
}  // namespace ponte::protocol::wire
