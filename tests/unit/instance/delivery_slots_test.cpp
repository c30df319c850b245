#include "instance/delivery_slots.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace ponte::instance {
namespace {

using Slots = DeliverySlots<std::string>;
using Line = Slots::Line;

TEST(DeliverySlots, EverybodyComesOnceBeforeAnybodyComesAgain) {
  Slots slots(1, 1);
  for (const char* key : {"a", "b", "c"}) slots.add(key, Line::kHealthy);
  slots.add("a", Line::kHealthy);
  std::string order;
  for (int i = 0; i < 9; ++i) {
    const auto turn = slots.take();
    ASSERT_TRUE(turn);
    EXPECT_FALSE(slots.take()) << "one slot";
    order += turn->first;
    slots.release(turn->second);
    slots.add(turn->first, Line::kHealthy);
  }
  EXPECT_EQ(order, "abcabcabc");
}

TEST(DeliverySlots, WhoFailsTakesNoSlotOfWhoDoesNot) {
  Slots slots(2, 1);
  for (int i = 0; i < 50; ++i) slots.add("down-" + std::to_string(i), Line::kFailing);
  EXPECT_EQ(slots.take()->first, "down-0");
  EXPECT_FALSE(slots.take());
  slots.add("up", Line::kHealthy);
  EXPECT_EQ(slots.take()->first, "up");
  slots.add("up", Line::kHealthy);
  EXPECT_EQ(slots.take()->first, "up");
  slots.release(Line::kFailing);
  EXPECT_EQ(slots.take()->first, "down-1");
}

TEST(DeliverySlots, OneWhoIsBusyAndManyWhoAreNotShareEvenly) {
  Slots slots(4, 1);
  std::map<std::string, int> turns;
  for (int i = 0; i < 20; ++i) slots.add(std::to_string(i), Line::kHealthy);
  for (int i = 0; i < 2000; ++i) {
    const auto turn = slots.take();
    ++turns[turn->first];
    slots.release(turn->second);
    slots.add(turn->first, Line::kHealthy);
  }
  for (const auto& [key, count] : turns) EXPECT_EQ(count, 100) << key;
}

}  // namespace
}  // namespace ponte::instance
