#include "protocol/messages/source.h"

#include <gtest/gtest.h>

namespace ponte::protocol::messages {
namespace {

const Wall kFallback{Seconds(1'600'000'000)};

wire::Jid jid(const std::string& text) {
  return *wire::Jid::parse(text);
}

OwnAddress own() {
  return {jid("100:7@s.whatsapp.net"), jid("200:7@lid")};
}

wire::Node stanza(const std::string& from) {
  return wire::Node("message").with("id", "3EB0AA").with("t", "1700000000").with("from", jid(from));
}

Source resolve(const wire::Node& node) {
  const auto source = resolve_source(node, own(), kFallback);
  EXPECT_TRUE(source.ok()) << source.error().message;
  return source.ok() ? *source : Source();
}

TEST(Source, OfAnotherUserIsHisChat) {
  const Source source =
      resolve(stanza("300:2@lid").with("sender_pn", "301@s.whatsapp.net").with("notify", "Ana").with("offline", "0"));
  EXPECT_EQ(source.kind, Source::Kind::kUser);
  EXPECT_EQ(source.chat.to_string(), "300@lid");
  EXPECT_EQ(source.sender.to_string(), "300:2@lid");
  EXPECT_FALSE(source.from_me);
  EXPECT_TRUE(source.offline);
  EXPECT_EQ(source.push_name, "Ana");
  EXPECT_EQ(source.at, Wall(Seconds(1'700'000'000)));
  ASSERT_TRUE(source.sender_pair);
  EXPECT_EQ(source.sender_pair->pn.to_string(), "301@s.whatsapp.net");
  EXPECT_EQ(source.sender_pair->lid.to_string(), "300@lid");
}

TEST(Source, OfAnotherDeviceOfOursIsTheChatItWasSentTo) {
  const Source source =
      resolve(stanza("200@lid").with("recipient", jid("300@lid")).with("peer_recipient_pn", jid("301@s.whatsapp.net")));
  EXPECT_TRUE(source.from_me);
  EXPECT_EQ(source.chat.to_string(), "300@lid");
  ASSERT_TRUE(source.chat_pair);
  EXPECT_EQ(source.chat_pair->pn.to_string(), "301@s.whatsapp.net");
  EXPECT_FALSE(source.sender_pair);
}

TEST(Source, OfOurPhoneWithoutRecipientIsANoteToOurselves) {
  const Source source = resolve(stanza("100@s.whatsapp.net").with("category", "peer"));
  EXPECT_TRUE(source.from_me);
  EXPECT_TRUE(source.peer);
  EXPECT_EQ(source.chat.to_string(), "100@s.whatsapp.net");
}

TEST(Source, InAGroupIsTheParticipant) {
  const Source source = resolve(stanza("120363000000000001@g.us")
                                    .with("participant", jid("300:2@lid"))
                                    .with("participant_pn", jid("301@s.whatsapp.net"))
                                    .with("addressing_mode", "lid"));
  EXPECT_EQ(source.kind, Source::Kind::kGroup);
  EXPECT_TRUE(source.has_sender_keys());
  EXPECT_EQ(source.chat.to_string(), "120363000000000001@g.us");
  EXPECT_EQ(source.sender.to_string(), "300:2@lid");
  ASSERT_TRUE(source.sender_pair);
}

TEST(Source, OfAHostedDeviceCountsAsItsUsual) {
  const Source source = resolve(stanza("300:99@hosted"));
  EXPECT_EQ(source.sender.to_string(), "300:99@s.whatsapp.net");
  EXPECT_EQ(source.chat.to_string(), "300@s.whatsapp.net");
}

TEST(Source, WithoutTimeTakesOurs) {
  EXPECT_EQ(resolve(wire::Node("message").with("id", "1").with("from", jid("300@lid"))).at, kFallback);
  EXPECT_EQ(resolve(stanza("300@lid").with("x", "y")).at, Wall(Seconds(1'700'000'000)));
}

TEST(Source, IgnoresAnOtherAddressThatIsNone) {
  // A PN that is said to have a PN, and one whose user could reach into another record.
  EXPECT_FALSE(resolve(stanza("300@s.whatsapp.net").with("sender_lid", "301@s.whatsapp.net")).sender_pair);
  EXPECT_FALSE(resolve(stanza("300@lid").with("sender_pn", "3/01@s.whatsapp.net")).sender_pair);
}

TEST(Source, RefusesWhatNamesNobody) {
  const std::vector<wire::Node> bad{
      wire::Node("message").with("id", "1"),
      wire::Node("message").with("from", jid("300@lid")),
      stanza("3/00@lid"),
      stanza("@lid"),
      stanza("120363000000000001@g.us"),
      stanza("120363000000000001@g.us").with("participant", "30 0@lid"),
      stanza("100@s.whatsapp.net").with("recipient", "../x@lid"),
      stanza("300@example.org"),
      wire::Node("message").with("id", "a\nb").with("from", jid("300@lid")),
      wire::Node("message").with("id", std::string(129, 'x')).with("from", jid("300@lid")),
  };
  for (const wire::Node& node : bad) {
    const auto source = resolve_source(node, own(), kFallback);
    ASSERT_FALSE(source.ok()) << node.to_xml();
    EXPECT_EQ(source.error().cause, Cause::kNodeMalformed);
  }
}

TEST(Addresses, AreOursUnderBothUsers) {
  EXPECT_TRUE(own().is_own(jid("100@s.whatsapp.net")));
  EXPECT_TRUE(own().is_own(jid("200:9@lid")));
  EXPECT_FALSE(own().is_own(jid("200@s.whatsapp.net")));
  EXPECT_TRUE(own().is_this_device(jid("200:7@lid")));
  EXPECT_FALSE(own().is_this_device(jid("200:9@lid")));
}

// wire: messages.md 1.1
TEST(Addresses, NameTheDomainForSignal) {
  EXPECT_EQ(signal_address(jid("100:7@s.whatsapp.net")), (crypto::SignalAddress{"100", 7}));
  EXPECT_EQ(signal_address(jid("200:7@lid")), (crypto::SignalAddress{"200_1", 7}));
  EXPECT_EQ(signal_address(jid("200:99@hosted")), (crypto::SignalAddress{"200_128", 99}));
  EXPECT_EQ(signal_address(jid("200:99@hosted.lid")), (crypto::SignalAddress{"200_129", 99}));
}

}  // namespace
}  // namespace ponte::protocol::messages
