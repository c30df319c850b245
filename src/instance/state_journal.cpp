#include "instance/state_journal.h"

#include <nlohmann/json.hpp>

#include "base/utc.h"
#include "instance/event_journal.h"

namespace ponte::instance {
namespace {

std::string time_text(Wall at) {
  return utc_text(unix_seconds(at)).value_or("");
}

}  // namespace

std::string state_data(const StateEvent& event) {
  nlohmann::ordered_json out = {
      {"state", event.state}, {"instance", event.instance}, {"timestamp", time_text(event.at)}};
  if (event.jid) out["jid"] = *event.jid;
  if (event.qr_text) out["codes"] = {*event.qr_text};
  if (event.pairing_code) out["pairingCode"] = *event.pairing_code;
  if (event.expires_in) out["expiresIn"] = std::chrono::floor<Seconds>(*event.expires_in).count();
  if (event.reason) {
    auto& reason = out["reason"];
    reason = {{"code", cause_name(event.reason->cause)}, {"message", event.reason->message}};
    if (event.reason->retry_after) reason["retryAt"] = time_text(event.at + *event.reason->retry_after);
  }
  // What a server wrote may be quoted in a message: never let it break the JSON.
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void StateJournal::on_state(const StateEvent& event) {
  const bool of_link = event.state == kPairSuccess || event.state == kLoggedOut;
  journal_.append(event.instance_id, kInstanceState, state_data(event), of_link ? event.state : std::string_view());
}

}  // namespace ponte::instance
