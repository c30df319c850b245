// What the server answers to a fetch of app state (wire: messages.md 5.4).
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "app_state.pb.h"
#include "protocol/appstate/collection.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::appstate {

/// One collection of the answer.
struct CollectionAnswer {
  Collection collection = Collection::kRegular;
  std::uint64_t error_code = 0;  ///< 0: none; -1 as unsigned where it is no number
  std::optional<proto::ExternalBlobReference> snapshot;
  std::deque<proto::SyncdPatch> patches;  ///< in order
  bool more = false;                      ///< the server holds further patches
  std::optional<Error> malformed;         ///< something in it does not parse; what else was read does not count
};

/// In the order of kCollections. Collections that nobody knows are left out; of one that is there twice the first
/// counts.
std::vector<CollectionAnswer> read_answer(const wire::Node& iq);

}  // namespace ponte::protocol::appstate
