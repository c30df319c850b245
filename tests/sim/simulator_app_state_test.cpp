// App state as the simulator's server keeps it and its phones write it.
#include "base/hex.h"
#include "crypto/cbc.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "protocol/appstate/collection.h"
#include "simulator_messages.h"

namespace ponte::test::by_hand {
namespace {

namespace appstate = protocol::appstate;
using appstate::Collection;

/// The state of one collection on the companion's side.
struct Replica final : appstate::MacSource {
  Result<std::optional<appstate::Mac>> find(const appstate::Mac& index) const override {
    const auto found = macs.find(index);
    return found == macs.end() ? std::nullopt : std::optional(found->second);
  }
  void take(const appstate::Applied& applied) {
    state = applied.state;
    for (const auto& [index, value] : applied.macs) {
      if (value) macs[index] = *value;
      if (!value) macs.erase(index);
    }
    for (const auto& mutation : applied.mutations) seen.push_back(mutation.data.index());
  }
  appstate::CollectionState state;
  std::map<appstate::Mac, appstate::Mac> macs;
  std::vector<std::string> seen;
};

struct SimulatorAppState : SimulatorMessages {
  void SetUp() override {
    SimulatorMessages::SetUp();
    admin("app-state-key-share", {{"number", kOwnNumber}});
    learn_keys();
  }
  void learn_keys() {
    const auto opened = device.read("peer_msg");
    ASSERT_TRUE(opened.has_value());
    for (const auto& key : opened->message.protocol_message().app_state_sync_key_share().keys()) {
      ring.add(as_bytes(key.key_id().key_id()), as_bytes(key.key_data().key_data()));
      latest_key = to_bytes(key.key_id().key_id());
    }
  }
  std::string value(const std::string& name) {
    proto::SyncActionValue out;
    out.mutable_push_name_setting()->set_name(name);
    return to_hex(as_bytes(out.SerializeAsString()));
  }
  void write(const std::string& collection, const json& index, const std::string& name = "x") {
    admin("app-state", {{"number", kOwnNumber}, {"collection", collection}, {"index", index}, {"value", value(name)}});
  }
  Node ask(Collection collection, std::uint64_t version, std::optional<Bytes> patch = std::nullopt) {
    Node asked("collection");
    asked.with("name", appstate::collection_name(collection)).with("version", std::to_string(version));
    asked.with("return_snapshot", version == 0 && !patch ? "true" : "false");
    if (patch) asked.child(Node("patch").bytes(*patch));
    const auto answer = device.client->ask("w:sync:app:state", "set", Node("sync").child(std::move(asked)));
    return answer->find("sync")->children().at(0);
  }
  Bytes opened(const proto::ExternalBlobReference& reference) {
    unsigned status = 0;
    const auto* blob = server.world().blobs.request(reference.direct_path(), status);
    if (blob == nullptr || status != 200) return {};
    EXPECT_EQ(to_text(crypto::sha256(blob->bytes)), reference.file_enc_sha256());
    ByteArray<112> keys;
    crypto::hkdf_sha256(as_bytes(reference.media_key()), {}, as_bytes("WhatsApp App State Keys"), keys);
    const ByteView view(keys);
    return *crypto::aes256_cbc_decrypt(Secret<32>(to_array<32>(view.subspan(16, 32))), to_array<16>(view.first(16)),
                                       ByteView(blob->bytes).first(blob->bytes.size() - 10));
  }
  template <typename Message>
  static Message parsed(const Node& node) {
    Message out;
    EXPECT_TRUE(out.ParseFromArray(node.leaf()->data(), static_cast<int>(node.leaf()->size())));
    return out;
  }
  /// Applies what an answer brings; the first error.
  Status apply(Collection collection, const Node& answer, Replica& replica) {
    if (const Node* node = answer.find("snapshot")) {
      proto::SyncdSnapshot snapshot;
      const Bytes bytes = opened(parsed<proto::ExternalBlobReference>(*node));
      if (!snapshot.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return Error{Errc::kMalformed, Cause::kProtobufMalformed, "no snapshot"};
      }
      PONTE_ASSIGN(const auto applied, appstate::apply_snapshot(collection, snapshot, ring));
      replica.take(applied);
    }
    if (const Node* patches = answer.find("patches")) {
      for (const Node& one : patches->children()) {
        auto patch = parsed<proto::SyncdPatch>(one);
        if (patch.has_external_mutations()) {
          const Bytes bytes = opened(patch.external_mutations());
          proto::SyncdMutations mutations;
          mutations.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
          *patch.mutable_mutations() = mutations.mutations();
          patch.clear_external_mutations();
        }
        PONTE_ASSIGN(const auto applied, appstate::apply_patch(collection, replica.state, replica, patch, ring));
        replica.take(applied);
      }
    }
    return Status::Ok();
  }
  Bytes own_patch(Collection collection, const Replica& replica, const std::string& index, const std::string& name) {
    appstate::Mutation mutation;
    mutation.data.set_index(index);
    mutation.data.mutable_value()->mutable_push_name_setting()->set_name(name);
    mutation.data.set_padding("");
    mutation.data.set_version(1);
    const auto built = appstate::build_patch(collection, replica.state, replica, {mutation}, latest_key, ring, random);
    EXPECT_TRUE(built.ok());
    return to_bytes(built->patch.SerializeAsString());
  }

