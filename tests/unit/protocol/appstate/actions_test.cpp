#include "protocol/appstate/actions.h"

#include <gtest/gtest.h>

#include "protocol/appstate/index.h"

namespace ponte::protocol::appstate {
namespace {

const wire::Jid kAna{"4915112345678", "s.whatsapp.net"};
const wire::Jid kAnaHidden{"98765432101", "lid"};
const wire::Jid kGroup{"120363000000000001", "g.us"};
constexpr Wall kAt{Milliseconds(1'748'736'000'123)};
constexpr Wall kMinute{Milliseconds(1'748'735'940'000)};

Mutation record(std::string index, const proto::SyncActionValue& value = {}, Operation operation = Operation::kSet) {
  Mutation out;
  out.operation = operation;
  out.data.set_index(std::move(index));
  *out.data.mutable_value() = value;
  return out;
}

/// What was read, where it is an action of that kind.
template <typename T>
T read_as(const Mutation& mutation) {
  const auto read = read_action(mutation);
  EXPECT_TRUE(read.ok() && *read && std::holds_alternative<T>((*read)->action)) << mutation.data.index();
  return std::get<T>((*read)->action);
}

bool refused(const Mutation& mutation) {
  const auto read = read_action(mutation);
  return !read.ok() && read.error().cause == Cause::kProtobufMalformed;
}

Range some_range() {
  return {kMinute, Wall(Seconds(5)), {{{kGroup, "3EB0", false, kAna}, kMinute}, {{kGroup, "3EB1", true, {}}, {}}}};
}

std::vector<Action> one_of_each() {
  return {
      action::Contact{kAna, "Ana Maria", "Ana", "ana", std::nullopt, kAnaHidden},
      action::Contact{kAnaHidden, "Ana Maria", "Ana", "ana", std::nullopt, std::nullopt},
      action::ContactRemoved{kAna},
      action::ContactRemoved{kAnaHidden},
      action::PushName{"Ponte"},
      action::Mute{kGroup, true, kAt},
      action::Mute{kGroup, true, std::nullopt},
      action::Mute{kGroup, false, std::nullopt},
      action::Pin{kAna, true},
      action::Archive{kGroup, true, some_range()},
      action::MarkRead{kGroup, false, some_range()},
      action::Label{"3", "New customer", 2, 1, 4, false},
      action::Label{"4", "", 0, std::nullopt, 0, true},
      action::LabelChat{"3", kAna, true},
      action::LabelMessage{"3", kAna, "3EB0", true},
      action::Star{{kGroup, "3EB0", false, kAna}, true},
      action::Star{{kAna, "3EB0", true, std::nullopt}, false},
      action::DeleteForMe{{kAna, "3EB0", true, std::nullopt}, true, kMinute},
      action::ClearChat{kAna, true, false, some_range()},
      action::DeleteChat{kAna, true, some_range()},
      action::UnarchiveChats{true},
      action::NctSalt{Bytes{1, 2, 3}},
      action::PnOfLid{kAnaHidden, kAna},
  };
}

TEST(AppStateActions, ComeBackFromTheirRecords) {
  for (const Action& action : one_of_each()) {
    const WrittenAction written = write_action({action, kAt});
    const auto read = read_action(written.mutation);
    ASSERT_TRUE(read.ok() && *read) << written.mutation.data.index();
    EXPECT_EQ((*read)->at, kAt);
    // What was read is written to the same bytes: nothing of it was lost.
    const WrittenAction again = write_action(**read);
    EXPECT_EQ(again.collection, written.collection);
    EXPECT_EQ(again.mutation.operation, written.mutation.operation);
    EXPECT_EQ(again.mutation.data.SerializeAsString(), written.mutation.data.SerializeAsString())
        << written.mutation.data.index();
  }
}

TEST(AppStateActions, AreWrittenAsTheTableSays) {
  const auto row = [](const Action& action) {
    const WrittenAction written = write_action({action, kAt});
    return std::string(collection_name(written.collection)) + " " + std::to_string(written.mutation.data.version()) +
           " " + written.mutation.data.index();
  };
  std::vector<std::string> rows;
  for (const Action& action : one_of_each()) rows.push_back(row(action));
  EXPECT_EQ(rows, (std::vector<std::string>{
                      R"(critical_unblock_low 2 ["contact","4915112345678@s.whatsapp.net"])",
                      R"(critical_unblock_low 1 ["lid_contact","98765432101@lid"])",
                      R"(critical_unblock_low 2 ["contact","4915112345678@s.whatsapp.net"])",
                      R"(critical_unblock_low 1 ["lid_contact","98765432101@lid"])",
                      R"(critical_block 1 ["setting_pushName"])",
                      R"(regular_high 2 ["mute","120363000000000001@g.us"])",
                      R"(regular_high 2 ["mute","120363000000000001@g.us"])",
                      R"(regular_high 2 ["mute","120363000000000001@g.us"])",
                      R"(regular_low 5 ["pin_v1","4915112345678@s.whatsapp.net"])",
                      R"(regular_low 3 ["archive","120363000000000001@g.us"])",
                      R"(regular_low 3 ["markChatAsRead","120363000000000001@g.us"])",
                      R"(regular 3 ["label_edit","3"])",
                      R"(regular 3 ["label_edit","4"])",
                      R"(regular 3 ["label_jid","3","4915112345678@s.whatsapp.net"])",
                      R"(regular 3 ["label_message","3","4915112345678@s.whatsapp.net","3EB0","0","0"])",
                      R"(regular_high 2 ["star","120363000000000001@g.us","3EB0","0","4915112345678@s.whatsapp.net"])",
                      R"(regular_high 2 ["star","4915112345678@s.whatsapp.net","3EB0","1","0"])",
                      R"(regular_high 3 ["deleteMessageForMe","4915112345678@s.whatsapp.net","3EB0","1","0"])",
                      R"(regular_high 6 ["clearChat","4915112345678@s.whatsapp.net","1","0"])",
                      R"(regular_high 6 ["deleteChat","4915112345678@s.whatsapp.net","1"])",
                      R"(regular_low 4 ["setting_unarchiveChats"])",
                      R"(regular_high 1 ["nct_salt_sync"])",
                      R"(regular 8 ["pnForLidChat","98765432101@lid"])",
                  }));
}

TEST(AppStateActions, ReadsAContactWithBothAddresses) {
  proto::SyncActionValue value;
  proto::ContactAction& contact = *value.mutable_contact_action();
  contact.set_full_name("Ana Maria");
  contact.set_lid_jid("98765432101@lid");
  contact.set_pn_jid("no jid");
  const auto read = read_as<action::Contact>(record(R"(["contact","4915112345678@c.us"])", value));
  EXPECT_EQ(read.jid, kAna);
  EXPECT_EQ(read.full_name, "Ana Maria");
  EXPECT_EQ(read.lid, kAnaHidden);
  EXPECT_EQ(read.pn, std::nullopt);
}

TEST(AppStateActions, ReadsTheEndOfAMute) {
  proto::SyncActionValue value;
  value.mutable_mute_action()->set_muted(true);
  const std::string index = R"(["mute","120363000000000001@g.us"])";
  for (const std::int64_t never : {std::int64_t{-1}, std::int64_t{0}, INT64_MAX, INT64_MIN}) {
    value.mutable_mute_action()->set_mute_end_timestamp(never);
    const auto read = read_as<action::Mute>(record(index, value));
    EXPECT_TRUE(read.muted);
    EXPECT_EQ(read.until, std::nullopt) << never;
  }
  value.mutable_mute_action()->set_mute_end_timestamp(unix_milliseconds(kAt));
  EXPECT_EQ(read_as<action::Mute>(record(index, value)).until, kAt);
  value.mutable_mute_action()->set_muted(false);
  EXPECT_EQ(read_as<action::Mute>(record(index, value)).until, std::nullopt);
}

TEST(AppStateActions, TakesARemovalForWhatItUndoes) {
  const auto removed = [](const std::string& index) { return record(index, {}, Operation::kRemove); };
  EXPECT_EQ(read_as<action::ContactRemoved>(removed(R"(["contact","4915112345678@s.whatsapp.net"])")).jid, kAna);
  EXPECT_EQ(read_as<action::ContactRemoved>(removed(R"(["lid_contact","98765432101@lid"])")).jid, kAnaHidden);
  EXPECT_FALSE(read_as<action::Mute>(removed(R"(["mute","1@g.us"])")).muted);
  EXPECT_FALSE(read_as<action::Pin>(removed(R"(["pin_v1","1@g.us"])")).pinned);
  EXPECT_FALSE(read_as<action::Archive>(removed(R"(["archive","1@g.us"])")).archived);
  EXPECT_TRUE(read_as<action::Label>(removed(R"(["label_edit","1"])")).deleted);
  EXPECT_FALSE(read_as<action::LabelChat>(removed(R"(["label_jid","1","1@g.us"])")).labeled);
  EXPECT_FALSE(read_as<action::LabelMessage>(removed(R"(["label_message","1","1@g.us","3EB0","0","0"])")).labeled);
  EXPECT_FALSE(read_as<action::Star>(removed(R"(["star","1@g.us","3EB0","1","0"])")).starred);
  for (const std::string index :
       {R"(["setting_pushName"])", R"(["markChatAsRead","1@g.us"])",
        R"(["deleteMessageForMe","1@g.us","3EB0","1","0"])", R"(["clearChat","1@g.us","1","0"])",
        R"(["deleteChat","1@g.us","1"])", R"(["setting_unarchiveChats"])", R"(["nct_salt_sync"])",
        R"(["pnForLidChat","1@lid"])"}) {
    const auto read = read_action(removed(index));
    ASSERT_TRUE(read.ok()) << index;
    EXPECT_FALSE(read->has_value()) << index;
  }
}

TEST(AppStateActions, HasNoUseForOthers) {
  for (const std::string index :
       {R"(["setting_locale"])", R"(["quick_reply","1"])", R"(["what comes next","a","b"])"}) {
    const auto read = read_action(record(index));
    ASSERT_TRUE(read.ok()) << index;
    EXPECT_FALSE(read->has_value()) << index;
  }
}

TEST(AppStateActions, RefusesWhatItsIndexDoesNotKeep) {
  // A value of another kind, or none.
  for (const Action& action : one_of_each()) {
    WrittenAction written = write_action({action, kAt});
    if (written.mutation.operation == Operation::kRemove) continue;
    written.mutation.data.clear_value();
    EXPECT_TRUE(refused(written.mutation)) << written.mutation.data.index();
  }
  // One part too few, one too many, one that is no JID.
  for (const Action& action : one_of_each()) {
    const WrittenAction written = write_action({action, kAt});
    const std::vector<std::string> parts = parse_index(written.mutation.data.index()).value();
    const auto with_index = [&written](const std::vector<std::string>& other) {
      Mutation out = written.mutation;
      out.data.set_index(write_index(other));
      return out;
    };
    std::vector<std::string> more = parts;
    more.push_back("0");
    if (parts[0] != "clearChat" && parts[0] != "deleteChat") {
      EXPECT_TRUE(refused(with_index(more))) << parts[0];
    }
    if (parts.size() > 1) {
      EXPECT_TRUE(refused(with_index({parts[0]}))) << parts[0];
    }
    for (std::size_t at = 1; at < parts.size(); ++at) {
      if (parts[at].find('@') == std::string::npos) continue;
      for (const char* no_jid : {"", "4915112345678", "@s.whatsapp.net", "a@"}) {
        std::vector<std::string> other = parts;
        other[at] = no_jid;
        EXPECT_TRUE(refused(with_index(other))) << parts[0] << " " << at << " " << no_jid;
      }
    }
  }
  proto::SyncActionValue star;
  star.mutable_star_action()->set_starred(true);
  EXPECT_TRUE(refused(record(R"(["star","1@g.us","3EB0","2","0"])", star)));
  EXPECT_TRUE(refused(record(R"(["star","1@g.us","","1","0"])", star)));
  EXPECT_TRUE(refused(record(R"(["label_edit",""])", star)));
}

}  // namespace
}  // namespace ponte::protocol::appstate
