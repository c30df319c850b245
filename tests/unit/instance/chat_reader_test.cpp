#include "instance/chat_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/chat_records.h"
#include "store/keys.h"
#include "store/memory_store.h"
#include "support/vector_cases.h"

namespace ponte::instance {
namespace {

using ::testing::ElementsAre;

const store::Owner kDevice = "one";
const Jid kAna = *Jid::parse("5511988888888@s.whatsapp.net");
const Jid kAnaLid = *Jid::parse("222000000000000@lid");
const Jid kTeam = *Jid::parse("120363000000000001@g.us");

class Chats : public ::testing::Test {
 protected:
  void commit(store::Transaction& transaction) {
    store.commit(transaction.take(), [](const Status& status) { ASSERT_TRUE(status.ok()) << status.error().message; });
  }
  template <typename Body>
  void change(Body body) {
    store::Transaction transaction(store, store::keys::chats_owner(kDevice));
    body(transaction);
    commit(transaction);
  }
  void learn(const std::string& pn_user, const std::string& lid_user) {
    store::Transaction transaction(store, kDevice);
    store::put_lid_mapping(transaction, pn_user, lid_user);
    commit(transaction);
  }
  store::MessageRecord record(const std::string& id, std::int64_t seconds, const Jid& chat = kAnaLid) {
    store::MessageRecord out;
    out.chat = chat.to_string();
    out.chat_alt = chat == kAnaLid ? kAna.to_string() : "";
    out.id = id;
    out.sender_pn = kAna.to_string();
    out.sender_lid = kAnaLid.to_string();
    out.at = Wall(Seconds(seconds));
    out.push_name = "Ana";
    out.type = "text";
    out.content = {0x0A, 2, 'h', 'i'};
    return out;
  }
  void put(const store::MessageRecord& message) {
    change(
        [&](store::Transaction& chats) { ASSERT_TRUE(store::put_message(chats, message, store::Origin::kLive).ok()); });
  }
  static std::vector<std::string> ids(const HistoryPage& page) {
    std::vector<std::string> out;
    for (const ChatMessage& message : page.messages) out.push_back(message.id);
    return out;
  }
  HistoryPage history(const Jid& chat, std::size_t limit = 50, const std::string& cursor = "") {
    HistoryQuery query;
    query.chat = chat;
    query.limit = limit;
    query.cursor = cursor;
    auto page = reader.history(query);
    EXPECT_TRUE(page.ok());
    return page.ok() ? *page : HistoryPage{};
  }

