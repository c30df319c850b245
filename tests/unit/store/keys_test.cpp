#include "store/keys.h"

#include <gtest/gtest.h>

namespace ponte::store::keys {
namespace {

TEST(Keys, EveryKeyFallsUnderItsRowOfTheTable) {
  const Owner owner = "one";
  EXPECT_EQ(row_of(owner, kCredentials)->value, "CredentialsRecord");
  EXPECT_EQ(row_of(owner, prekey(7))->key, kPrekeyPrefix);
  EXPECT_EQ(row_of(owner, kPrekeyState)->key, kPrekeyState);
  EXPECT_EQ(row_of(kSystem, instance("one"))->key, kInstancePrefix);
  EXPECT_EQ(row_of(kSystem, token({}))->key, kTokenPrefix);
  EXPECT_EQ(row_of(kSystem, kTokenHashKey)->key, kTokenHashKey);
}

TEST(Keys, UndeclaredKeysHaveNoRow) {
  EXPECT_EQ(row_of("one", "credential"), nullptr);
  EXPECT_EQ(row_of("one", "credentials2"), nullptr);
  EXPECT_EQ(row_of("one", "prekey/"), nullptr);
  EXPECT_EQ(row_of("one", instance("one")), nullptr);
  EXPECT_EQ(row_of(kSystem, kCredentials), nullptr);
}

TEST(Keys, NoRowContainsAnother) {
  for (const Row& row : kTable) {
    for (const Row& other : kTable) {
      const bool comparable = &row != &other && row.scope == other.scope && row.key.ends_with('/');
      EXPECT_FALSE(comparable && other.key.starts_with(row.key)) << row.key << " " << other.key;
    }
  }
}

TEST(Keys, PrekeysSortByIdAndReadBack) {
  EXPECT_EQ(prekey(1), "prekey/000001");
  EXPECT_EQ(prekey(0xFFFFFF), "prekey/ffffff");
  EXPECT_LT(prekey(9), prekey(10));
  EXPECT_LT(prekey(255), prekey(256));
  EXPECT_EQ(prekey_id(prekey(812)), 812u);
  for (const char* key : {"prekey/", "prekey/00001", "prekey/0000001", "prekey/00000A", "prekey/-00001",
                          "prekey/00000g", "signal/000001"})
    EXPECT_FALSE(prekey_id(key).has_value()) << key;
}

TEST(Keys, EventsSortBySequenceAndReadBack) {
  EXPECT_EQ(keys::event(0x1A2B), "event/0000000000001a2b");
  EXPECT_LT(keys::event(0xFFFF), keys::event(0x10000));
  for (const std::uint64_t sequence : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    EXPECT_EQ(keys::event_sequence(keys::event(sequence)), sequence);
  }
  for (const char* other :
       {"event/", "event/1", "event/0000000000001A2B", "event/00000000000000001", "prekey/000001"}) {
    EXPECT_FALSE(keys::event_sequence(other)) << other;
  }
  EXPECT_TRUE(keys::check_owner(keys::events_owner("0190aaaa-0000-7000-8000-000000000001")).ok());
}

TEST(Keys, RefusesOwnersThatCouldReachIntoOthers) {
  EXPECT_TRUE(check_owner(kSystem).ok());
  EXPECT_TRUE(check_owner("0190b1f0-5a3c-7c41-9f9e-0123456789ab").ok());
  EXPECT_TRUE(check_owner(std::string(64, 'a')).ok());
  for (const Owner& owner : {Owner("a/b"), Owner("/"), Owner("a.b"), Owner("a b"), Owner(std::string("a\0b", 3)),
                             Owner("\xc3\xa9"), Owner(65, 'a')})
    EXPECT_EQ(check_owner(owner).error().code, Errc::kInternal) << owner;
}

TEST(Keys, DiskKeysOfOwnersDoNotOverlap) {
  EXPECT_EQ(disk_key("one", "a"), "i/one/a");
  EXPECT_EQ(disk_key(kSystem, "a"), "s/a");
  EXPECT_EQ(disk_data_key("one"), "k/one");
  EXPECT_EQ(disk_data_key(kSystem), "k/");
  const std::string end = after_prefix(disk_key("one", ""));
  EXPECT_LT(disk_key("one", "\xff\xff"), end);
  EXPECT_LT(end, disk_key("one1", ""));
  EXPECT_EQ(after_prefix("i/one/\xff"), "i/one0");
}

}  // namespace
}  // namespace ponte::store::keys
