#include "simulator/admin_history.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "simulator/admin_faults.h"
#include "simulator/messaging_appstate.h"
#include "simulator/phone_history.h"
#include "simulator/phone_messaging.h"

namespace ponte::simulator {
namespace {

using nlohmann::json;
using protocol::wire::Node;
namespace appstate = protocol::appstate;

constexpr std::uint64_t kMostMessages = 5'000'000;

Result<Account*> account_of(const Call& call) {
  PONTE_ASSIGN(const auto number, text_member(call.body, "number"));
  if (!number || !is_phone_number(*number)) return invalid("number: expected 7 to 15 digits, not 0 first");
  return &call.server.world().accounts.get(*number);
}

/// The companions that are meant: "device", or all that somebody else runs.
Result<std::vector<std::uint16_t>> companions_of(const Call& call, const Account& account) {
  PONTE_ASSIGN(const auto device, number_member(call.body, "device"));
  std::vector<std::uint16_t> out;
  for (const auto& [id, companion] : account.companions) {
    const bool simulated = call.server.world().phones.find({account.number, id}) != nullptr;
    if (device ? *device == id : !simulated && companion.uploads > 0) out.push_back(id);
  }
  if (out.empty()) return Error{Errc::kNotFound, Cause::kInvalidNumber, "no such companion"};
  return out;
}

Result<unsigned> unsigned_member(const json& body, const char* name, unsigned otherwise, std::uint64_t most) {
  PONTE_ASSIGN(const auto value, number_member(body, name));
  if (value.value_or(0) > most) return invalid(std::string(name) + ": at most " + std::to_string(most));
  return static_cast<unsigned>(value.value_or(otherwise));
}

Result<HistoryPlan> read_plan(const json& body, const Now& now) {
  HistoryPlan out;
  out.until = now.wall;
  PONTE_ASSIGN(out.chats, unsigned_member(body, "chats", out.chats, 100'000));
  PONTE_ASSIGN(out.groups, unsigned_member(body, "groups", out.groups, 10'000));
  PONTE_ASSIGN(out.messages, unsigned_member(body, "messages", out.messages, kMostMessages));
  PONTE_ASSIGN(out.chunks, unsigned_member(body, "chunks", out.chunks, 10'000));
  PONTE_ASSIGN(out.damaged_chunk, unsigned_member(body, "damagedChunk", out.damaged_chunk, 10'000));
  PONTE_ASSIGN(const unsigned text_bytes, unsigned_member(body, "textBytes", 0, 1u << 20));
  PONTE_ASSIGN(const auto bomb, number_member(body, "bombBytes"));
  PONTE_ASSIGN(const auto in_line, bool_member(body, "inline"));
  PONTE_ASSIGN(const auto full, bool_member(body, "full"));
  PONTE_ASSIGN(const auto defect, text_member(body, "defect"));
  const auto known = history_defect_from_name(defect.value_or("none"));
  if (!known) return invalid("defect: unknown name");
  if (out.chunks == 0) return invalid("chunks: expected at least 1");
  if (std::uint64_t{out.chats + out.groups} * out.messages > kMostMessages)
    return invalid("more than 5000000 messages");
  out.defect = *known;
  out.text_bytes = text_bytes;
  out.in_line = in_line.value_or(true);
  out.full = full.value_or(false);
  if (bomb) out.bomb_bytes = static_cast<std::size_t>(*bomb);
  return out;
}

Result<json> history(const Call& call) {
  PONTE_ASSIGN(const HistoryPlan plan, read_plan(call.body, call.now));
  PONTE_ASSIGN(const auto on_login, bool_member(call.body, "onLogin"));
  World& world = call.server.world();
  if (on_login.value_or(false)) {
    PONTE_ASSIGN(const auto number, text_member(call.body, "number"));
    Greeting& greeting = world.greetings[number.value_or("")];
    greeting.history = plan;
    return json::object();
  }
  PONTE_ASSIGN(Account * account, account_of(call));
  PONTE_ASSIGN(const auto companions, companions_of(call, *account));
  PhoneMessaging& phone = world.phones.phone(*account);
  phone.remember_history(plan);
  for (const std::uint16_t device : companions) {
    PONTE_TRY(tell_history(world, phone, device, plan, call.now));
    world.router.settle(call.now);
  }
  return json{{"companions", companions.size()}, {"files", world.blobs.size()}};
}

Result<json> key_share(const Call& call) {
  PONTE_ASSIGN(const auto on_login, bool_member(call.body, "onLogin"));
  World& world = call.server.world();
  if (on_login.value_or(false)) {
    PONTE_ASSIGN(const auto number, text_member(call.body, "number"));
    world.greetings[number.value_or("")].app_state = true;
    return json::object();
  }
  PONTE_ASSIGN(Account * account, account_of(call));
  PONTE_ASSIGN(const auto companions, companions_of(call, *account));
  for (const std::uint16_t device : companions) {
    PONTE_TRY(share_app_state_keys(world, world.phones.phone(*account), device, call.now));
  }
  world.router.settle(call.now);
  return json{{"companions", companions.size()}};
}

Result<json> new_key(const Call& call) {
  PONTE_ASSIGN(Account * account, account_of(call));
  PONTE_ASSIGN(const auto withheld, bool_member(call.body, "withheld"));
  const auto sharing = withheld.value_or(false) ? AppState::Sharing::kWithheld : AppState::Sharing::kShared;
  call.server.world().app_state->of(*account).add_key(sharing, call.now);
  return json::object();
}

/// One change: {"index": [...], "value": hex of a SyncActionValue, "remove": bool, "version"}.
Result<AppState::Mutation> read_mutation(const json& body, const Now& now) {
  AppState::Mutation out;
  if (!body.is_object() || !body.contains("index") || !body["index"].is_array()) {
    return invalid("index: expected a list of texts");
  }
  PONTE_ASSIGN(const auto value, text_member(body, "value"));
  PONTE_ASSIGN(const auto remove, bool_member(body, "remove"));
  PONTE_ASSIGN(const auto version, number_member(body, "version"));
  out.operation = remove.value_or(false) ? appstate::Operation::kRemove : appstate::Operation::kSet;
  out.data.set_index(body["index"].dump());
  out.data.set_padding("");
  out.data.set_version(static_cast<std::int32_t>(version.value_or(2)));
  auto& action = *out.data.mutable_value();
  if (value) {
    auto bytes = from_hex(*value);
    if (!bytes.ok() || !action.ParseFromArray(bytes->data(), static_cast<int>(bytes->size()))) {
      return invalid("value: expected hex of a SyncActionValue");
    }
  }
  if (!action.has_timestamp()) action.set_timestamp(unix_milliseconds(now.wall));
  return out;
}

Result<appstate::Collection> collection_of(const json& body) {
  PONTE_ASSIGN(const auto name, text_member(body, "collection"));
  const auto collection = appstate::collection_from_name(name.value_or(""));
  if (!collection) return invalid("collection: unknown name");
  return *collection;
}

Result<json> write_app_state(const Call& call) {
  PONTE_ASSIGN(Account * account, account_of(call));
  PONTE_ASSIGN(const appstate::Collection collection, collection_of(call.body));
  const json changes = call.body.contains("mutations") ? call.body["mutations"] : json::array({call.body});
  if (!changes.is_array()) return invalid("mutations: expected a list");
  std::vector<AppState::Mutation> mutations;
  for (const json& one : changes) {
    PONTE_ASSIGN(AppState::Mutation mutation, read_mutation(one, call.now));
    mutations.push_back(std::move(mutation));
  }
  World& world = call.server.world();
  AppState& state = world.app_state->of(*account);
  PONTE_TRY(state.write(collection, mutations, call.now));
  const std::string version = std::to_string(state.version(collection));
  world.router.notify_app_state(
      *account, Node("collection").with("name", appstate::collection_name(collection)).with("version", version), 0,
      call.now);
  world.router.settle(call.now);
  return json{{"version", state.version(collection)}};
}

Result<json> app_state_options(const Call& call) {
  PONTE_ASSIGN(Account * account, account_of(call));
  PONTE_ASSIGN(const auto snapshots, bool_member(call.body, "snapshots"));
  PONTE_ASSIGN(const auto external, bool_member(call.body, "external"));
  PONTE_ASSIGN(const auto at_once, number_member(call.body, "patchesAtOnce"));
  PONTE_ASSIGN(const auto conflicts, number_member(call.body, "conflicts"));
  PONTE_ASSIGN(const auto defect, text_member(call.body, "defect"));
  AppState& state = call.server.world().app_state->of(*account);
  if (at_once == 0u) return invalid("patchesAtOnce: expected at least 1");
  if (defect) {
    const auto known = app_state_defect_from_name(*defect);
    if (!known) return invalid("defect: unknown name");
    state.options.defect = *known;
  }
  if (snapshots) state.options.snapshots = *snapshots;
  if (external) state.options.external = *external;
  if (at_once) state.options.patches_at_once = static_cast<unsigned>(*at_once);
  if (conflicts) state.conflicts = static_cast<unsigned>(*conflicts);
  return json::object();
}

Result<json> app_state_records(const Call& call) {
  PONTE_ASSIGN(Account * account, account_of(call));
  AppState& state = call.server.world().app_state->of(*account);
  json out = json::object();
  for (const appstate::Collection collection : appstate::kCollections) {
    json records = json::array();
    for (const auto& [index, data] : state.records(collection)) {
      records.push_back({{"index", json::parse(index, nullptr, false)},
                         {"value", to_hex(as_bytes(data.value().SerializeAsString()))},
                         {"version", data.version()}});
    }
    out[std::string(appstate::collection_name(collection))] = {{"version", state.version(collection)},
                                                               {"records", std::move(records)}};
  }
  return out;
}

Result<json> media_host(const Call& call) {
  PONTE_ASSIGN(const auto host, text_member(call.body, "host"));
  if (!host || host->empty()) return invalid("host is missing");
  call.server.world().media_host = *host;
  return json::object();
}

constexpr std::array<HandlerRow, 7> kHandlers = {{{"history", history},
                                                  {"app-state-key-share", key_share},
                                                  {"app-state-key", new_key},
                                                  {"app-state", write_app_state},
                                                  {"app-state-options", app_state_options},
                                                  {"app-state-records", app_state_records},
                                                  {"media-host", media_host}}};

}  // namespace

std::span<const HandlerRow> history_calls() {
  return kHandlers;
}

}  // namespace ponte::simulator
