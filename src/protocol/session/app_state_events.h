// What a session tells of the state that all devices of its account share (wire: messages.md 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "protocol/messages/types.h"

namespace ponte::protocol::event {

/// What became of a collection of that state (wire: messages.md 5.1). For the log and for counting.
struct AppStateSync {
  enum class Stage {
    kUpdated,    ///< it is at `version`
    kBlocked,    ///< it waits for keys from the phone
    kBegunAnew,  ///< what was held did not fit, see `why`; it is fetched from nothing
    kFailed,     ///< that did not fit either; tried again in a day
  };
  Stage stage = Stage::kUpdated;
  std::string collection;
  std::uint64_t version = 0;
  std::size_t changes = 0;
  std::size_t skipped = 0;  ///< records that could not be read
  std::optional<Error> why;
};

/// The account calls itself this way from now on.
struct PushNameChanged {
  std::string name;
};

/// A label was edited, or a chat got or lost it, on another device of the account.
struct LabelUpdated {
  messages::LabelChange change;
};

}  // namespace ponte::protocol::event
