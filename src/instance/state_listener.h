// What is told about an instance when it changes: the event `instance.state` (contract 1.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "instance/types.h"

namespace ponte::instance {

/// One change. `state` is a value of contract 1.3: `connected`, `disconnected`, `logged_out`, `stream_replaced`,
/// `temp_banned`, `client_outdated`, `connect_failure`, `stream_error`, `qr_ready`, `pair_success`, `pair_error`,
/// `qr_scanned_no_multidevice`, `keepalive_timeout`, `keepalive_restored`, `manual_reconnect`; ours: `connecting`,
/// `passkey_required`.
struct StateEvent {
  std::string_view state;
  std::string instance_id;                  ///< UUID
  std::string instance;                     ///< its name
  State connection = State::kDisconnected;  ///< as list shows it
  Wall at{};
  std::optional<std::string> jid;           ///< of the number, where known
  std::optional<std::string> qr_text;       ///< with qr_ready
  std::optional<std::string> pairing_code;  ///< with qr_ready, where the code is one for typing; XXXX-XXXX
  std::optional<Milliseconds> expires_in;   ///< of the code
  std::optional<Error> reason;
};

/// Those that say whether there is a linked device.
inline constexpr std::string_view kPairSuccess = "pair_success";
inline constexpr std::string_view kLoggedOut = "logged_out";

/// The value of contract 1.3 for a connection that ended because of `why`.
std::string_view state_of_end(const Error& why);

/// Called on loop threads, for each instance in the order of its changes. Must not block.
class StateListener {
 public:
  virtual ~StateListener() = default;
  virtual void on_state(const StateEvent& event) = 0;
};

/// Writes states and reasons to the log, and no codes.
class StateLog final : public StateListener {
 public:
  void on_state(const StateEvent& event) override;
};

}  // namespace ponte::instance
