#include "simulator/messaging_appstate.h"

#include <algorithm>
#include <array>

#include "base/writer.h"
#include "protocol/media/envelope.h"

namespace ponte::simulator {

using protocol::wire::Node;
namespace appstate = protocol::appstate;

namespace {

constexpr Wall kFirstKey{Seconds(1'700'000'000)};  // long before whatever is written with it

Node error_node(std::string_view name, unsigned code, std::string_view text) {
  Node out("collection");
  out.with("name", name).with("type", "error");
  return out.child(Node("error").with("code", std::to_string(code)).with("text", text));
}

std::string damaged(std::string bytes) {
  if (!bytes.empty()) bytes.back() = static_cast<char>(bytes.back() ^ 1);
  return bytes;
}

}  // namespace

std::optional<AppStateDefect> app_state_defect_from_name(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, AppStateDefect>, 8> kNames = {
      {{"none", AppStateDefect::kNone},
       {"snapshot-mac", AppStateDefect::kSnapshotMac},
       {"patch-mac", AppStateDefect::kPatchMac},
       {"state-mac", AppStateDefect::kStateMac},
       {"value-mac", AppStateDefect::kValueMac},
       {"gap", AppStateDefect::kGap},
       {"snapshot-missing", AppStateDefect::kSnapshotMissing},
       {"no-protobuf", AppStateDefect::kNoProtobuf}}};
  for (const auto& [known, defect] : kNames) {
    if (known == name) return defect;
  }
  return std::nullopt;
}

/// The MACs of a collection, as building and applying ask for them.
class AppState::Macs final : public appstate::MacSource {
 public:
  explicit Macs(const State& state) : state_(state) {}
  Result<std::optional<appstate::Mac>> find(const appstate::Mac& index_mac) const override {
    const auto found = state_.macs.find(index_mac);
    return found == state_.macs.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  const State& state_;
};

AppState::AppState(const Seed& seed, const Account& account)
    : number_(account.number), seed_(seed), raw_id_(account.raw_id), random_(seed, "app state " + account.number) {
  add_key(Sharing::kShared, Now{{}, kFirstKey});
}

void AppState::add_key(Sharing sharing, const Now& now) {
  Key key;
  const std::uint64_t number = keys_.size() + 1;
  key.id = to_bytes(ByteView(big_endian_array<6>(number)));
  key.data =
      to_bytes(ByteView(DerivedRandom(seed_, "app state key " + number_ + " " + std::to_string(number)).array<32>()));
  key.made = now.wall;
  key.sharing = sharing;
  ring_.add(key.id, key.data);
  keys_.push_back(std::move(key));
}

proto::AppStateSyncKeyShare AppState::share() const {
  proto::AppStateSyncKeyShare out;
  for (const Key& key : keys_) {
    if (key.sharing == Sharing::kWithheld) continue;
    auto& shared = *out.add_keys();
    shared.mutable_key_id()->set_key_id(to_text(key.id));
    auto& data = *shared.mutable_key_data();
    data.set_key_data(to_text(key.data));
    data.set_timestamp(unix_milliseconds(key.made));
    data.mutable_fingerprint()->set_raw_id(raw_id_);
    data.mutable_fingerprint()->set_current_index(0);
    data.mutable_fingerprint()->add_device_indexes(0);
  }
  return out;
}

void AppState::take(State& state, proto::SyncdPatch patch, const appstate::Applied& applied) {
  state.state = applied.state;
  for (const auto& [index, value] : applied.macs) {
    if (value) {
      state.macs[index] = *value;
    } else {
      state.macs.erase(index);
    }
  }
  for (const proto::SyncdMutation& mutation : patch.mutations()) {
    const std::string& index = mutation.record().index().blob();
    if (mutation.operation() == proto::SyncdMutation::REMOVE) {
      state.sealed.erase(index);
    } else {
      state.sealed[index] = mutation.record();
    }
  }
  for (const Mutation& mutation : applied.mutations) {
    if (mutation.operation == appstate::Operation::kRemove) {
      state.open.erase(mutation.data.index());
    } else {
      state.open[mutation.data.index()] = mutation.data;
    }
  }
  patch.mutable_version()->set_version(state.state.version);
  state.patches.push_back(std::move(patch));
}

Status AppState::write(Collection collection, const std::vector<Mutation>& mutations, const Now&) {
  State& state = collections_[collection];
  PONTE_ASSIGN(appstate::BuiltPatch built,
               appstate::build_patch(collection, state.state, Macs(state), mutations, keys_.back().id, ring_, random_));
  take(state, std::move(built.patch), built.applied);
  return Status::Ok();
}

Status AppState::take_client_patch(State& state, Collection collection, ByteView bytes) {
  proto::SyncdPatch patch;
  if (!patch.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error{Errc::kMalformed, Cause::kProtobufMalformed, "no SyncdPatch"};
  }
  if (patch.has_version()) return Error{Errc::kRejected, Cause::kStanzaUnexpected, "a patch that says its version"};
  PONTE_ASSIGN(const appstate::Applied applied,
               appstate::apply_patch(collection, state.state, Macs(state), patch, ring_));
  if (applied.skipped > 0) return Error{Errc::kRejected, Cause::kStanzaUnexpected, "a record that cannot be read"};
  take(state, std::move(patch), applied);
  return Status::Ok();
}

std::string AppState::put(Blobs& blobs, std::string_view name, const std::string& content, unsigned status) {
  const Secret<32> key(random_.array<32>());
  auto sealed = protocol::media::seal_file(as_bytes(content), key, protocol::media::MediaType::kAppState);
  proto::ExternalBlobReference out;
  out.set_media_key(to_text(key.view()));
  out.set_file_size_bytes(content.size());
  out.set_file_sha256(to_text(*sealed.digests.plain_sha256));
  out.set_file_enc_sha256(to_text(*sealed.digests.sealed_sha256));
  const std::string path = number_ + " " + std::string(name) + to_text(*sealed.digests.sealed_sha256);
  out.set_direct_path(blobs.put(path, {std::move(sealed.file), status, 0, 0}));
  return out.SerializeAsString();
}

Node AppState::snapshot_node(State& state, Collection collection, Blobs& blobs) {
  proto::SyncdSnapshot snapshot;
  snapshot.mutable_version()->set_version(state.state.version);
  for (const auto& [index, record] : state.sealed) *snapshot.add_records() = record;
  const Bytes& key = keys_.back().id;
  const auto mac = appstate::snapshot_mac(collection, state.state, *ring_.find(key));
  snapshot.set_mac(options.defect == AppStateDefect::kSnapshotMac ? damaged(to_text(mac)) : to_text(mac));
  snapshot.mutable_key_id()->set_id(to_text(key));
  if (options.defect == AppStateDefect::kValueMac && snapshot.records_size() > 0) {
    // The hash counts the last 32 bytes alone; what is before them is what was damaged.
    std::string& blob = *snapshot.mutable_records(0)->mutable_value()->mutable_blob();
    blob.front() = static_cast<char>(blob.front() ^ 1);
  }
  std::string content = snapshot.SerializeAsString();
  if (options.defect == AppStateDefect::kNoProtobuf) content.assign(40, '\xFF');
  const unsigned status = options.defect == AppStateDefect::kSnapshotMissing ? 404 : 200;
  const std::string reference = put(blobs, appstate::collection_name(collection), content, status);
  return Node("snapshot").bytes(as_bytes(reference));
}

Node AppState::patches_node(const State& state, Collection collection, std::uint64_t from, std::uint64_t to,
                            Blobs& blobs) {
  Node out("patches");
  for (std::uint64_t version = from; version <= to; ++version) {
    proto::SyncdPatch patch = state.patches[version - 1];
    if (options.defect == AppStateDefect::kPatchMac) patch.set_patch_mac(damaged(patch.patch_mac()));
    if (options.defect == AppStateDefect::kStateMac) patch.set_snapshot_mac(damaged(patch.snapshot_mac()));
    if (options.defect == AppStateDefect::kValueMac && patch.mutations_size() > 0) {
      std::string& blob = *patch.mutable_mutations(0)->mutable_record()->mutable_value()->mutable_blob();
      blob.front() = static_cast<char>(blob.front() ^ 1);
    }
    if (options.external) {
      proto::SyncdMutations mutations;
      *mutations.mutable_mutations() = patch.mutations();
      patch.clear_mutations();
      const std::string name = std::string(appstate::collection_name(collection)) + std::to_string(version);
      patch.mutable_external_mutations()->ParseFromString(put(blobs, name, mutations.SerializeAsString(), 200));
    }
    std::string content = patch.SerializeAsString();
    if (options.defect == AppStateDefect::kNoProtobuf) content.assign(40, '\xFF');
    out.child(Node("patch").bytes(as_bytes(content)));
  }
  return out;
}

Node AppState::answer(const Node& asked, Blobs& blobs, bool& changed, std::vector<std::string>& violations) {
  const std::string name = asked.attribute("name").value_or("");
  const auto collection = appstate::collection_from_name(name);
  const std::uint64_t has = asked.number("version").value_or(0);
  if (!collection) return error_node(name, 404, "item-not-found");
  State& state = collections_[*collection];
  std::uint64_t current = state.state.version;
  bool conflict = false;
  if (const Node* patch = asked.find("patch")) {
    conflict = has != current || conflicts > 0;
    if (conflicts > 0) --conflicts;
    if (!conflict) {
      const Status taken = take_client_patch(state, *collection, patch->leaf().value_or(ByteView()));
      if (!taken.ok()) {
        violations.push_back("app state: " + taken.error().message);
        return error_node(name, 400, "bad-request");
      }
      changed = true;
      return Node("collection").with("name", name).with("version", std::to_string(current + 1));
    }
  }
  Node out("collection");
  out.with("name", name);
  if (conflict) out.with("type", "error");
  const bool wants_snapshot = asked.attribute("return_snapshot") == "true" && has == 0;
  if (wants_snapshot && options.snapshots && current > 0) {
    out.with("version", std::to_string(current)).child(snapshot_node(state, *collection, blobs));
  } else if (has < current) {
    const std::uint64_t to = std::min<std::uint64_t>(current, has + options.patches_at_once);
    const std::uint64_t from = has + 1 + (options.defect == AppStateDefect::kGap ? 1 : 0);
    out.with("version", std::to_string(to));
    if (to < current) out.with("has_more_patches", "true");
    if (from <= to) out.child(patches_node(state, *collection, from, to, blobs));
  } else {
    out.with("version", std::to_string(has));
  }
  if (conflict) out.child(Node("error").with("code", "409").with("text", "conflict"));
  return out;
}

std::map<std::string, proto::SyncActionData> AppState::records(Collection collection) const {
  const auto found = collections_.find(collection);
  return found == collections_.end() ? std::map<std::string, proto::SyncActionData>() : found->second.open;
}

std::uint64_t AppState::version(Collection collection) const {
  const auto found = collections_.find(collection);
  return found == collections_.end() ? 0 : found->second.state.version;
}

AppState& AppStates::of(const Account& account) {
  return states_.try_emplace(account.number, seed_, account).first->second;
}

AppState* AppStates::find(const std::string& number) {
  const auto found = states_.find(number);
  return found == states_.end() ? nullptr : &found->second;
}

}  // namespace ponte::simulator
