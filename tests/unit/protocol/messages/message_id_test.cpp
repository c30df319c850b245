#include "protocol/messages/message_id.h"

#include <gtest/gtest.h>

namespace ponte::protocol::messages {
namespace {

std::vector<wire::Jid> jids(const std::vector<std::string>& texts) {
  std::vector<wire::Jid> out;
  for (const std::string& text : texts) out.push_back(*wire::Jid::parse(text));
  return out;
}

// whatsmeow's and Baileys' form; the value was made with Python's hashlib.
TEST(MessageId, FollowsFromTimeAccountAndRandomness) {
  const auto own = *wire::Jid::parse("111000000000000:3@s.whatsapp.net");
  EXPECT_EQ(message_id(Wall(Seconds(1'700'000'000)), own, {}), "3EB0CF4EBA035436D92E2C");
}

TEST(MessageId, DiffersInEachInput) {
  const auto own = *wire::Jid::parse("111000000000000@s.whatsapp.net");
  const auto other = *wire::Jid::parse("111000000000001@s.whatsapp.net");
  const Wall at(Seconds(1'700'000'000));
  ByteArray<16> random{};
  random[15] = 1;
  const std::string id = message_id(at, own, {});
  EXPECT_NE(id, message_id(at + Seconds(1), own, {}));
  EXPECT_NE(id, message_id(at, other, {}));
  EXPECT_NE(id, message_id(at, own, random));
}

// The first two are of whatsapp-rust 1489b7d's tests.
TEST(Phash, AgreesWithOtherImplementations) {
  EXPECT_EQ(phash(jids({"5511999999999:3@s.whatsapp.net"})), "2:5s+YxCff");
  EXPECT_EQ(phash(jids({"5511999999999@s.whatsapp.net"})), "2:RJWVxcMQ");
  EXPECT_EQ(phash(jids({"5511988887777:14@s.whatsapp.net", "7469250125917:21@s.whatsapp.net"})), "2:AAv/hwhn");
  EXPECT_EQ(phash(jids({"5511988887777:14@lid", "7469250125917:21@lid"})), "2:xVELSmNO");
}

TEST(Phash, DoesNotDependOnTheOrder) {
  EXPECT_EQ(phash(jids({"7469250125917:21@lid", "5511988887777:14@lid"})), "2:xVELSmNO");
}

}  // namespace
}  // namespace ponte::protocol::messages
