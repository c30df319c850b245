#include "store/link_records.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "records.pb.h"
#include "store/keys.h"
#include "store/memory_store.h"

namespace ponte::store {
namespace {

StoredLink link_of_ana() {
  StoredLink out;
  out.hash.fill(0xAB);
  out.link.id = "0193c1a2-0000-7000-8000-000000000001";
  out.link.instance_id = "0193c1a2-0000-7000-8000-0000000000aa";
  out.link.instance_name = "sales";
  out.link.created_at = Wall(Milliseconds(1'800'000'000'000));
  out.link.expires_at = Wall(Milliseconds(1'800'003'600'000));
  return out;
}

class LinkRecords : public ::testing::Test {
 protected:
  void put(const StoredLink& link) {
    Transaction transaction(store_, kSystem);
    put_link(transaction, link);
    store_.commit(transaction.take(), [](const Status& status) { ASSERT_TRUE(status.ok()); });
  }
  void put_raw(const std::string& key, Bytes value) {
    store_.commit({kSystem, Durability::kPowerLoss, {{key, std::move(value)}}},
                  [](const Status& status) { ASSERT_TRUE(status.ok()); });
  }
  Result<std::vector<StoredLink>> links() { return get_links({store_, kSystem}); }

  MemoryStore store_;
};

TEST_F(LinkRecords, ComeBackAsTheyWerePut) {
  const StoredLink plain = link_of_ana();
  StoredLink full = link_of_ana();
  full.hash.fill(0xCD);
  full.link.title = "Ana's phone";
  full.link.return_url = "https://shop.example/done";
  full.link.uses = 3;
  full.link.used = 1;
  full.link.history_days = 30;
  full.link.instance_deleted = true;
  put(plain);
  put(full);
  EXPECT_EQ(*links(), (std::vector<StoredLink>{plain, full}));
}

TEST_F(LinkRecords, AreGoneOnceErased) {
  put(link_of_ana());
  Transaction transaction(store_, kSystem);
  erase_link(transaction, link_of_ana().hash);
  store_.commit(transaction.take(), [](const Status& status) { ASSERT_TRUE(status.ok()); });
  EXPECT_TRUE(links()->empty());
}

TEST_F(LinkRecords, AreRefusedWhereAFieldIsMissing) {
  using Message = proto::LinkRecord;
  const std::pair<const char*, void (Message::*)()> kFields[] = {
      {"id", &Message::clear_id},
      {"instance_id", &Message::clear_instance_id},
      {"instance_name", &Message::clear_instance_name},
      {"created_at", &Message::clear_created_at},
      {"expires_at", &Message::clear_expires_at},
      {"uses", &Message::clear_uses},
  };
  for (const auto& [field, clear] : kFields) {
    put(link_of_ana());
    const std::string key = keys::link(link_of_ana().hash);
    const auto value = *store_.get(kSystem, key);
    proto::LinkRecord message;
    ASSERT_TRUE(message.ParseFromArray(value->data(), static_cast<int>(value->size())));
    (message.*clear)();
    put_raw(key, to_bytes(message.SerializeAsString()));
    const auto read = links();
    ASSERT_FALSE(read.ok()) << field;
    EXPECT_EQ(read.error().cause, Cause::kStoreCorrupt);
    EXPECT_NE(read.error().message.find(field), std::string::npos) << read.error().message;
  }
}

TEST_F(LinkRecords, AreRefusedUnderAKeyThatHoldsNoHash) {
  put(link_of_ana());
  const auto value = *store_.get(kSystem, keys::link(link_of_ana().hash));
  for (const std::string& key : {std::string("link/"), std::string("link/ab"), "link/" + std::string(64, 'g'),
                                 "link/" + std::string(64, 'A'), "link/" + std::string(66, 'a')}) {
    MemoryStore other;
    other.commit({kSystem, Durability::kPowerLoss, {{key, *value}}}, [](const Status&) {});
    EXPECT_FALSE(get_links({other, kSystem}).ok()) << key;
  }
}

TEST_F(LinkRecords, AreRefusedWhereTheyDoNotParse) {
  put_raw(keys::link(link_of_ana().hash), Bytes{0xFF, 0xFF});
  EXPECT_EQ(links().error().cause, Cause::kStoreCorrupt);
}

}  // namespace
}  // namespace ponte::store
