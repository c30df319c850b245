// Values that travel between the API and the instances.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "store/service_records.h"

namespace ponte::instance {

/// `connection.state` of the REST contract (contract 3).
enum class State { kDisconnected, kConnecting, kConnected, kLoggedOut };
/// `disconnected`, `connecting`, `connected`, `loggedout`.
std::string_view state_name(State state);

/// The seven settings of the contract with its defaults.
using Settings = store::InstanceSettings;

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
  Settings settings;
  Wall created_at{};
  Wall updated_at{};
};

/// `[A-Za-z0-9_-]{1,100}` (contract, decision 9).
bool is_instance_name(std::string_view name);

struct CreateRequest {
  std::string name;                  ///< `[A-Za-z0-9_-]{1,100}`, checked again here
  std::optional<std::string> token;  ///< made where absent
  Settings settings;
};

struct ConnectRequest {
  std::optional<unsigned> history_days;  ///< 1..3650
};

/// What a connect call is answered with.
struct ConnectResult {
  enum class Kind { kQr, kConnected };
  Kind kind = Kind::kQr;
  std::string qr_text;        ///< exactly what a phone scans
  Milliseconds expires_in{};  ///< how much longer that text is good for
};

}  // namespace ponte::instance
