// Values that travel between the API and the instances.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "protocol/session/output.h"
#include "store/service_records.h"

namespace ponte::instance {

/// `connection.state` of the REST contract (contract 3).
enum class State { kDisconnected, kConnecting, kConnected, kLoggedOut, kPasskeyRequired };
inline constexpr std::array kStates{State::kDisconnected, State::kConnecting, State::kConnected, State::kLoggedOut,
                                    State::kPasskeyRequired};
/// `disconnected`, `connecting`, `connected`, `loggedout`, `passkey_required`.
std::string_view state_name(State state);

/// The seven settings of the contract with its defaults.
using Settings = store::InstanceSettings;

/// What an instance pushes over WebSockets.
using WebSocketConfig = store::InstanceWebSocket;

/// The proxy of an instance.
using Proxy = store::InstanceProxy;

/// A link by passkey that is under way.
struct PasskeyState {
  using Stage = protocol::event::Passkey::Stage;
  Stage stage = Stage::kRequested;
  std::string options;              ///< JSON: PublicKeyCredentialRequestOptions, as the server wrote it
  std::optional<std::string> code;  ///< XXXX-XXXX, to be compared with the phone's
  Wall expires_at{};
};

/// Everything that list shows of one instance. A snapshot by value.
struct InstanceInfo {
  std::string id;  ///< UUID
  std::string name;
  std::string token;  ///< the instance token: only for the account token's eyes
  State state = State::kDisconnected;
  Wall state_since{};
  std::optional<std::string> number_jid;  ///< `digits@s.whatsapp.net`, absent while never paired
  std::optional<std::string> lid;
  std::string push_name;
  std::string platform;         ///< the phone's platform as pair-success named it
  std::string business_name;    ///< empty where the account is no business
  std::optional<Error> reason;  ///< why it is not connected, where something went wrong
  Wall reason_since{};          ///< what its retry_after counts from
  Settings settings;
  std::optional<Proxy> proxy;                ///< without its password
  std::optional<WebSocketConfig> websocket;  ///< absent: never configured
  std::optional<PasskeyState> passkey;       ///< only for the account token's eyes
  std::optional<Wall> last_stanza_at;        ///< when something came from the server last, in this process
  Wall created_at{};
  Wall updated_at{};
};

/// kNotFound/kInstanceNotFound.
Error instance_not_found();

/// `[A-Za-z0-9_-]{1,100}` (contract, decision 9).
bool is_instance_name(std::string_view name);

struct CreateRequest {
  std::string name;                  ///< `[A-Za-z0-9_-]{1,100}`, checked again here
  std::optional<std::string> token;  ///< made where absent
  Settings settings;
  std::optional<Proxy> proxy;
  std::optional<WebSocketConfig> websocket;
};

struct ConnectRequest {
  std::optional<unsigned> history_days;  ///< 1..3650
  std::optional<std::string> number;     ///< 7 to 15 digits: a pairing code for it, instead of a QR
  std::optional<std::string> code;       ///< with number: the user's own code; dashes, blanks and case do not count
};

/// What a connect call is answered with.
struct ConnectResult {
  enum class Kind { kQr, kPairingCode, kConnected };
  Kind kind = Kind::kQr;
  std::string text;           ///< exactly what a phone scans; or the code, XXXX-XXXX
  Milliseconds expires_in{};  ///< how much longer that text is good for
};

struct LogoutResult {
  bool unlinked = false;  ///< the server has confirmed it; else the phone may still list the device
};

/// Settings that are to change; the others stay.
struct SettingsChange {
  std::optional<bool> auto_reject_calls;
  std::optional<std::string> call_reject_message;
  std::optional<bool> ignore_group_messages;
  std::optional<bool> keep_online_status;
  std::optional<bool> auto_read_messages;
  std::optional<bool> disable_history_sync;
  std::optional<bool> ignore_status;

  bool empty() const;
  void apply_to(Settings& settings) const;
};

}  // namespace ponte::instance
