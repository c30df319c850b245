#include "portable/content.h"

#include <gtest/gtest.h>

#include "base/writer.h"
#include "store/chat_keys.h"
#include "store/keys.h"

namespace ponte::portable {
namespace {

const std::string kId = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

Bytes begin() {
  return concat({write_item(Part::kSchema, "", ByteArray<4>{0, 0, 0, 1}), write_item(Part::kInstance, kId, {})});
}

/// Reads it, `step` bytes at a time; the keys, or what went wrong.
Result<std::vector<std::string>> read(ByteView content, std::size_t step = 7) {
  ContentReader reader;
  std::vector<std::string> keys;
  while (!content.empty()) {
    const ByteView now = content.first(std::min(step, content.size()));
    content = content.subspan(now.size());
    reader.feed(now);
    for (;;) {
      PONTE_ASSIGN(const auto item, reader.next());
      if (!item) break;
      keys.push_back(item->key);
    }
  }
  PONTE_TRY(reader.finish());
  return keys;
}

std::string error_of(ByteView content) {
  const auto result = read(content);
  return result.ok() ? "none" : result.error().message;
}

Bytes with(Part part, std::string_view key) {
  return concat({begin(), write_item(part, key, ByteArray<1>{7})});
}

TEST(PortableContent, ReadsItemsHoweverTheyAreCut) {
  const Bytes content = concat({begin(), write_item(Part::kDevice, "account", Bytes(300, 1)),
                                write_item(Part::kDevice, "credentials", {}), write_item(Part::kChats, "history", {})});
  for (const std::size_t step : {1, 2, 6, 7, 8, 100, 10'000}) {
    const auto keys = read(content, step);
    ASSERT_TRUE(keys.ok()) << keys.error().message;
    EXPECT_EQ(*keys, (std::vector<std::string>{"", kId, "account", "credentials", "history"}));
  }
}

TEST(PortableContent, RefusesEveryCut) {
  const Bytes content = with(Part::kDevice, "account");
  ASSERT_TRUE(read(content).ok());
  for (std::size_t size = 0; size < content.size(); ++size) {
    // Behind the instance's record a file without anything is whole, too.
    if (size == begin().size()) continue;
    EXPECT_FALSE(read(ByteView(content).first(size)).ok()) << size;
  }
}

TEST(PortableContent, EveryDeclaredKeyBelongsToOnePart) {
  const auto check = [](const auto& table) {
    for (const store::keys::Row& row : table) {
      const std::string key = std::string(row.key) + (row.key.ends_with('/') ? "x" : "");
      int parts = 0;
      for (const Part part : {Part::kDevice, Part::kWebhooks, Part::kEvents, Part::kChats})
        parts += belongs(part, key) ? 1 : 0;
      EXPECT_EQ(parts, row.scope == store::keys::Scope::kInstance ? 1 : 0) << key;
    }
  };
  check(store::keys::kTable);
  check(store::keys::kChatTable);
  EXPECT_TRUE(belongs(Part::kWebhooks, "webhook_dead/6d/0000000000000001"));
  EXPECT_TRUE(belongs(Part::kEvents, "told_link"));
  EXPECT_TRUE(belongs(Part::kDevice, "signal/session/1.0"));
  EXPECT_TRUE(belongs(Part::kChats, "message/x"));
}

TEST(PortableContent, RefusesKeysOutsideTheInstance) {
  for (const std::string_view key :
       {"instance/x", "name/sales", "token/00", "token_hash_key", "account_token", "nothing", "", "../credentials",
        "event/0000000000000001", "message/a/b/c/d", "webhook/6d"}) {
    EXPECT_NE(error_of(with(Part::kDevice, key)).find("none of that part's"), std::string::npos) << key;
  }
  EXPECT_NE(error_of(with(Part::kChats, "credentials")).find("none of that part's"), std::string::npos);
  EXPECT_NE(error_of(with(Part::kEvents, "webhook/6d")).find("none of that part's"), std::string::npos);
  for (const std::string id :
       {"", "x", "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5/", "0190A1B2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}) {
    const Bytes content =
        concat({write_item(Part::kSchema, "", ByteArray<4>{0, 0, 0, 1}), write_item(Part::kInstance, id, {})});
    EXPECT_NE(error_of(content).find("none of that part's"), std::string::npos) << id;
  }
}

TEST(PortableContent, RefusesItemsOutOfOrder) {
  const Bytes schema = write_item(Part::kSchema, "", ByteArray<4>{0, 0, 0, 1});
  const Bytes instance = write_item(Part::kInstance, kId, {});
  const Bytes account = write_item(Part::kDevice, "account", {});
  const Bytes hold = write_item(Part::kDevice, "hold", {});
  const Bytes chat = write_item(Part::kChats, "history", {});
  for (const Bytes& content :
       {concat({instance, schema}), concat({schema, account}), concat({schema, schema, instance}),
        concat({schema, instance, instance}), concat({schema, instance, hold, account}),
        concat({schema, instance, account, account}), concat({schema, instance, chat, account})}) {
    EXPECT_FALSE(read(content).ok());
  }
  EXPECT_TRUE(read(concat({schema, instance, account, hold, chat})).ok());
}

TEST(PortableContent, RefusesHostileLengthsBeforeTheyAreThere) {
  const auto prefix = [](std::uint8_t part, std::uint64_t key, std::uint64_t value) {
    Writer writer;
    writer.bytes(begin());
    writer.u8(part);
    writer.big_endian(key, 2);
    writer.big_endian(value, 4);
    return std::move(writer).take();
  };
  EXPECT_NE(error_of(prefix(2, 7, kLongestValue + 1)).find("at most"), std::string::npos);
  EXPECT_NE(error_of(prefix(2, 7, 0xFFFF'FFFF)).find("4294967295"), std::string::npos);
  EXPECT_NE(error_of(prefix(2, kLongestKey + 1, 1)).find("4097"), std::string::npos);
  EXPECT_NE(error_of(prefix(6, 7, 1)).find("got 6"), std::string::npos);
  EXPECT_EQ(error_of(prefix(2, 7, 1)), "it ends within a record");
}

}  // namespace
}  // namespace ponte::portable
