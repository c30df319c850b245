// One device's app state on stdin and stdout, for clients that others wrote (tests/interop/app_state.test.mjs).
//
//   app_state_driver SEED     randomness from SEED, keys and collections in memory
//
// A request is a line of JSON, {"op": ..., ...}; so is its answer, {"error": cause} where it was refused. Bytes are
// hex. Ends with its input.
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/hex.h"
#include "protocol/appstate/actions.h"
#include "support/app_state_writer.h"

namespace ponte::protocol::appstate {
namespace {

using nlohmann::json;

Bytes bytes(const json& value) {
  return from_hex(value.get<std::string>()).value();
}

wire::Jid jid(const json& value) {
  const auto parsed = wire::Jid::parse(value.get<std::string>());
  if (!parsed) throw std::runtime_error("expected a JID");
  return *parsed;
}

json refused(const Error& error) {
  return {{"error", cause_name(error.cause)}, {"message", error.message}};
}

json seconds(const std::optional<Wall>& at) {
  return at ? json(unix_seconds(*at)) : json();
}

json message(const MessageRef& it) {
  json out = {{"chat", it.chat.to_string()}, {"id", it.id}, {"fromMe", it.from_me}};
  if (it.participant) out["participant"] = it.participant->to_string();
  return out;
}

json range(const Range& it) {
  json out = {{"last", seconds(it.last_message)}, {"messages", json::array()}};
  for (const Range::Message& one : it.messages) out["messages"].push_back(message(one.message));
  return out;
}

/// An action as JSON, {"kind": ...}.
struct Shown {
  json operator()(const action::Contact& it) const {
    json out = {
        {"kind", "contact"}, {"jid", it.jid.to_string()}, {"fullName", it.full_name}, {"firstName", it.first_name}};
    if (it.lid) out["lid"] = it.lid->to_string();
    if (it.pn) out["pn"] = it.pn->to_string();
    return out;
  }
  json operator()(const action::ContactRemoved& it) const {
    return {{"kind", "contactRemoved"}, {"jid", it.jid.to_string()}};
  }
  json operator()(const action::PushName& it) const { return {{"kind", "pushName"}, {"name", it.name}}; }
  json operator()(const action::Mute& it) const {
    return {{"kind", "mute"}, {"chat", it.chat.to_string()}, {"muted", it.muted}, {"until", seconds(it.until)}};
  }
  json operator()(const action::Pin& it) const {
    return {{"kind", "pin"}, {"chat", it.chat.to_string()}, {"pinned", it.pinned}};
  }
  json operator()(const action::Archive& it) const {
    return {{"kind", "archive"}, {"chat", it.chat.to_string()}, {"archived", it.archived}, {"range", range(it.range)}};
  }
  json operator()(const action::MarkRead& it) const {
    return {{"kind", "markRead"}, {"chat", it.chat.to_string()}, {"read", it.read}, {"range", range(it.range)}};
  }
  json operator()(const action::Label& it) const {
    return {{"kind", "label"}, {"id", it.id}, {"name", it.name}, {"color", it.color}, {"deleted", it.deleted}};
  }
  json operator()(const action::LabelChat& it) const {
    return {{"kind", "labelChat"}, {"id", it.label_id}, {"chat", it.chat.to_string()}, {"labeled", it.labeled}};
  }
  json operator()(const action::LabelMessage& it) const {
    return {{"kind", "labelMessage"},
            {"id", it.label_id},
            {"chat", it.chat.to_string()},
            {"message", it.message_id},
            {"labeled", it.labeled}};
  }
  json operator()(const action::Star& it) const {
    return {{"kind", "star"}, {"message", message(it.message)}, {"starred", it.starred}};
  }
  json operator()(const action::DeleteForMe& it) const {
    return {{"kind", "deleteForMe"},
            {"message", message(it.message)},
            {"media", it.delete_media},
            {"at", seconds(it.message_at)}};
  }
  json operator()(const action::ClearChat& it) const {
    return {{"kind", "clearChat"},
            {"chat", it.chat.to_string()},
            {"starred", it.delete_starred},
            {"range", range(it.range)}};
  }
  json operator()(const action::DeleteChat& it) const {
    return {
        {"kind", "deleteChat"}, {"chat", it.chat.to_string()}, {"media", it.delete_media}, {"range", range(it.range)}};
  }
  json operator()(const action::UnarchiveChats& it) const {
    return {{"kind", "unarchiveChats"}, {"unarchive", it.unarchive}};
  }
  json operator()(const action::NctSalt& it) const { return {{"kind", "nctSalt"}, {"salt", to_hex(it.salt)}}; }
  json operator()(const action::PnOfLid& it) const {
    return {{"kind", "pnOfLid"}, {"lid", it.lid.to_string()}, {"pn", it.pn.to_string()}};
  }
};

Range range_of(const json& request) {
  Range out;
  out.last_message = Wall(Seconds(request.at("last").get<std::int64_t>()));
  for (const json& id : request.at("ids")) {
    out.messages.push_back({{jid(request.at("chat")), id.get<std::string>(), true, std::nullopt}, out.last_message});
  }
  return out;
}

Action action_of(const json& request) {
  const auto kind = request.at("kind").get<std::string>();
  if (kind == "contact") {
    return action::Contact{jid(request.at("jid")), request.at("fullName"), request.at("firstName"), "",
                           std::nullopt,           jid(request.at("lid"))};
  }
  if (kind == "contactRemoved") return action::ContactRemoved{jid(request.at("jid"))};
  if (kind == "pushName") return action::PushName{request.at("name")};
  if (kind == "mute") {
    return action::Mute{jid(request.at("chat")), true, Wall(Seconds(request.at("until").get<std::int64_t>()))};
  }
  if (kind == "pin") return action::Pin{jid(request.at("chat")), request.at("pinned")};
  if (kind == "archive") return action::Archive{jid(request.at("chat")), request.at("archived"), range_of(request)};
  if (kind == "markRead") return action::MarkRead{jid(request.at("chat")), request.at("read"), range_of(request)};
  if (kind == "label") {
    return action::Label{request.at("id"), request.at("name"), request.at("color"), std::nullopt, 0, false};
  }
  if (kind == "labelChat") return action::LabelChat{request.at("id"), jid(request.at("chat")), true};
  if (kind == "star") return action::Star{{jid(request.at("chat")), request.at("id"), true, std::nullopt}, true};
  throw std::runtime_error("no such action: " + kind);
}

class Device {
 public:
  explicit Device(std::uint64_t seed) : random_(seed) {}

