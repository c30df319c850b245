// Which hosts have the files of this account (wire: messages.md 6.2).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"

namespace ponte::protocol {
struct Step;
}

namespace ponte::protocol::media {

using MediaHosts = std::vector<std::string>;
using HostsHandler = UniqueFunction<Status(Step&, const Result<MediaHosts>&)>;

/// What a session remembers of them.
struct HostCache {
  MediaHosts names;                   ///< in the order in which they are tried; empty: not known
  Mono valid_until{};                 ///< of `names`
  std::vector<HostsHandler> waiting;  ///< for the answer that is on its way; of one connection
};

/// Hands the hosts to `handler`: at once where they are known, else when the server has named them. Its refusal and its
/// silence are errors, and kMalformed/kMediaUnavailable where it names none. Never called where the connection ends
/// before. Precondition: logged in.
Status with_hosts(Step& step, HostsHandler handler);
/// A host refused a file as if the hosts were no longer these: the next with_hosts asks the server.
void forget_hosts(Step& step);

}  // namespace ponte::protocol::media