  appstate::KeyRing ring;
  Bytes latest_key;
};

TEST_F(SimulatorAppState, APhoneWritesAndItsCompanionFetches) {
  write("critical_block", {"setting_pushName"}, "Alice");
  const auto notification = device.take("notification");
  ASSERT_TRUE(notification.has_value());
  EXPECT_EQ(notification->attribute("type"), "server_sync");
  EXPECT_EQ(notification->find("collection")->attribute("name"), "critical_block");
  EXPECT_EQ(notification->find("collection")->attribute("version"), "1");
  Replica replica;
  const Node answer = ask(Collection::kCriticalBlock, 0);
  ASSERT_NE(answer.find("snapshot"), nullptr);
  ASSERT_TRUE(apply(Collection::kCriticalBlock, answer, replica).ok());
  EXPECT_EQ(replica.seen, std::vector<std::string>{R"(["setting_pushName"])"});
  EXPECT_EQ(replica.state.version, 1u);
  write("critical_block", {"setting_pushName"}, "Bob");
  write("critical_block", {"setting_locale"}, "pt");
  ASSERT_TRUE(apply(Collection::kCriticalBlock, ask(Collection::kCriticalBlock, 1), replica).ok());
  EXPECT_EQ(replica.state.version, 3u);
  const Node nothing_new = ask(Collection::kCriticalBlock, 3);
  EXPECT_TRUE(nothing_new.children().empty());
  EXPECT_EQ(nothing_new.attribute("version"), "3");
  EXPECT_EQ(violations(), "");
}

TEST_F(SimulatorAppState, GivesPatchesPieceByPieceAndAsFiles) {
  admin("app-state-options", {{"number", kOwnNumber}, {"snapshots", false}, {"patchesAtOnce", 2}, {"external", true}});
  for (int i = 0; i < 5; ++i) write("regular_low", {"pin_v1", std::to_string(i)});
  Replica replica;
  int questions = 0;
  for (bool more = true; more; ++questions) {
    const Node answer = ask(Collection::kRegularLow, replica.state.version);
    ASSERT_TRUE(apply(Collection::kRegularLow, answer, replica).ok());
    more = answer.attribute("has_more_patches") == "true";
  }
  EXPECT_EQ(questions, 3);
  EXPECT_EQ(replica.state.version, 5u);
}

TEST_F(SimulatorAppState, TakesThePatchOfACompanionAndTellsTheOthers) {
  admin("companion", {{"number", kOwnNumber}});
  write("regular_high", {"mute", "a"});
  Replica replica;
  ASSERT_TRUE(apply(Collection::kRegularHigh, ask(Collection::kRegularHigh, 0), replica).ok());
  while (device.take("notification")) {
  }
  const Bytes patch = own_patch(Collection::kRegularHigh, replica, R"(["mute","b"])", "mine");
  const Node answer = ask(Collection::kRegularHigh, 1, patch);
  EXPECT_FALSE(answer.attribute("type"));
  EXPECT_EQ(answer.attribute("version"), "2");
  EXPECT_FALSE(device.take("notification").has_value()) << "who has written it knows";
  const json records = admin("app-state-records", {{"number", kOwnNumber}});
  EXPECT_EQ(records["regular_high"]["version"], 2);
  EXPECT_EQ(records["regular_high"]["records"].size(), 2u);
  EXPECT_EQ(records["regular_high"]["records"][1]["index"], (json{"mute", "b"}));
  ASSERT_TRUE(apply(Collection::kRegularHigh, ask(Collection::kRegularHigh, 1), replica).ok());
  EXPECT_EQ(violations(), "");
}

TEST_F(SimulatorAppState, RefusesAPatchUponAnOldVersionAndSaysWhatIsMissing) {
  write("regular", {"label_edit", "1"});
  Replica replica;
  ASSERT_TRUE(apply(Collection::kRegular, ask(Collection::kRegular, 0), replica).ok());
  write("regular", {"label_edit", "2"});
  const Node conflict = ask(Collection::kRegular, 1, own_patch(Collection::kRegular, replica, R"(["x"])", "late"));
  EXPECT_EQ(conflict.attribute("type"), "error");
  EXPECT_EQ(conflict.find("error")->attribute("code"), "409");
  ASSERT_TRUE(apply(Collection::kRegular, conflict, replica).ok());
  EXPECT_EQ(replica.state.version, 2u);
  admin("app-state-options", {{"number", kOwnNumber}, {"conflicts", 1}});
  const Bytes patch = own_patch(Collection::kRegular, replica, R"(["x"])", "mine");
  EXPECT_EQ(ask(Collection::kRegular, 2, patch).attribute("type"), "error") << "as told";
  EXPECT_EQ(ask(Collection::kRegular, 2, patch).attribute("version"), "3");
}

TEST_F(SimulatorAppState, NotesAPatchWhoseHashIsWrong) {
  Replica replica;
  Bytes patch = own_patch(Collection::kRegular, replica, R"(["x"])", "mine");
  proto::SyncdPatch damaged;
  damaged.ParseFromArray(patch.data(), static_cast<int>(patch.size()));
  damaged.mutable_snapshot_mac()->back() ^= 1;
  const Node answer = ask(Collection::kRegular, 0, to_bytes(damaged.SerializeAsString()));
  EXPECT_EQ(answer.find("error")->attribute("code"), "400");
  EXPECT_NE(violations().find("app state"), std::string::npos);
}

TEST_F(SimulatorAppState, GoesWrongAsTold) {
  for (int i = 0; i < 3; ++i) write("regular_low", {"pin_v1", std::to_string(i)});
  const auto fetch = [&](const std::string& defect, bool snapshots) {
    admin("app-state-options", {{"number", kOwnNumber}, {"snapshots", snapshots}, {"defect", defect}});
    Replica replica;
    return apply(Collection::kRegularLow, ask(Collection::kRegularLow, 0), replica).ok();
  };
  EXPECT_TRUE(fetch("none", true));
  EXPECT_TRUE(fetch("none", false));
  EXPECT_FALSE(fetch("snapshot-mac", true));
  EXPECT_TRUE(fetch("snapshot-mac", false)) << "patches are well then";
  for (const char* defect : {"patch-mac", "state-mac", "gap"}) EXPECT_FALSE(fetch(defect, false)) << defect;
  EXPECT_FALSE(fetch("snapshot-missing", true));
  admin("app-state-options", {{"number", kOwnNumber}, {"snapshots", true}, {"defect", "value-mac"}});
  Replica replica;
  ASSERT_TRUE(apply(Collection::kRegularLow, ask(Collection::kRegularLow, 0), replica).ok());
  EXPECT_EQ(replica.seen.size(), 2u) << "one record cannot be read, the hash is right";
  EXPECT_EQ(call("app-state-options", {{"number", kOwnNumber}, {"defect", "odd"}}).first, 400);
}

TEST_F(SimulatorAppState, AKeyThatWasNotSharedIsAskedFor) {
  admin("app-state-key", {{"number", kOwnNumber}});
  write("regular", {"label_edit", "1"});
  Replica replica;
  EXPECT_FALSE(apply(Collection::kRegular, ask(Collection::kRegular, 0), replica).ok());
  proto::Message message;
  message.mutable_protocol_message()->set_type(proto::ProtocolMessage::APP_STATE_SYNC_KEY_REQUEST);
  device.begin({lid(kOwnNumber)});
  device.post(Node("message")
                  .with("id", "3EB0AA")
                  .with("to", lid(kOwnNumber))
                  .with("type", "text")
                  .with("category", "peer")
                  .child(device.enc(lid(kOwnNumber), message))
                  .child(Node("device-identity").bytes(Bytes{1})));
  learn_keys();
  EXPECT_TRUE(apply(Collection::kRegular, ask(Collection::kRegular, 0), replica).ok());
}

TEST_F(SimulatorAppState, AnAccountThatHasNoneKeepsTheClientsVersions) {
  HandMadeDevice other(server, clock, random);
  other.link(kPeer);
  Node sync("sync");
  sync.child(Node("collection").with("name", "regular").with("version", "7").with("return_snapshot", "false"));
  const auto answer = other.client->ask("w:sync:app:state", "set", std::move(sync));
  EXPECT_EQ(answer->find("sync")->find("collection")->attribute("version"), "7");
}

}  // namespace
}  // namespace ponte::test::by_hand
