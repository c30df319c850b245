#include "store/migrations.h"

#include <gtest/gtest.h>

namespace ponte::store {
namespace {

Result<std::vector<WriteBatch>> nothing(const StoreReader&) {
  return std::vector<WriteBatch>();
}

const std::vector<Migration> kSteps{{1, "one to two", nothing}, {2, "two to three", nothing}};

TEST(Migrations, TheCurrentVersionNeedsNoStep) {
  EXPECT_TRUE(migrations_between(all_migrations(), kSchemaVersion, kSchemaVersion).value().empty());
}

TEST(Migrations, EveryOlderVersionLeadsToTheCurrentOne) {
  for (std::uint32_t version = 1; version <= kSchemaVersion; ++version)
    EXPECT_TRUE(migrations_between(all_migrations(), version, kSchemaVersion).ok()) << version;
}

TEST(Migrations, StepsComeInOrder) {
  const auto steps = migrations_between(kSteps, 1, 3).value();
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].from, 1u);
  EXPECT_EQ(steps[1].from, 2u);
  EXPECT_EQ(migrations_between(kSteps, 2, 3).value().size(), 1u);
}

TEST(Migrations, RefusesANewerVersionWithWhatToDo) {
  const auto steps = migrations_between(all_migrations(), kSchemaVersion + 1, kSchemaVersion);
  ASSERT_FALSE(steps.ok());
  EXPECT_EQ(steps.error().code, Errc::kStorage);
  EXPECT_NE(steps.error().message.find("newer version"), std::string::npos) << steps.error().message;
}

TEST(Migrations, RefusesNoVersionAndAGap) {
  EXPECT_EQ(migrations_between(kSteps, 0, 3).error().cause, Cause::kStoreCorrupt);
  EXPECT_EQ(migrations_between(kSteps, 1, 4).error().cause, Cause::kStoreCorrupt);
  EXPECT_EQ(migrations_between({kSteps.begin() + 1, kSteps.end()}, 1, 3).error().cause, Cause::kStoreCorrupt);
}

}  // namespace
}  // namespace ponte::store