  json run(const json& request) {
    const auto op = request.at("op").get<std::string>();
    if (op == "key") {
      ring_.add(bytes(request.at("id")), bytes(request.at("data")));
      key_id_ = bytes(request.at("id"));
      return json::object();
    }
    const auto collection = collection_from_name(request.at("collection").get<std::string>());
    if (!collection) throw std::runtime_error("no such collection");
    if (op == "patch") return patch(*collection, bytes(request.at("bytes")));
    if (op == "snapshot") return snapshot(*collection, bytes(request.at("bytes")));
    if (op == "write") return write(*collection, request.at("actions"));
    throw std::runtime_error("no such operation: " + op);
  }

 private:
  struct Held {
    CollectionState state;
    test::MemoryMacs macs;
  };

  json patch(Collection collection, const Bytes& serialized) {
    proto::SyncdPatch parsed;
    if (!parsed.ParseFromString(to_text(serialized))) throw std::runtime_error("not a patch");
    Held& held = held_[collection];
    return take(held, apply_patch(collection, held.state, held.macs, parsed, ring_));
  }

  json snapshot(Collection collection, const Bytes& serialized) {
    proto::SyncdSnapshot parsed;
    if (!parsed.ParseFromString(to_text(serialized))) throw std::runtime_error("not a snapshot");
    held_.erase(collection);
    return take(held_[collection], apply_snapshot(collection, parsed, ring_));
  }

  json write(Collection collection, const json& actions) {
    std::vector<Mutation> mutations;
    for (const json& one : actions) {
      WrittenAction written = write_action({action_of(one), Wall(Seconds(1'748'736'000))});
      if (written.collection != collection) throw std::runtime_error("an action of another collection");
      mutations.push_back(std::move(written.mutation));
    }
    Held& held = held_[collection];
    const auto built = build_patch(collection, held.state, held.macs, mutations, key_id_, ring_, random_);
    if (!built.ok()) return refused(built.error());
    held.state = built->applied.state;
    held.macs.take(built->applied);
    return {{"patch", to_hex(as_bytes(built->patch.SerializeAsString()))},
            {"version", held.state.version},
            {"hash", to_hex(held.state.hash.bytes())}};
  }

  json take(Held& held, const Result<Applied>& applied) {
    if (!applied.ok()) return refused(applied.error());
    held.state = applied->state;
    held.macs.take(*applied);
    json actions = json::array();
    for (const Mutation& mutation : applied->mutations) {
      const auto action = read_action(mutation);
      if (!action.ok()) {
        actions.push_back(refused(action.error()));
      } else if (*action) {
        actions.push_back(std::visit(Shown{}, (*action)->action));
      }
    }
    return {{"version", held.state.version},
            {"hash", to_hex(held.state.hash.bytes())},
            {"skipped", applied->skipped},
            {"actions", std::move(actions)}};
  }

  KeyRing ring_;
  Bytes key_id_;
  std::map<Collection, Held> held_;
  test::SeededRandom random_;
};

int serve(std::uint64_t seed) {
  Device device(seed);
  for (std::string line; std::getline(std::cin, line);) std::cout << device.run(json::parse(line)).dump() << std::endl;
  return 0;
}

}  // namespace
}  // namespace ponte::protocol::appstate

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: app_state_driver SEED\n";
    return 2;
  }
  return ponte::protocol::appstate::serve(std::stoull(argv[1]));
}
