// How much of the past a phone tells, and how.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace ponte::simulator {

/// What is wrong with a chunk of history.
enum class HistoryDefect {
  kNone,
  kLongLength,   ///< says one byte more than there is
  kShortLength,  ///< says one byte less
  kBadMac,
  kBadPlainHash,
  kBadSealedHash,
  kTruncated,    ///< the zlib stream ends in its middle
  kBomb,         ///< inflates to HistoryPlan::bomb_bytes of nothing
  kNoZlib,       ///< what is within is not compressed
  kNoProtobuf,   ///< it inflates to bytes that are no HistorySync
  kEmpty,        ///< the file has no bytes
  kForbidden,    ///< the host answers 403
  kNotFound,     ///< the host answers 404
  kGone,         ///< the host answers 410
  kUnavailable,  ///< the host answers 503 once, then has it
  kWrongKey,     ///< the media key is another
  kNeverTold,    ///< a chunk is left out
};
std::optional<HistoryDefect> history_defect_from_name(std::string_view name);

/// How much there was, and how it is told.
struct HistoryPlan {
  unsigned chats = 3;          ///< with one each
  unsigned groups = 0;         ///< besides these
  unsigned messages = 20;      ///< in each of both
  unsigned chunks = 1;         ///< into which all but the newest messages are put
  std::size_t text_bytes = 0;  ///< texts are at least that long
  bool in_line = true;         ///< the first chunk is in its notification; else it is a file as the others
  bool full = false;           ///< for a companion that has asked for all, the chunks say so
  HistoryDefect defect = HistoryDefect::kNone;
  unsigned damaged_chunk = 0;  ///< which has the defect; 0 is the first, with the newest messages
  std::size_t bomb_bytes = 256u << 20;
  Wall until{};  ///< time of the newest message
};

/// What the phone tells a companion that is there for the first time.
struct Greeting {
  bool app_state = false;              ///< the keys of the account's app state
  std::optional<HistoryPlan> history;  ///< absent: nothing
};

}  // namespace ponte::simulator
