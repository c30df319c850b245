// What the account's devices agree on, between a linked session and its phone, over the simulator's server.
#include <gtest/gtest.h>

#include "app_state.pb.h"
#include "base/hex.h"
#include "sim/phone_line.h"
#include "store/chat_records.h"
#include "store/keys.h"

namespace ponte::test {
namespace {

using Json = PhoneLine::Json;
using Stage = protocol::event::AppStateSync::Stage;

class AppStateOfPhone : public ::testing::Test {
 protected:
  void SetUp() override {
    line_.log_in();
    line_.admin("phone", {{"number", PhoneLine::kPeer}, {"pushName", "Ana"}});
  }
  void TearDown() override { EXPECT_EQ(line_.violations(), ""); }

  std::string hex(const proto::SyncActionValue& value) { return to_hex(as_bytes(value.SerializeAsString())); }
  void write(const std::string& collection, const Json& index, const proto::SyncActionValue& value) {
    line_.admin("app-state",
                {{"number", PhoneLine::kNumber}, {"collection", collection}, {"index", index}, {"value", hex(value)}});
    line_.run_for(Seconds(2));
  }
  void share_keys() {
    line_.admin("app-state-key-share", {{"number", PhoneLine::kNumber}});
    line_.run_for(Seconds(2));
  }
  void name_peer(const std::string& name) {
    proto::SyncActionValue value;
    value.mutable_contact_action()->set_full_name(name);
    write("critical_unblock_low", {"contact", PhoneLine::kPeer + "@s.whatsapp.net"}, value);
  }
  std::string name_of_peer() {
    const store::RecordSource chats(line_.store_, kChats);
    for (const auto& jid : {line_.lid(PhoneLine::kPeer), line_.pn(PhoneLine::kPeer)}) {
      const auto contact = *store::get_contact(chats, jid.to_string());
      if (contact && !contact->full_name.empty()) return contact->full_name;
    }
    return "";
  }
  std::size_t count(Stage stage) const {
    std::size_t out = 0;
    for (const auto& event : line_.all<protocol::event::AppStateSync>()) out += event.stage == stage ? 1 : 0;
    return out;
  }

  static inline const store::Owner kChats = store::keys::chats_owner(SessionLine::kOwner);
  PhoneLine line_;
};

TEST_F(AppStateOfPhone, NamesComeWithTheKeysAndThenAsTheyChange) {
  name_peer("Ana Souza");
  EXPECT_EQ(name_of_peer(), "") << "nothing can be read without a key";
  share_keys();
  EXPECT_EQ(name_of_peer(), "Ana Souza");
  name_peer("Ana Lima");
  EXPECT_EQ(name_of_peer(), "Ana Lima");
  EXPECT_EQ(count(Stage::kFailed), 0U);
}

TEST_F(AppStateOfPhone, ChatsAreMutedPinnedAndArchivedAndLabelsAreTold) {
  share_keys();
  const std::string jid = line_.lid(PhoneLine::kPeer).to_string();
  proto::SyncActionValue mute;
  mute.mutable_mute_action()->set_muted(true);
  write("regular_high", {"mute", jid}, mute);
  proto::SyncActionValue pin;
  pin.mutable_pin_action()->set_pinned(true);
  write("regular_low", {"pin_v1", jid}, pin);
  proto::SyncActionValue archive;
  archive.mutable_archive_chat_action()->set_archived(true);
  write("regular_low", {"archive", jid}, archive);
  const auto chat = store::get_chat({line_.store_, kChats}, jid)->value();
  EXPECT_EQ(chat.muted_until, -1);
  EXPECT_TRUE(chat.pinned_at.has_value());
  EXPECT_TRUE(chat.archived);

  // What a snapshot has is told nobody: the collection has a version from now on.
  proto::SyncActionValue first;
  first.mutable_label_edit_action()->set_name("First");
  write("regular", {"label_edit", "1"}, first);
  EXPECT_TRUE(line_.told<protocol::event::LabelUpdated>().empty());
  proto::SyncActionValue label;
  label.mutable_label_edit_action()->set_name("Customers");
  label.mutable_label_edit_action()->set_color(3);
  write("regular", {"label_edit", "7"}, label);
  proto::SyncActionValue labeled;
  labeled.mutable_label_association_action()->set_labeled(true);
  write("regular", {"label_jid", "7", jid}, labeled);
  const auto told = line_.told<protocol::event::LabelUpdated>();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].change.name, "Customers");
  EXPECT_EQ(told[1].change.chat.jid.to_string(), jid);
}