  store::MemoryStore store;
  ChatReader reader{store, kDevice};
};

TEST_F(Chats, HistoryIsFoundUnderEitherAddress) {
  learn(kAna.user, kAnaLid.user);
  for (int i = 0; i < 5; ++i) put(record("m" + std::to_string(i), 1'777'000'000 + i));
  for (const Jid& chat : {kAna, kAnaLid, *Jid::parse("551188888888@s.whatsapp.net")}) {
    const HistoryPage page = history(chat);
    EXPECT_THAT(ids(page), ElementsAre("m4", "m3", "m2", "m1", "m0")) << chat.to_string();
    EXPECT_EQ(page.chat, kAnaLid);
    EXPECT_EQ(page.next, "");
  }
}

TEST_F(Chats, HistoryOfANumberWithoutAnyLid) {
  store::MessageRecord message = record("m", 1'777'000'000, kAna);
  message.sender_lid.clear();
  put(message);
  const HistoryPage page = history(kAna);
  ASSERT_THAT(ids(page), ElementsAre("m"));
  EXPECT_EQ(page.messages[0].chat.other.pn, kAna);
  EXPECT_FALSE(page.messages[0].chat.other.lid);
  // The number's LID has become known, and the chat is still under the number.
  learn(kAna.user, kAnaLid.user);
  EXPECT_THAT(ids(history(kAna)), ElementsAre("m"));
}

TEST_F(Chats, HistoryComesInPages) {
  for (int i = 0; i < 5; ++i) put(record("m" + std::to_string(i), 1'777'000'000 + i));
  const HistoryPage first = history(kAnaLid, 2);
  EXPECT_THAT(ids(first), ElementsAre("m4", "m3"));
  const HistoryPage second = history(kAnaLid, 2, first.next);
  EXPECT_THAT(ids(second), ElementsAre("m2", "m1"));
  EXPECT_THAT(ids(history(kAnaLid, 2, second.next)), ElementsAre("m0"));
  HistoryQuery query;
  query.chat = kAnaLid;
  query.cursor = "no cursor";
  EXPECT_EQ(reader.history(query).error().cause, Cause::kInvalidRequest);
  query.cursor.clear();
  query.from = Wall(Seconds(1'777'000'001));
  query.to = Wall(Seconds(1'777'000'003));
  EXPECT_THAT(ids(*reader.history(query)), ElementsAre("m2", "m1"));
}

TEST_F(Chats, HistoryOfNobodyIsEmpty) {
  const HistoryPage page = history(kTeam);
  EXPECT_TRUE(page.messages.empty());
  EXPECT_EQ(page.chat, kTeam);
  EXPECT_EQ(page.next, "");
}

TEST_F(Chats, AMessageSaysAllThatItsRecordDoes) {
  change([](store::Transaction& chats) {
    ASSERT_TRUE(store::change_chat(chats, kTeam.to_string(), [](store::ChatRecord& chat) { chat.name = "Team"; }).ok());
  });
  store::MessageRecord message = record("m", 1'777'000'000, kTeam);
  message.state = 4;
  message.from_offline = true;
  put(message);
  const auto read = reader.message("m");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->chat.jid, kTeam);
  EXPECT_EQ(read->chat.name, "Team");
  EXPECT_FALSE(read->chat.other.pn || read->chat.other.lid);
  EXPECT_EQ(read->sender.pn, kAna);
  EXPECT_EQ(read->sender.lid, kAnaLid);
  EXPECT_EQ(read->push_name, "Ana");
  EXPECT_EQ(read->at, Wall(Seconds(1'777'000'000)));
  EXPECT_EQ(read->state, protocol::messages::MessageState::kRead);
  EXPECT_TRUE(read->from_offline);
  EXPECT_FALSE(read->from_me);
}

TEST_F(Chats, OfTwoWithOneIdTheNewerIsFound) {
  put(record("same", 1'777'000'000));
  put(record("same", 1'777'000'009, kTeam));
  EXPECT_EQ(reader.message("same")->chat.jid, kTeam);
  EXPECT_EQ(reader.message("none").error().cause, Cause::kMessageNotFound);
  EXPECT_EQ(reader.message("").error().cause, Cause::kMessageNotFound);
}

TEST_F(Chats, AFileIsThatOfAMessageWhichHasOne) {
  store::MessageRecord message = record("file", 1'777'000'000);
  for (const test::VectorCase& each : test::load_cases("messages/contents.vec")) {
    if (each.title == "document") message.content = each.bytes("message");
  }
  put(message);
  put(record("text", 1'777'000'000));
  const auto file = reader.media("file");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->message.id, "file");
  EXPECT_EQ(file->message.chat, kAnaLid.to_string());
  EXPECT_EQ(file->about.mimetype, "application/pdf");
  EXPECT_EQ(file->about.type, "document");
  EXPECT_EQ(file->about.file_name, "Rechnung 7.pdf");
  EXPECT_EQ(reader.media("text").error().cause, Cause::kMediaNotAvailable);
  EXPECT_EQ(reader.media("none").error().cause, Cause::kMediaNotAvailable);
}

TEST_F(Chats, AContactIsOneHoweverManyRecordsHeHas) {
  change([](store::Transaction& chats) {
    ASSERT_TRUE(store::change_contact(chats, kAna.to_string(), [](store::ContactRecord& contact) {
                  contact.full_name = "Ana Lima";
                  contact.lid = kAnaLid.to_string();
                }).ok());
    ASSERT_TRUE(store::change_contact(chats, kAnaLid.to_string(), [](store::ContactRecord& contact) {
                  contact.push_name = "ana";
                }).ok());
    ASSERT_TRUE(store::change_contact(chats, "5521977777777@s.whatsapp.net", [](store::ContactRecord& contact) {
                  contact.push_name = "Bo";
                }).ok());
  });
  const auto contacts = reader.contacts();
  ASSERT_TRUE(contacts.ok());
  ASSERT_EQ(contacts->size(), 2U);
  const ContactInfo& ana = contacts->at(0);
  EXPECT_EQ(ana.party.pn, kAna);
  EXPECT_EQ(ana.party.lid, kAnaLid);
  EXPECT_EQ(ana.full_name, "Ana Lima");
  EXPECT_EQ(ana.push_name, "ana");
  EXPECT_EQ(contacts->at(1).push_name, "Bo");
}

TEST_F(Chats, AContactIsFoundUnderEitherAddress) {
  learn(kAna.user, kAnaLid.user);
  change([](store::Transaction& chats) {
    ASSERT_TRUE(store::change_contact(chats, kAnaLid.to_string(), [](store::ContactRecord& contact) {
                  contact.push_name = "ana";
                  contact.pn = kAna.to_string();
                }).ok());
  });
  for (const Jid& who : {kAna, kAnaLid, *Jid::parse("551188888888@s.whatsapp.net")}) {
    const auto contact = reader.contact(who);
    ASSERT_TRUE(contact.ok() && *contact) << who.to_string();
    EXPECT_EQ((*contact)->party.pn, kAna);
    EXPECT_EQ((*contact)->party.lid, kAnaLid);
  }
  EXPECT_FALSE(*reader.contact(*Jid::parse("5521977777777@s.whatsapp.net")));
  EXPECT_FALSE(*reader.contact(kTeam));
}

TEST_F(Chats, ManyContactsComeInParts) {
  change([](store::Transaction& chats) {
    for (int i = 0; i < 1234; ++i) {
      ASSERT_TRUE(store::change_contact(chats, std::to_string(5511900000000 + i) + "@s.whatsapp.net",
                                        [](store::ContactRecord& contact) { contact.push_name = "x"; })
                      .ok());
    }
  });
  EXPECT_EQ(reader.contacts()->size(), 1234U);
}

TEST_F(Chats, FiguresCountDaysWithTodayAmongThem) {
  const std::int64_t today = 20'000 * 86'400;
  put(record("today", today + 1));
  put(record("six days ago", today - 6 * 86'400));
  put(record("seven days ago", today - 6 * 86'400 - 1));
  put(record("a month ago", today - 29 * 86'400));
  put(record("before", today - 29 * 86'400 - 1));
  const auto figures = reader.figures(Wall(Seconds(today + 3600)));
  ASSERT_TRUE(figures.ok());
  EXPECT_EQ(figures->totals.counts.total(), 5U);
  EXPECT_EQ(figures->last_7_days.total(), 2U);
  EXPECT_EQ(figures->last_30_days.total(), 4U);
  EXPECT_EQ(figures->totals.contacts, 1U);
  EXPECT_EQ(figures->totals.last_at, Wall(Seconds(today + 1)));
}

TEST_F(Chats, OfNobodyThereIsNothing) {
  EXPECT_TRUE(reader.contacts()->empty());
  EXPECT_EQ(reader.figures(Wall(Seconds(1'777'000'000)))->totals.counts.total(), 0U);
  EXPECT_FALSE(*reader.history_progress());
}

}  // namespace
}  // namespace ponte::instance
