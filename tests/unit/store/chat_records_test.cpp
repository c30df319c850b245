#include "store/chat_records.h"

#include <gtest/gtest.h>

#include "store/chat_keys.h"
#include "store/memory_store.h"
#include "support/vectors.h"

namespace ponte::store {
namespace {

const Owner kOwner = "one-chats";
const Wall kAt(Milliseconds(1'748'736'000'123));

class ChatRecords : public ::testing::Test {
 protected:
  /// The step's batch; another step begins.
  WriteBatch take() {
    WriteBatch batch = step_->take();
    step_.emplace(store_, kOwner);
    return batch;
  }
  void commit() {
    store_.commit(take(), [](Status status) { ASSERT_TRUE(status.ok()); });
  }
  std::string listed(std::string_view after, std::size_t limit) const {
    std::string out;
    const auto chats = get_chats(store_, kOwner, after, limit);
    for (const ChatRecord& chat : *chats) out += chat.jid + " ";
    return out;
  }
  MemoryStore store_;
  std::optional<Transaction> step_{std::in_place, store_, kOwner};
  Transaction& transaction_ = *step_;
};

TEST_F(ChatRecords, AChatComesBackAsItWasChanged) {
  EXPECT_FALSE(get_chat(transaction_, "1@lid").value().has_value());
  ChatRecord written{"1@lid", "Ana", kAt, 3, true, kAt, -1, true, true, "5511@s.whatsapp.net", "1@lid", 604'800, 0};
  EXPECT_TRUE(change_chat(transaction_, "1@lid", [&](ChatRecord& chat) { chat = written; }).value());
  EXPECT_EQ(get_chat(transaction_, "1@lid").value(), written);
  commit();
  EXPECT_EQ(get_chat({store_, kOwner}, "1@lid").value(), written);
  EXPECT_FALSE(change_chat(transaction_, "1@lid", [](ChatRecord& chat) { chat.name = "Ana"; }).value());
  EXPECT_TRUE(transaction_.empty()) << "nothing was new";
  EXPECT_TRUE(change_chat(transaction_, "1@lid", [](ChatRecord& chat) { chat.muted_until.reset(); }).value());
  written.muted_until.reset();
  EXPECT_EQ(get_chat(transaction_, "1@lid").value(), written);
}

TEST_F(ChatRecords, NeitherAddressNorNumberOfMessagesIsChangedFromOutside) {
  put_chat(transaction_, {.jid = "1@lid", .messages = 5});
  EXPECT_FALSE(change_chat(transaction_, "1@lid", [](ChatRecord& chat) {
                 chat.jid = "2@lid";
                 chat.messages = 9;
               }).value());
  EXPECT_EQ(get_chat(transaction_, "1@lid").value()->messages, 5u);
}

TEST_F(ChatRecords, AChatIsErasedWithItsLabelsButNotTheNumberOfItsMessages) {
  put_chat(transaction_, {.jid = "1@lid", .name = "Ana", .messages = 5});
  put_chat(transaction_, {.jid = "2@lid", .name = "Rui"});
  add_label(transaction_, "7", "1@lid");
  ASSERT_TRUE(erase_chat(transaction_, "1@lid").ok());
  ASSERT_TRUE(erase_chat(transaction_, "2@lid").ok());
  EXPECT_EQ(get_chat(transaction_, "1@lid").value(), (ChatRecord{.jid = "1@lid", .messages = 5}));
  EXPECT_FALSE(get_chat(transaction_, "2@lid").value().has_value());
  EXPECT_TRUE(get_label_chats(transaction_, "7").value().empty());
}

TEST_F(ChatRecords, ChatsAndContactsAreReadInPages) {
  for (const char* jid : {"1@lid", "2@g.us", "3@lid", "4@lid"}) {
    ASSERT_TRUE(change_chat(transaction_, jid, [](ChatRecord& chat) { chat.archived = true; }).ok());
    ASSERT_TRUE(change_contact(transaction_, jid, [](ContactRecord& contact) { contact.push_name = "x"; }).ok());
  }
  commit();
  EXPECT_EQ(listed("", 3), "1@lid 2@g.us 3@lid ");
  EXPECT_EQ(listed("3@lid", 3), "4@lid ");
  EXPECT_EQ(listed("4@lid", 3), "");
  const auto contacts = get_contacts(store_, kOwner, "1@lid", 2);
  ASSERT_EQ(contacts->size(), 2u);
  EXPECT_EQ(contacts->front().jid, "2@g.us");
  EXPECT_EQ(get_contacts(store_, kOwner, "", 9)->size(), 4u);
}

TEST_F(ChatRecords, AContactComesBackWhateverOthersCallThemselves) {
  const ContactRecord written{"1@lid", "Ana \xff", "Ana", std::string("a\0b", 3), "Firm", "ana", "5511@s.whatsapp.net",
                              "1@lid"};
  EXPECT_TRUE(change_contact(transaction_, "1@lid", [&](ContactRecord& contact) { contact = written; }).value());
  EXPECT_FALSE(change_contact(transaction_, "1@lid", [](ContactRecord&) {}).value());
  EXPECT_EQ(get_contact(transaction_, "1@lid").value(), written);
  erase_contact(transaction_, "1@lid");
  EXPECT_FALSE(get_contact(transaction_, "1@lid").value().has_value());
}

TEST_F(ChatRecords, LabelsAreFoundByChatAndChatsByLabel) {
  put_label(transaction_, {"1", "new", 3, false});
  put_label(transaction_, {"2", "old", -1, true});
  EXPECT_EQ(get_label(transaction_, "2").value(), (LabelRecord{"2", "old", -1, true}));
  EXPECT_FALSE(get_label(transaction_, "3").value().has_value());
  EXPECT_EQ(get_labels(transaction_)->size(), 2u);
  add_label(transaction_, "1", "1@lid");
  add_label(transaction_, "1", "2@g.us");
  add_label(transaction_, "2", "1@lid");
  add_label(transaction_, "10", "3@lid");
  using Texts = std::vector<std::string>;
  EXPECT_EQ(*get_label_chats(transaction_, "1"), (Texts{"1@lid", "2@g.us"}));
  EXPECT_EQ(*get_chat_labels(transaction_, "1@lid"), (Texts{"1", "2"}));
  remove_label(transaction_, "1", "1@lid");
  EXPECT_EQ(*get_label_chats(transaction_, "1"), (Texts{"2@g.us"}));
  EXPECT_EQ(*get_chat_labels(transaction_, "1@lid"), (Texts{"2"}));
}

TEST_F(ChatRecords, DamageIsSaidAndNotPassedOver) {
  for (const std::string& key : {keys::chat("1@lid"), keys::contact("1@lid"), keys::label("1")})
    transaction_.put(key, Bytes{0xFF, 0xFF});
  EXPECT_EQ(get_chat(transaction_, "1@lid").error().cause, Cause::kStoreCorrupt);
  EXPECT_EQ(get_contact(transaction_, "1@lid").error().cause, Cause::kStoreCorrupt);
  EXPECT_EQ(get_labels(transaction_).error().cause, Cause::kStoreCorrupt);
  EXPECT_FALSE(change_chat(transaction_, "1@lid", [](ChatRecord&) {}).ok());
  transaction_.erase(keys::chat("1@lid"));
  transaction_.put("chat/a/b", {});
  transaction_.put("label_chat/1/a/b", {});
  commit();
  const auto chats = get_chats(store_, kOwner, "", 9);
  ASSERT_FALSE(chats.ok());
  EXPECT_NE(chats.error().message.find("record chat/a/b"), std::string::npos) << chats.error().message;
  EXPECT_EQ(get_label_chats({store_, kOwner}, "1").error().cause, Cause::kStoreCorrupt);
}

}  // namespace
}  // namespace ponte::store