TEST_F(AppStateOfPhone, SnapshotsAndLargePatchesAreFetchedFromTheMediaHost) {
  line_.admin("app-state-options", {{"number", PhoneLine::kNumber}, {"external", true}, {"snapshots", true}});
  name_peer("Ana Souza");
  share_keys();
  EXPECT_EQ(name_of_peer(), "Ana Souza");
  const std::size_t fetched = line_.fetched_.size();
  EXPECT_GT(fetched, 0U);
  name_peer("Ana Lima");
  EXPECT_EQ(name_of_peer(), "Ana Lima");
  EXPECT_GT(line_.fetched_.size(), fetched);
}

TEST_F(AppStateOfPhone, AMacThatDoesNotFitLeadsToABeginningAnewAndHarmsNothingElse) {
  for (const char* defect : {"patch-mac", "snapshot-mac", "state-mac", "value-mac", "gap", "no-protobuf"}) {
    PhoneLine line(5);
    line.log_in();
    line.admin("app-state-key-share", {{"number", PhoneLine::kNumber}});
    const auto name_peer = [&](const std::string& name) {
      proto::SyncActionValue value;
      value.mutable_contact_action()->set_full_name(name);
      line.admin("app-state", {{"number", PhoneLine::kNumber},
                               {"collection", "critical_unblock_low"},
                               {"index", {"contact", PhoneLine::kPeer + "@s.whatsapp.net"}},
                               {"value", hex(value)}});
      line.run_for(std::chrono::minutes(5));
    };
    // From the second version on there are patches.
    if (std::string(defect) != "snapshot-mac") name_peer("Anna");
    line.admin("app-state-options", {{"number", PhoneLine::kNumber}, {"defect", defect}});
    // A patch that is left out is noticed by the next.
    if (std::string(defect) == "gap")
      line.admin("app-state-options", {{"number", PhoneLine::kNumber}, {"patchesAtOnce", 2}});
    name_peer("Ana");
    if (std::string(defect) == "gap") name_peer("Ana");
    std::size_t anew = 0;
    for (const auto& event : line.all<protocol::event::AppStateSync>()) {
      anew += event.stage == Stage::kBegunAnew || event.stage == Stage::kFailed || event.skipped > 0 ? 1 : 0;
    }
    EXPECT_GT(anew, 0U) << defect;
    line.admin("send", {{"from", PhoneLine::kPeer}, {"to", PhoneLine::kNumber}, {"text", "still here"}});
    EXPECT_EQ(line.texts(), std::vector<std::string>{"still here"}) << defect;
    line.admin("app-state-options", {{"number", PhoneLine::kNumber}, {"defect", "none"}});
    line.run_for(std::chrono::hours(25));
    // A record that alone does not open is left out for good.
    if (std::string(defect) == "value-mac") name_peer("Ana");
    const auto kept = store::get_contact({line.store_, kChats}, line.lid(PhoneLine::kPeer).to_string());
    const auto by_number = store::get_contact({line.store_, kChats}, line.pn(PhoneLine::kPeer).to_string());
    EXPECT_TRUE((*kept && (*kept)->full_name == "Ana") || (*by_number && (*by_number)->full_name == "Ana")) << defect;
  }
}

}  // namespace
}  // namespace ponte::test
