#include "simulator/admin_messages.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "simulator/admin_faults.h"
#include "simulator/messaging_answers.h"
#include "simulator/phone_content.h"
#include "simulator/phone_media.h"
#include "simulator/phone_messaging.h"

namespace ponte::simulator {
namespace {

using nlohmann::json;
using protocol::wire::Jid;
using protocol::wire::Node;

/// Who writes where nobody is named.
constexpr const char* kContact = "5511800000001";
constexpr std::size_t kInState = 50;
constexpr std::uint64_t kMostAtOnce = 10'000;

Result<std::string> number_of(const json& body, const char* name) {
  PONTE_ASSIGN(const auto number, text_member(body, name));
  if (!number || !is_phone_number(*number)) {
    return invalid(std::string(name) + ": expected 7 to 15 digits, not 0 first");
  }
  return *number;
}

Result<std::vector<std::string>> texts_of(const json& body, const char* name) {
  std::vector<std::string> out;
  if (!body.contains(name)) return out;
  if (!body[name].is_array()) return invalid(std::string(name) + ": expected a list of texts");
  for (const json& one : body[name]) {
    if (!one.is_string()) return invalid(std::string(name) + ": expected a list of texts");
    out.push_back(one.get<std::string>());
  }
  return out;
}

Result<Group*> group_of(const Call& call) {
  PONTE_ASSIGN(const auto id, text_member(call.body, "group"));
  Group* group = id ? call.server.world().groups.find(*id) : nullptr;
  if (group == nullptr) return Error{Errc::kNotFound, Cause::kInvalidRequest, "no such group"};
  return group;
}

/// The device that acts: "number" or what `name` says, and "device", which is the phone where absent.
Result<PhoneMessaging*> device_of(const Call& call, const char* name) {
  PONTE_ASSIGN(const std::string number, number_of(call.body, name));
  PONTE_ASSIGN(const auto device, number_member(call.body, "device"));
  World& world = call.server.world();
  world.accounts.get(number);
  PhoneMessaging* out = world.phones.find({number, static_cast<std::uint16_t>(device.value_or(0))});
  if (out == nullptr) return Error{Errc::kNotFound, Cause::kInvalidNumber, "the simulator does not run that device"};
  return out;
}

Result<Addressing> addressing_of(const json& body) {
  PONTE_ASSIGN(const auto name, text_member(body, "addressing"));
  if (!name || *name == "lid") return Addressing::kLid;
  if (*name == "pn") return Addressing::kPn;
  return invalid("addressing: expected lid or pn");
}

/// The chat that "group" or "to" names ("number" means the same as "to").
Result<Jid> chat_of(const Call& call) {
  if (call.body.contains("group")) {
    PONTE_ASSIGN(const Group* group, group_of(call));
    return group->jid;
  }
  PONTE_ASSIGN(const std::string number, number_of(call.body, call.body.contains("to") ? "to" : "number"));
  return call.server.world().accounts.get(number).lid(0);
}

/// With "image", the bytes of a picture in hex, "text" is its caption; "status": what the media host answers.
Result<Bytes> image_of(World& world, PhoneMessaging& device, const json& body) {
  PONTE_ASSIGN(const auto hex, text_member(body, "image"));
  PONTE_ASSIGN(const auto text, text_member(body, "text"));
  PONTE_ASSIGN(const auto status, number_member(body, "status"));
  const auto bytes = from_hex(hex.value_or(""));
  if (!bytes.ok()) return invalid("image: expected hex");
  return image_message(world, device, *bytes, text.value_or(""), static_cast<unsigned>(status.value_or(200)));
}

Result<Bytes> message_of(World& world, PhoneMessaging& device, const json& body) {
  if (body.contains("image")) return image_of(world, device, body);
  PONTE_ASSIGN(const auto text, text_member(body, "text"));
  PONTE_ASSIGN(const auto raw, text_member(body, "message"));
  if (raw) {
    auto bytes = from_hex(*raw);
    return bytes.ok() ? std::move(bytes) : invalid("message: expected hex");
  }
  if (!text) return invalid("expected text, or message in hex");
  return text_message(*text);
}

Result<json> send(const Call& call) {
  json body = call.body;
  if (!body.contains("from")) body["from"] = kContact;
  PONTE_ASSIGN(PhoneMessaging * device, device_of({call.server, call.now, body}, "from"));
  Outgoing outgoing;
  PONTE_ASSIGN(outgoing.chat, chat_of(call));
  PONTE_ASSIGN(outgoing.message, message_of(call.server.world(), *device, body));
  PONTE_ASSIGN(outgoing.addressing, addressing_of(body));
  PONTE_ASSIGN(const auto id, text_member(body, "id"));
  PONTE_ASSIGN(const auto type, text_member(body, "type"));
  PONTE_ASSIGN(const auto edit, text_member(body, "edit"));
  PONTE_ASSIGN(const auto count, number_member(body, "count"));
  PONTE_ASSIGN(const auto defect, text_member(body, "defect"));
  outgoing.id = id.value_or("");
  outgoing.type = type.value_or("text");
  outgoing.edit = edit.value_or("");
  const auto known = send_defect_from_name(defect.value_or("none"));
  if (!known) return invalid("defect: unknown name");
  if (count.value_or(1) > kMostAtOnce) return invalid("count: at most 10000");
  outgoing.defect = *known;
  json ids = json::array();
  const bool several = count.value_or(1) > 1;
  for (std::uint64_t i = 1; i <= count.value_or(1); ++i) {
    Outgoing one = outgoing;
    if (several && body.contains("text"))
      one.message = text_message(body["text"].get<std::string>() + " " + std::to_string(i));
    if (several && i > 1) one.id.clear();
    PONTE_ASSIGN(const std::string sent, device->send(one, call.now));
    ids.push_back(sent);
    call.server.world().router.settle(call.now);
  }
  return json{{"id", ids.front()}, {"ids", ids}, {"from", device->id().number}};
}

Result<json> receipt(const Call& call) {
  PONTE_ASSIGN(PhoneMessaging * device, device_of(call, "from"));
  PONTE_ASSIGN(const Jid chat, chat_of(call));
  PONTE_ASSIGN(const std::vector<std::string> ids, texts_of(call.body, "ids"));
  PONTE_ASSIGN(const auto type, text_member(call.body, "type"));
  if (ids.empty()) return invalid("ids: expected at least one");
  std::optional<Jid> author;
  if (call.body.contains("author")) {
    PONTE_ASSIGN(const std::string number, number_of(call.body, "author"));
    author = call.server.world().accounts.get(number).lid(0);
  }
  device->send_receipt(chat, ids, type.value_or("read"), author);
  call.server.world().router.settle(call.now);
  return json::object();
}

Result<json> chatstate(const Call& call) {
  PONTE_ASSIGN(PhoneMessaging * device, device_of(call, "from"));
  PONTE_ASSIGN(const Jid chat, chat_of(call));
  PONTE_ASSIGN(const auto state, text_member(call.body, "state"));
  World& world = call.server.world();
  world.router.submit_simulated(device->id(),
                                Node("chatstate").with("to", chat).child(Node(state.value_or("composing"))));
  world.router.settle(call.now);
  return json::object();
}

Result<json> presence(const Call& call) {
  PONTE_ASSIGN(PhoneMessaging * device, device_of(call, "from"));
  PONTE_ASSIGN(const auto available, bool_member(call.body, "available"));
  World& world = call.server.world();
  world.router.submit_simulated(device->id(),
                                Node("presence").with("type", available.value_or(true) ? "available" : "unavailable"));
  world.router.settle(call.now);
  return json::object();
}

Result<json> create_a_group(const Call& call) {
  PONTE_ASSIGN(const std::string creator, number_of(call.body, "creator"));
  PONTE_ASSIGN(const std::vector<std::string> members, texts_of(call.body, "members"));
  PONTE_ASSIGN(const auto subject, text_member(call.body, "subject"));
  PONTE_ASSIGN(const Addressing addressing, addressing_of(call.body));
  for (const std::string& number : members) {
    if (!is_phone_number(number)) return invalid("members: expected phone numbers");
  }
  World& world = call.server.world();
  const Group& group = create_group(world, subject.value_or("Group"), creator, members, addressing, call.now);
  world.router.settle(call.now);
  return json{{"id", group.jid.to_string()}};
}

Result<json> change_group(const Call& call, MemberChange::Kind kind) {
  PONTE_ASSIGN(Group * group, group_of(call));
  MemberChange change{kind, group->creator, {}};
  PONTE_ASSIGN(change.numbers, texts_of(call.body, "members"));
  if (call.body.contains("by")) {
    PONTE_ASSIGN(change.by, number_of(call.body, "by"));
  }
  for (const std::string& number : change.numbers) {
    if (!is_phone_number(number)) return invalid("members: expected phone numbers");
  }
  change_members(call.server.world(), *group, change, call.now);
  call.server.world().router.settle(call.now);
  return json{{"id", group->jid.to_string()}, {"size", group->members.size()}};
}

Result<json> add_members(const Call& call) {
  return change_group(call, MemberChange::Kind::kAdd);
}

Result<json> remove_members(const Call& call) {
  return change_group(call, MemberChange::Kind::kRemove);
}

Result<json> phone(const Call& call) {
  PONTE_ASSIGN(PhoneMessaging * device, device_of(call, "number"));
  PONTE_ASSIGN(const auto name, text_member(call.body, "pushName"));
  PONTE_ASSIGN(const auto reads, bool_member(call.body, "reads"));
  if (name) device->account().push_name = *name;
  if (reads) device->set_reads_at_once(*reads);
  const Account& account = device->account();
  return json{{"number", account.number},
              {"jid", account.jid(0).to_string()},
              {"lid", account.lid(0).to_string()},
              {"pushName", account.push_name}};
}

Result<json> companion(const Call& call) {
  PONTE_ASSIGN(const std::string number, number_of(call.body, "number"));
  World& world = call.server.world();
  Account& account = world.accounts.get(number);
  world.phones.phone(account);
  const DeviceId id = world.phones.link(account, call.now).id();
  world.router.notify_devices(account, "add", id.device, call.now);
  world.router.settle(call.now);
  return json{{"device", id.device}, {"lid", account.lid(id.device).to_string()}};
}

Result<json> forget_sessions(const Call& call) {
  PONTE_ASSIGN(PhoneMessaging * device, device_of(call, "number"));
  device->forget_sessions();
  return json::object();
}

Result<json> refuse(const Call& call) {
  PONTE_ASSIGN(const auto number, text_member(call.body, "number"));
  PONTE_ASSIGN(const auto code, number_member(call.body, "code"));
  PONTE_ASSIGN(const auto next, number_member(call.body, "next"));
  if (!code) return invalid("code is missing");
  call.server.world().router.faults().refuse(number.value_or(""), static_cast<unsigned>(*code),
                                             static_cast<unsigned>(next.value_or(1)));
  return json::object();
}

Result<json> delivery(const Call& call) {
  PONTE_ASSIGN(const auto number, text_member(call.body, "number"));
  PONTE_ASSIGN(const auto name, text_member(call.body, "mode"));
  PONTE_ASSIGN(const auto next, number_member(call.body, "next"));
  PONTE_ASSIGN(const auto pull, bool_member(call.body, "pull"));
  World& world = call.server.world();
  if (pull) world.router.faults().pull_offline = *pull;
  if (pull && !name) return json::object();
  if (name == "release") {
    world.router.faults().set_mode(number.value_or(""), DeliveryMode::kNormal, std::nullopt);
    const unsigned released = world.router.release(call.now);
    world.router.settle(call.now);
    return json{{"released", released}};
  }
  const auto mode = delivery_mode_from_name(name.value_or(""));
  if (!mode) return invalid("mode: expected normal, duplicate, reorder, drop, lose, hold, damage or release");
  std::optional<unsigned> count;
  if (next) count = static_cast<unsigned>(*next);
  if (count == 0u) return invalid("next: expected at least 1");
  world.router.faults().set_mode(number.value_or(""), *mode, count);
  return json::object();
}

json read_json(const ReadMessage& message) {
  return {{"id", message.id},
          {"from", message.from.to_string()},
          {"chat", message.chat.to_string()},
          {"own", message.own},
          {"kind", message.kind},
          {"text", message.text},
          {"t", unix_seconds(message.at)},
          {"retries", message.retries}};
}

json list_json(const PhoneMessaging& device, std::size_t after) {
  json out = json::array();
  const auto& read = device.read();
  for (std::size_t i = std::min(after, read.size()); i < read.size(); ++i) {
    out.push_back(read_json(read[i]));
    out.back()["content"] = to_hex(read[i].content);
  }
  return out;
}

Result<json> messages(const Call& call) {
  PONTE_ASSIGN(PhoneMessaging * device, device_of(call, "number"));
  PONTE_ASSIGN(const auto after, number_member(call.body, "after"));
  json receipts = json::array();
  for (const SeenReceipt& one : device->receipts()) {
    receipts.push_back({{"id", one.id}, {"type", one.type}, {"from", one.from.to_string()}});
  }
  return json{{"read", list_json(*device, static_cast<std::size_t>(after.value_or(0)))},
              {"receipts", std::move(receipts)},
              {"heard", device->heard()}};
}

constexpr std::array<HandlerRow, 13> kHandlers = {{{"send", send},
                                                   {"receipt", receipt},
                                                   {"chatstate", chatstate},
                                                   {"presence", presence},
                                                   {"messages", messages},
                                                   {"group", create_a_group},
                                                   {"group/add", add_members},
                                                   {"group/remove", remove_members},
                                                   {"phone", phone},
                                                   {"companion", companion},
                                                   {"forget-sessions", forget_sessions},
                                                   {"refuse", refuse},
                                                   {"delivery", delivery}}};

}  // namespace

std::span<const HandlerRow> message_calls() {
  return kHandlers;
}

json messaging_json(PhoneMessaging& device) {
  const PhoneMessaging::Counts& counts = device.counts();
  json read = json::array();
  const auto& all = device.read();
  for (std::size_t i = all.size() - std::min(all.size(), kInState); i < all.size(); ++i) {
    read.push_back(read_json(all[i]));
  }
  return {{"device", device.id().device},
          {"sent", counts.sent},
          {"readCount", counts.read},
          {"duplicates", counts.duplicates},
          {"failures", counts.failures},
          {"lastFailure", device.last_failure()},
          {"retriesAsked", counts.retries_asked},
          {"retriesAnswered", counts.retries_answered},
          {"retriesUnanswered", counts.retries_unanswered},
          {"refused", counts.refused},
          {"hashMismatches", counts.hash_mismatches},
          {"receipts", device.receipts().size()},
          {"read", std::move(read)}};
}

json groups_json(World& world) {
  json out = json::array();
  for (const auto& [id, group] : world.groups.all()) {
    json members = json::array();
    for (const auto& [number, rank] : group->members) members.push_back(number);
    out.push_back({{"id", group->jid.to_string()},
                   {"subject", group->subject},
                   {"creator", group->creator},
                   {"addressing", addressing_name(group->addressing)},
                   {"members", std::move(members)}});
  }
  return out;
}

}  // namespace ponte::simulator
