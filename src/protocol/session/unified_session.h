// `<ib><unified_session>` (wire: pairing.md 8.6).
#pragma once

#include "protocol/session/step.h"

namespace ponte::protocol {

/// ((server time + 3 days) mod 7 days) in milliseconds.
std::int64_t unified_session_id(Wall server_time);
Status send_unified_session(Step& step);

}  // namespace ponte::protocol
