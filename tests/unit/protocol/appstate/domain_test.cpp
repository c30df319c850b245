#include "protocol/appstate/domain.h"

#include <gtest/gtest.h>

#include <memory>

#include "store/app_state_records.h"
#include "store/chat_records.h"
#include "store/message_records.h"
#include "store/messaging_records.h"
#include "support/step_bench.h"

namespace ponte::protocol::appstate {
namespace {

using messages::LabelChange;

const wire::Jid kAna{"4915112345678", "s.whatsapp.net"};
const wire::Jid kAnaHidden{"98765432101", "lid"};
const wire::Jid kGroup{"120363000000000001", "g.us"};
constexpr Wall kAt{Milliseconds(1'736'000'000'123)};

Wall second(std::int64_t number) {
  return Wall(Seconds(1'735'000'000 + number));
}

struct AppStateDomain : testing::Test {
  AppStateDomain() {
    bench.link.app_state = std::make_unique<SyncState>();
    bench.link.account.emplace();
    bench.link.account->jid = "491700000000:3@s.whatsapp.net";
    bench.link.account->signed_device_identity = to_bytes("identity");
  }

  void write(std::vector<Action> actions, Changes::Source source = Changes::Source::kPatch,
             Collection collection = Collection::kCriticalUnblockLow) {
    Changes changes{collection, source, {}};
    for (Action& one : actions) changes.actions.push_back({std::move(one), kAt});
    const Status status = bench.run([&](Step& step) { return write_changes(step, changes); });
    ASSERT_TRUE(status.ok()) << status.error().message;
  }
  void keep(const std::vector<store::MessageRecord>& messages) {
    store::Transaction chats(bench.store, test::StepBench::kChats);
    for (const auto& one : messages) ASSERT_TRUE(store::put_message(chats, one, store::Origin::kHistory).ok());
    bench.store.commit(chats.take(), [](const Status&) {});
  }
  static store::MessageRecord message(const wire::Jid& chat, const std::string& id, Wall at) {
    store::MessageRecord out;
    out.chat = chat.to_string();
    out.id = id;
    out.from_me = true;
    out.at = at;
    out.content = to_bytes("content");
    out.type = "text";
    return out;
  }
  std::size_t count(const wire::Jid& chat) const {
    return store::messages_before(bench.store, test::StepBench::kChats, {chat.to_string(), {}, {}, "", 1000})
        ->messages.size();
  }
  /// Steps until nothing is left to erase.
  int erase_all() {
    int steps = 0;
    for (bool more = true; more; ++steps) {
      const Status status = bench.run([&more](Step& step) -> Status {
        PONTE_ASSIGN(more, erase_some(step));
        return Status::Ok();
      });
      EXPECT_TRUE(status.ok());
    }
    return steps;
  }

  store::RecordSource chats() const { return {bench.store, test::StepBench::kChats}; }
  store::RecordSource device() const { return {bench.store, test::StepBench::kOwner}; }
  std::optional<store::ContactRecord> contact(const wire::Jid& jid) const {
    return store::get_contact(chats(), jid.to_string()).value();
  }
  store::ChatRecord chat(const wire::Jid& jid) const {
    return store::get_chat(chats(), jid.to_string()).value().value_or(store::ChatRecord{});
  }
  std::vector<LabelChange> labels_told() const {
    std::vector<LabelChange> out;
    for (const Told& told : bench.told) out.push_back(std::get<event::LabelUpdated>(told).change);
    return out;
  }

  test::StepBench bench;
};

TEST_F(AppStateDomain, NamesContactsUnderTheAddressThatTheirRecordsHave) {
  write({action::Contact{kAna, "Ana Maria", "Ana", "ana", std::nullopt, std::nullopt}});
  ASSERT_TRUE(contact(kAna));
  EXPECT_EQ(contact(kAna)->full_name, "Ana Maria");
  EXPECT_EQ(contact(kAna)->first_name, "Ana");
  EXPECT_EQ(contact(kAna)->username, "ana");
  EXPECT_EQ(contact(kAna)->pn, kAna.to_string());
  EXPECT_EQ(contact(kAna)->lid, "");
}

TEST_F(AppStateDomain, LearnsBothAddressesOfAContact) {
  write({action::Contact{kAna, "Ana Maria", "Ana", "", std::nullopt, kAnaHidden}});
  EXPECT_EQ(store::get_lid_of(device(), kAna.user).value(), kAnaHidden.user);
  ASSERT_TRUE(contact(kAnaHidden));
  EXPECT_EQ(contact(kAnaHidden)->full_name, "Ana Maria");
  EXPECT_EQ(contact(kAnaHidden)->pn, kAna.to_string());
  EXPECT_EQ(contact(kAnaHidden)->lid, kAnaHidden.to_string());
  EXPECT_FALSE(contact(kAna));
}

TEST_F(AppStateDomain, LearnsWhoseNumberALidIs) {
  write({action::PnOfLid{kAnaHidden, kAna}});
  EXPECT_EQ(store::get_pn_of(device(), kAnaHidden.user).value(), kAna.user);
}

TEST_F(AppStateDomain, ForgetsWhatTheAddressBookSaidOfAContact) {
  write({action::Contact{kAna, "Ana Maria", "Ana", "", {}, {}}, action::Contact{kAnaHidden, "Bob", "Bob", "", {}, {}}});
  store::Transaction named(bench.store, test::StepBench::kChats);
  ASSERT_TRUE(store::change_contact(named, kAna.to_string(), [](store::ContactRecord& record) {
                record.push_name = "ana!";
              }).ok());
  bench.store.commit(named.take(), [](const Status&) {});
  write({action::ContactRemoved{kAna}, action::ContactRemoved{kAnaHidden}, action::ContactRemoved{kGroup}});
  ASSERT_TRUE(contact(kAna));
  EXPECT_EQ(contact(kAna)->full_name, "");
  EXPECT_EQ(contact(kAna)->push_name, "ana!");
  EXPECT_FALSE(contact(kAnaHidden));
}

TEST_F(AppStateDomain, TakesASnapshotForAllContactsThatThereAre) {
  write({action::Contact{kAna, "Ana", "Ana", "", {}, {}}, action::Contact{kAnaHidden, "Bob", "Bob", "", {}, {}}});
  write({action::Contact{kAna, "Ana", "Ana", "", {}, {}}}, Changes::Source::kSnapshot, Collection::kRegular);
  EXPECT_TRUE(contact(kAnaHidden));
  write({action::Contact{kAna, "Anna", "Ana", "", {}, {}}}, Changes::Source::kSnapshot);
  EXPECT_EQ(contact(kAna)->full_name, "Anna");
  EXPECT_FALSE(contact(kAnaHidden));
}

TEST_F(AppStateDomain, NamesTheAccountAndAnnouncesIt) {
  bench.link.options.presence = Presence::kAvailable;
  write({action::PushName{"Ponte"}});
  EXPECT_EQ(store::get_account(device()).value()->push_name, "Ponte");
  ASSERT_EQ(bench.all<event::PushNameChanged>().size(), 1u);
  EXPECT_EQ(bench.all<event::PushNameChanged>()[0].name, "Ponte");
  const wire::Node presence = bench.take_sent();
  EXPECT_EQ(presence.tag, "presence");
  EXPECT_EQ(presence.attribute("name"), "Ponte");
  write({action::PushName{"Ponte"}});
  EXPECT_EQ(bench.all<event::PushNameChanged>().size(), 1u);
  EXPECT_TRUE(bench.sent.empty());
}

TEST_F(AppStateDomain, ChangesChats) {
  write({action::Mute{kGroup, true, kAt}, action::Pin{kGroup, true}, action::Archive{kGroup, true, {}},
         action::MarkRead{kGroup, false, {}}});
  EXPECT_EQ(chat(kGroup).muted_until, unix_milliseconds(kAt));
  EXPECT_EQ(chat(kGroup).pinned_at, kAt);
  EXPECT_TRUE(chat(kGroup).archived);
  EXPECT_TRUE(chat(kGroup).marked_unread);
  write({action::Mute{kGroup, true, std::nullopt}});
  EXPECT_EQ(chat(kGroup).muted_until, -1);
  write({action::Mute{kGroup, false, std::nullopt}, action::Pin{kGroup, false}, action::Archive{kGroup, false, {}},
         action::MarkRead{kGroup, true, {}}});
  EXPECT_EQ(chat(kGroup).muted_until, std::nullopt);
  EXPECT_EQ(chat(kGroup).pinned_at, std::nullopt);
  EXPECT_FALSE(chat(kGroup).archived);
  EXPECT_FALSE(chat(kGroup).marked_unread);
}

TEST_F(AppStateDomain, CountsNothingAsReadThatCameAfterIt) {
  keep({message(kGroup, "1", second(1))});
  const auto with_unread = [this](Wall last_read) {
    store::Transaction changing(bench.store, test::StepBench::kChats);
    EXPECT_TRUE(store::change_chat(changing, kGroup.to_string(), [](store::ChatRecord& record) {
                  record.unread_count = 3;
                }).ok());
    bench.store.commit(changing.take(), [](const Status&) {});
    write({action::MarkRead{kGroup, true, {last_read, std::nullopt, {}}}});
    return chat(kGroup).unread_count;
  };
  EXPECT_EQ(with_unread(second(0)), 3u);
  EXPECT_EQ(with_unread(second(1)), 0u);
}

TEST_F(AppStateDomain, TellsOfLabels) {
  write({action::Label{"1", "New", 3, std::nullopt, 0, false}, action::LabelChat{"1", kGroup, true}});
  EXPECT_EQ(store::get_label(chats(), "1").value(), (store::LabelRecord{"1", "New", 3, false}));
  EXPECT_EQ(store::get_label_chats(chats(), "1").value(), std::vector<std::string>{kGroup.to_string()});
  ASSERT_EQ(labels_told().size(), 2u);
  EXPECT_EQ(labels_told()[0].kind, LabelChange::Kind::kEdited);
  EXPECT_EQ(labels_told()[0].name, "New");
  EXPECT_EQ(labels_told()[1].kind, LabelChange::Kind::kAssigned);
  EXPECT_EQ(labels_told()[1].chat.jid, kGroup);
  EXPECT_EQ(labels_told()[1].name, "New");
  // What is no change is not told.
  write({action::Label{"1", "New", 3, std::nullopt, 0, false}, action::LabelChat{"1", kGroup, true}});
  EXPECT_EQ(labels_told().size(), 2u);
  write({action::LabelChat{"1", kGroup, false}, action::LabelChat{"1", kAna, true}});
  EXPECT_EQ(labels_told()[2].kind, LabelChange::Kind::kRemoved);
  // A deletion says no name.
  write({action::Label{"1", "", 0, std::nullopt, 0, true}});
  EXPECT_EQ(labels_told().back().kind, LabelChange::Kind::kDeleted);
  EXPECT_EQ(labels_told().back().name, "New");
  EXPECT_EQ(store::get_label(chats(), "1").value(), (store::LabelRecord{"1", "New", 3, true}));
  EXPECT_TRUE(store::get_label_chats(chats(), "1")->empty());
}

TEST_F(AppStateDomain, KeepsQuietOfLabelsThatWereThereBefore) {
  write({action::Label{"1", "New", 3, std::nullopt, 0, false}, action::LabelChat{"1", kGroup, true}},
        Changes::Source::kSnapshot, Collection::kRegular);
  EXPECT_TRUE(bench.told.empty());
  EXPECT_EQ(store::get_label_chats(chats(), "1")->size(), 1u);
}

TEST_F(AppStateDomain, StarsAndDeletesSingleMessages) {
  store::MessageRecord theirs = message(kGroup, "2", second(2));
  theirs.from_me = false;
  theirs.sender_pn = kAna.to_string();
  keep({message(kGroup, "1", second(1)), theirs});
  write({action::Star{{kGroup, "1", true, std::nullopt}, true}, action::Star{{kGroup, "2", false, kAna}, true},
         action::Star{{kGroup, "3", true, std::nullopt}, true}});
  EXPECT_TRUE(store::get_message(chats(), kGroup.to_string(), store::kMe, "1").value()->starred);
  EXPECT_TRUE(store::get_message(chats(), kGroup.to_string(), kAna.to_string(), "2").value()->starred);
  write({action::DeleteForMe{{kGroup, "2", false, kAna}, false, std::nullopt},
         action::DeleteForMe{{kGroup, "1", false, kAna}, false, std::nullopt}});
  EXPECT_EQ(count(kGroup), 1u);
}

TEST_F(AppStateDomain, ClearsAChatUpToTheLastMessageThatTheOtherDeviceHad) {
  std::vector<store::MessageRecord> many;
  for (int i = 0; i < 300; ++i) many.push_back(message(kGroup, std::to_string(i), second(i) + Milliseconds(500)));
  many[0].starred = true;
  keep(many);
  keep({message(kAna, "1", second(1))});
  write({action::ClearChat{kGroup, false, false, {second(280), std::nullopt, {}}}});
  EXPECT_TRUE(bench.link.app_state->erasing);
  EXPECT_EQ(bench.link.app_state->next_deadline(), Mono());
  EXPECT_EQ(erase_all(), 3);
  // 19 came later, one has a star.
  EXPECT_EQ(count(kGroup), 20u);
  EXPECT_EQ(chat(kGroup).messages, 20u);
  EXPECT_EQ(count(kAna), 1u);
  write({action::ClearChat{kGroup, true, false, {second(280), std::nullopt, {}}}});
  erase_all();
  EXPECT_EQ(count(kGroup), 19u);
}

TEST_F(AppStateDomain, DeletesAChatUnlessAMessageHasBroughtItBack) {
  keep({message(kGroup, "1", second(1)), message(kAna, "1", second(1)), message(kAna, "2", second(9))});
  write({action::Pin{kGroup, true}, action::Pin{kAna, true}});
  write({action::DeleteChat{kGroup, true, {second(1), std::nullopt, {}}},
         action::DeleteChat{kAna, true, {second(1), std::nullopt, {}}}});
  EXPECT_EQ(erase_all(), 2);
  EXPECT_EQ(store::get_chat(chats(), kGroup.to_string()).value(), std::nullopt);
  EXPECT_EQ(chat(kAna).pinned_at, kAt);
  EXPECT_EQ(count(kAna), 1u);
  EXPECT_EQ(store::next_chat_erasure(device()).value(), std::nullopt);
}

TEST_F(AppStateDomain, KeepsTheSaltOfTokens) {
  write({action::NctSalt{Bytes{1, 2, 3}}});
  EXPECT_EQ(store::get_nct_salt(device()).value(), (Bytes{1, 2, 3}));
}

TEST_F(AppStateDomain, HasNoRecordsForAddressesThatAreNone) {
  const wire::Jid odd{"a/b", "s.whatsapp.net"};
  write({action::Contact{odd, "Odd", "", "", {}, {}}, action::ContactRemoved{odd}, action::Mute{odd, true, {}},
         action::LabelChat{"1", odd, true}, action::Star{{odd, "1", true, {}}, true},
         action::Star{{kGroup, "1", false, odd}, true}, action::Star{{kGroup, "a\nb", true, {}}, true},
         action::DeleteChat{odd, true, {}}, action::PnOfLid{odd, odd}, action::LabelMessage{"1", odd, "1", true},
         action::UnarchiveChats{true}});
  EXPECT_TRUE(bench.store.scan(test::StepBench::kChats, "")->empty());
  EXPECT_TRUE(bench.store.scan(test::StepBench::kOwner, "")->empty());
}

}  // namespace
}  // namespace ponte::protocol::appstate
