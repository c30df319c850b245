// The server's answers to what clients ask (wire: pairing.md 8).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "protocol/wire/node.h"
#include "simulator/accounts.h"
#include "simulator/world.h"

namespace ponte::simulator {

/// `<iq from=S type="result" id>` for a request.
protocol::wire::Node iq_result(const protocol::wire::Node& request);
/// `<iq from=S type="error" id><error code text/></iq>`.
protocol::wire::Node iq_error(const protocol::wire::Node& request, unsigned code, std::string_view text);

/// For a device that is not paired yet: pings, and an empty result for all else.
protocol::wire::Node answer_unregistered(const protocol::wire::Node& request, Wall wall);

/// Who asks, and what is to be noted besides the answer.
struct Asking {
  World& world;
  Account& account;
  Companion& companion;
  Now now;
  std::vector<std::string> violations{};  ///< what was wrong with the request
  bool became_active = false;             ///< `<active/>` was asked for
  bool unlink = false;                    ///< the companion asked to be removed; its companion is untouched
};

/// For a linked device. Prekeys that are uploaded are checked and stored. Never without an answer: what the
/// simulator does not know gets an empty result, so that foreign clients go on.
protocol::wire::Node answer_iq(const protocol::wire::Node& request, Asking& asking);

}  // namespace ponte::simulator
