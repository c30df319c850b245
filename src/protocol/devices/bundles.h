// What others need to begin a session: fetched from the server, or brought by a retry receipt (wire: messages.md 1.7).
#pragma once

#include <vector>

#include "base/task.h"
#include "crypto/signal/sessions.h"
#include "protocol/session/step.h"
#include "protocol/wire/jid.h"

namespace ponte::protocol::devices {

/// One `<user>` of the answer, or the `<keys>` of a retry receipt whose `registration` stands beside them. kMalformed/
/// kNodeMalformed naming what is missing; kRejected/kIqRejected where the server has an error in its place.
Result<crypto::PrekeyBundle> parse_bundle(const wire::Node& user);
Result<crypto::PrekeyBundle> parse_retry_keys(const wire::Node& receipt);

/// Why the keys are asked for again: attribute `reason`.
enum class BundleReason { kFirst, kRetry, kIdentity };

/// Asks for the keys of these devices and begins a session with each, under its encryption address. Devices that have
/// none, or wrong ones, have no session afterwards. `done` gets the error where nothing came at all.
Status begin_sessions(Step& step, const std::vector<wire::Jid>& devices, BundleReason reason,
                      UniqueFunction<Status(Step&, const Status&)> done);

/// Whether there is an open session with the device, under its encryption address.
Result<bool> has_session(Step& step, const wire::Jid& device);

/// Begins a session from a bundle at hand.
Status begin_session(Step& step, const wire::Jid& device, const crypto::PrekeyBundle& bundle);

}  // namespace ponte::protocol::devices
