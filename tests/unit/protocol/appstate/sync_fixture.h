// The flow of app state against a server and a phone that the test plays by hand.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocol/appstate/ledger.h"
#include "protocol/appstate/sync.h"
#include "protocol/appstate/sync_state.h"
#include "support/app_state_writer.h"
#include "support/step_bench.h"

namespace ponte::protocol::appstate {

using Stage = event::AppStateSync::Stage;

inline const Bytes kKeyId = {0, 0, 0, 0, 1, 2};
inline const Bytes kKeyData(32, 0x21);
inline const Bytes kOtherKeyId = {0, 0, 0, 0, 1, 3};
inline const Bytes kOtherKeyData(32, 0x22);

inline proto::AppStateSyncKeyShare key_share(const Bytes& id, const Bytes& data, std::int64_t timestamp = 1) {
  proto::AppStateSyncKeyShare share;
  proto::AppStateSyncKey& key = *share.add_keys();
  key.mutable_key_id()->set_key_id(to_text(id));
  key.mutable_key_data()->set_key_data(to_text(data));
  key.mutable_key_data()->set_timestamp(timestamp);
  return share;
}

inline Mutation pinned(const std::string& chat, bool on = true) {
  return write_action({action::Pin{wire::Jid{chat, "g.us"}, on}, Wall(Milliseconds(5))}).mutation;
}

struct SyncFixture : testing::Test {
  struct Fetch {
    proto::ExternalBlobReference reference;
    SyncHooks::BlobHandler handler;
  };
  using Requested = std::map<std::string, std::string>;  ///< name -> version, "" where a snapshot is asked for

  SyncFixture() {
    bench.link.app_state = std::make_unique<SyncState>();
    SyncHooks& hooks = bench.link.app_state->hooks;
    hooks.fetch_blob = [this](Step&, const proto::ExternalBlobReference& reference, SyncHooks::BlobHandler handler) {
      fetches.push_back({reference, std::move(handler)});
      return Status::Ok();
    };
    hooks.request_keys = [this](Step&, const std::vector<Bytes>& ids) {
      asked_for.push_back(ids);
      return Status::Ok();
    };
    hooks.request_recovery = [this](Step&, Collection collection) {
      recoveries.push_back(std::string(collection_name(collection)));
      return Status::Ok();
    };
    hooks.apply = [this](Step&, const Changes& changes) {
      applied.push_back(changes);
      return Status::Ok();
    };
  }

  // ---- what happens to the device ----

  void go_online() { ok(bench.run(on_online)); }
  void share(const proto::AppStateSyncKeyShare& keys) {
    ok(bench.run([&](Step& step) { return on_key_share(step, keys); }));
  }
  void notify(const std::string& name, const std::string& version) {
    const auto notification = wire::Node("notification")
                                  .with("type", "server_sync")
                                  .child(wire::Node("collection").with("name", name).with("version", version));
    ok(bench.run([&](Step& step) { return on_server_sync(step, notification); }));
  }
  void wait(Milliseconds duration) {
    ok(bench.advance(duration));
    ok(bench.run(on_deadline));
  }
  void reconnect() {
    fetches.clear();
    bench.connect();
    go_online();
  }

  // ---- the server ----

  /// The fetch that was sent, kept for its answer; empty where none was.
  Requested requested() {
    request = bench.take_sent();
    Requested out;
    if (request.tag.empty()) return out;
    EXPECT_EQ(request.attribute("xmlns"), "w:sync:app:state");
    EXPECT_EQ(request.attribute("type"), "set");
    for (const wire::Node& one : request.find("sync")->children()) {
      const std::string version = one.attribute("version").value_or("");
      EXPECT_EQ(one.attribute("return_snapshot"), version.empty() ? "true" : "false");
      out[one.attribute("name").value_or("")] = version;
    }
    return out;
  }
  static wire::Node collection(const std::string& name, const std::vector<proto::SyncdPatch>& patches = {}) {
    wire::Node list("patches");
    for (const proto::SyncdPatch& patch : patches) {
      list.child(wire::Node("patch").bytes(as_bytes(patch.SerializeAsString())));
    }
    return wire::Node("collection").with("name", name).child(std::move(list));
  }
  static wire::Node with_snapshot(wire::Node node) {
    proto::ExternalBlobReference reference;
    reference.set_direct_path("/snapshot of " + *node.attribute("name"));
    node.child(wire::Node("snapshot").bytes(as_bytes(reference.SerializeAsString())));
    return node;
  }
  static wire::Node with_error(const std::string& name, const std::string& code) {
    return wire::Node("collection")
        .with("name", name)
        .with("type", "error")
        .child(wire::Node("error").with("code", code));
  }
  /// Answers the request with these collections, and with nothing new for the others that it named.
  void answer(const std::vector<wire::Node>& collections) {
    wire::Node sync("sync");
    for (const wire::Node& one : request.find("sync")->children()) {
      const auto name = one.attribute("name");
      const auto given = std::find_if(collections.begin(), collections.end(),
                                      [&name](const wire::Node& node) { return node.attribute("name") == name; });
      sync.child(given != collections.end() ? *given : collection(*name));
    }
    ok(bench.answer(request, std::move(sync)));
  }
  void deliver(Result<Bytes> file) {
    ASSERT_FALSE(fetches.empty());
    Fetch fetch = std::move(fetches.front());
    fetches.erase(fetches.begin());
    ok(bench.run([&](Step& step) { return fetch.handler(step, std::move(file)); }));
  }
  void deliver(const google::protobuf::MessageLite& message) { deliver(to_bytes(message.SerializeAsString())); }

  /// Keys are there, and every collection was fetched once: `regular_low` as its writer has it, the others empty.
  void settle() {
    go_online();
    share(key_share(kKeyId, kKeyData));
    ASSERT_EQ(requested().size(), 5u);
    answer({with_snapshot(collection("regular_low"))});
    deliver(low.snapshot());
    ASSERT_EQ(requested(), Requested());
    bench.events.clear();
    applied.clear();
  }

  // ---- what came of it ----

  store::AppStateCollection record(const std::string& name) const {
    return store::get_app_state({bench.store, test::StepBench::kOwner}, name).value().value();
  }
  std::vector<std::string> stages() const {
    static const std::map<Stage, std::string> kNames = {{Stage::kUpdated, "updated"},
                                                        {Stage::kBlocked, "blocked"},
                                                        {Stage::kBegunAnew, "begun anew"},
                                                        {Stage::kFailed, "failed"}};
    std::vector<std::string> out;
    for (const auto& told : bench.all<event::AppStateSync>())
      out.push_back(told.collection + " " + kNames.at(told.stage));
    return out;
  }
  /// "chat on|off" of each pin that was handed on.
  std::vector<std::string> pins() const {
    std::vector<std::string> out;
    for (const Changes& changes : applied) {
      for (std::size_t at = changes.first; at < changes.actions.size(); ++at) {
        const auto& pin = std::get<action::Pin>(changes.actions[at].action);
        out.push_back(pin.chat.user + (pin.pinned ? " on" : " off"));
      }
    }
    return out;
  }
  static void ok(const Status& status) { EXPECT_TRUE(status.ok()) << status.error().message; }

  test::StepBench bench;
  test::AppStateWriter low{Collection::kRegularLow, kKeyId, kKeyData};
  std::vector<Fetch> fetches;
  std::vector<std::vector<Bytes>> asked_for;
  std::vector<std::string> recoveries;
  std::vector<Changes> applied;
  wire::Node request;
};

}  // namespace ponte::protocol::appstate
