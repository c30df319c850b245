// A device that writes app state, as the phone does: patches and snapshots of one collection.
#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "protocol/appstate/collection.h"
#include "support/scripted_random.h"

namespace ponte::test {

/// Value MACs in memory.
class MemoryMacs final : public protocol::appstate::MacSource {
 public:
  Result<std::optional<protocol::appstate::Mac>> find(const protocol::appstate::Mac& index_mac) const override {
    const auto found = macs.find(index_mac);
    return found != macs.end() ? std::optional(found->second) : std::nullopt;
  }
  void take(const protocol::appstate::Applied& applied) {
    for (const auto& [index, value] : applied.macs) {
      if (value) {
        macs[index] = *value;
      } else {
        macs.erase(index);
      }
    }
  }
  std::map<protocol::appstate::Mac, protocol::appstate::Mac> macs;
};

inline protocol::appstate::Mutation mutation_of(protocol::appstate::Operation operation, std::string index,
                                                const proto::SyncActionValue& value = {}) {
  protocol::appstate::Mutation out;
  out.operation = operation;
  out.data.set_index(std::move(index));
  *out.data.mutable_value() = value;
  out.data.set_padding("");
  out.data.set_version(1);
  return out;
}

/// Sets `index`, with a value that differs for each `number`.
inline protocol::appstate::Mutation setting(std::string index, std::int64_t number = 1) {
  proto::SyncActionValue value;
  value.set_timestamp(number);
  return mutation_of(protocol::appstate::Operation::kSet, std::move(index), value);
}
inline protocol::appstate::Mutation removal(std::string index) {
  return mutation_of(protocol::appstate::Operation::kRemove, std::move(index));
}

class AppStateWriter {
 public:
  AppStateWriter(protocol::appstate::Collection collection, Bytes key_id, ByteView key_data)
      : collection_(collection), key_id_(std::move(key_id)) {
    ring.add(key_id_, key_data);
  }

  /// The patch to the next version, with its number in it as the server writes it.
  proto::SyncdPatch patch(const std::vector<protocol::appstate::Mutation>& mutations) {
    auto built = protocol::appstate::build_patch(collection_, state, macs, mutations, key_id_, ring, random);
    if (!built.ok()) throw std::runtime_error(built.error().message);
    state = built->applied.state;
    macs.take(built->applied);
    for (const proto::SyncdMutation& mutation : built->patch.mutations()) {
      const std::string& index = mutation.record().index().blob();
      if (mutation.operation() == proto::SyncdMutation::REMOVE) {
        records_.erase(index);
      } else {
        records_[index] = mutation.record();
      }
    }
    built->patch.mutable_version()->set_version(state.version);
    return built->patch;
  }

  proto::SyncdSnapshot snapshot() const {
    proto::SyncdSnapshot out;
    out.mutable_version()->set_version(state.version);
    for (const auto& [index, record] : records_) *out.add_records() = record;
    out.set_mac(to_text(protocol::appstate::snapshot_mac(collection_, state, *ring.find(key_id_))));
    out.mutable_key_id()->set_id(to_text(key_id_));
    return out;
  }

  /// From now on this key seals; the earlier ones stay known.
  void change_key(Bytes key_id, ByteView key_data) {
    ring.add(key_id, key_data);
    key_id_ = std::move(key_id);
  }

  protocol::appstate::KeyRing ring;
  protocol::appstate::CollectionState state;
  MemoryMacs macs;
  SeededRandom random{77};

 private:
  protocol::appstate::Collection collection_;
  Bytes key_id_;
  std::map<std::string, proto::SyncdRecord> records_;
};

}  // namespace ponte::test
