// Files that hosts have no more are asked for from the phone (wire: messages.md 6.6).
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "base/task.h"
#include "base/time.h"
#include "protocol/media/retry.h"

namespace ponte::protocol {
struct Step;
}

namespace ponte::protocol::media {

inline constexpr Milliseconds kFileAgainWithin{30'000};

/// What a phone was asked for, by the id of its message. Of one connection.
struct AskedFile {
  Secret<32> media_key;
  UniqueFunction<Status(Step&, Result<std::string>)> done;
};
using AskedFiles = std::map<std::string, AskedFile, std::less<>>;

/// Asks the account's phone to put the file of a message at the hosts again. `done` gets the new direct path, or
///   kNotFound/kMediaGone              the phone has the file no more
///   kUnavailable/kMediaUnavailable    it could not give it, or is being asked for it already
///   kTimedOut/kMediaUnavailable       it said nothing for kFileAgainWithin: perhaps it is off
/// It is never called where the connection ends before. Precondition: logged in.
Status ask_for_file(Step& step, const RetriedMessage& message, AskedFile asked);

/// `<notification type="mediaretry">`, already acknowledged. What is about something else is left alone.
Status on_asked_file(Step& step, const wire::Node& notification);

}  // namespace ponte::protocol::media
