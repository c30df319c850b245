#include "simulator/admin_state.h"

#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "simulator/admin_messages.h"

namespace ponte::simulator {
namespace {

using nlohmann::json;

json connection_json(SimConnection& connection, const Now& now) {
  json out = {{"id", connection.id()},
              {"state", connection.state_name()},
              {"ageMs", (now.mono - connection.opened_at().mono).count()},
              {"unacknowledged", connection.unacknowledged()}};
  if (connection.pattern()) out["pattern"] = pattern_name(*connection.pattern());
  if (connection.frozen()) out["frozen"] = true;
  if (!connection.routing_info().empty()) out["routingInfo"] = to_hex(connection.routing_info());
  if (connection.state() == SimConnection::State::kClosing) return out;
  if (OnlineSide* online = connection.online()) {
    out["number"] = online->number();
    out["device"] = online->device();
    out["active"] = online->active();
    out["passive"] = online->passive_login();
  }
  if (PairingSide* pairing = connection.pairing()) {
    const Registration& registration = pairing->registration();
    out["os"] = registration.os;
    out["platformType"] = registration.platform_type;
    out["version"] = pairing->details().version;
    out["identity"] = to_hex(registration.identity);
    out["requireFullSync"] = registration.require_full_sync;
    if (registration.full_sync_days) out["fullSyncDays"] = *registration.full_sync_days;
    if (const std::string number = pairing->code_number(); !number.empty()) out["codeNumber"] = number;
    if (const PasskeyFlow& passkey = pairing->passkey(); passkey.active()) {
      out["passkey"] = {{"state", passkey.state_name()}, {"code", passkey.code()}};
    }
  }
  return out;
}

json companion_json(const Account& account, const Companion& companion, bool online) {
  return {{"device", companion.device},
          {"jid", account.jid(companion.device).to_string()},
          {"lid", account.lid(companion.device).to_string()},
          {"keyIndex", companion.key_index},
          {"os", companion.keys.os},
          {"version", companion.version},
          {"pushName", companion.push_name},
          {"identity", to_hex(companion.keys.identity)},
          {"online", online},
          {"available", companion.available},
          {"logins", companion.logins},
          {"uploads", companion.uploads},
          {"prekeys", companion.prekeys.size()},
          {"prekeysUploaded", companion.prekeys_uploaded},
          {"highestPrekeyId", companion.highest_prekey_id},
          {"waiting", companion.offline.size()}};
}

json phones_json(World& world) {
  json out = json::array();
  for (const auto& [number, account] : world.accounts.all()) {
    json companions = json::array();
    for (const auto& [device, companion] : account->companions) {
      const bool online = world.online.count(account->jid(device).to_string()) != 0;
      companions.push_back(companion_json(*account, companion, online));
    }
    json messaging = json::array();
    for (PhoneMessaging* device : world.phones.made_of(number)) messaging.push_back(messaging_json(*device));
    out.push_back({{"number", number},
                   {"lid", account->lid_user},
                   {"platform", account->platform},
                   {"companions", std::move(companions)},
                   {"messaging", std::move(messaging)}});
  }
  return out;
}

json counters_json(const Counters& counters) {
  return {{"connections", counters.connections},
          {"handshakesXx", counters.handshakes_xx},
          {"handshakesIk", counters.handshakes_ik},
          {"handshakesFallback", counters.handshakes_fallback},
          {"handshakesFailed", counters.handshakes_failed},
          {"pairings", counters.pairings},
          {"pairingsFailed", counters.pairings_failed},
          {"logins", counters.logins},
          {"loginsRefused", counters.logins_refused},
          {"framesIn", counters.frames_in},
          {"framesOut", counters.frames_out},
          {"acks", counters.acks}};
}

}  // namespace

json state_json(SimServer& server, const Now& now) {
  World& world = server.world();
  json connections = json::array();
  std::size_t unacknowledged = 0;
  for (const auto& [id, connection] : world.connections) {
    connections.push_back(connection_json(*connection, now));
    unacknowledged += connection->unacknowledged();
  }
  json violations = json::array();
  for (const Violation& violation : world.violations) {
    violations.push_back({{"connection", violation.connection}, {"text", violation.text}});
  }
  return {{"rootKey", to_hex(server.root_key())}, {"connections", std::move(connections)},
          {"phones", phones_json(world)},         {"counts", counters_json(world.counters)},
          {"groups", groups_json(world)},         {"unacknowledged", unacknowledged},
          {"violations", std::move(violations)}};
}

json paired_json(const Paired& paired) {
  return {{"number", paired.number},
          {"device", paired.device},
          {"jid", paired.jid},
          {"lid", paired.lid},
          {"keyIndex", paired.key_index}};
}

}  // namespace ponte::simulator
