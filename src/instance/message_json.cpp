#include "instance/message_json.h"

#include "base/utc.h"
#include "base/utf8.h"
#include "instance/content_json.h"

namespace ponte::instance {
namespace {

using Json = nlohmann::ordered_json;
using protocol::messages::Chat;
using protocol::messages::ChatMessage;
using protocol::messages::Content;
using protocol::messages::Kind;
using protocol::messages::LabelChange;
using protocol::messages::LostMessage;
using protocol::messages::MessageState;
using protocol::messages::Party;
using protocol::messages::StatusChange;
using protocol::wire::Jid;

constexpr std::string_view kNewsletterServer = "newsletter";

std::string time_text(Wall at) {
  return utc_text(unix_seconds(at)).value_or("");
}

/// What a peer wrote is in it: never let it break the JSON.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(clean_utf8(text));
}
Json jid_or_null(const std::optional<Jid>& jid) {
  return jid ? Json(jid->without_device().to_string()) : Json(nullptr);
}

/// The phone number's address where it is known: clients write to it.
Json first_of(const Party& party) {
  return jid_or_null(party.pn ? party.pn : party.lid);
}

Json party_json(const Party& party, const std::string& name) {
  return {{"jid", first_of(party)}, {"lid", jid_or_null(party.lid)}, {"name", text_or_null(name)}};
}

bool is_private(const Chat& chat) {
  return chat.other.pn || chat.other.lid;
}

std::string_view chat_type(const Chat& chat) {
  if (chat.jid.server == protocol::wire::kGroupServer) return "group";
  if (chat.jid.server == kNewsletterServer) return "newsletter";
  if (chat.jid.server != protocol::wire::kBroadcastServer) return "private";
  return chat.jid.user == "status" ? "status" : "broadcast";
}

/// `name`: of whom the chat is with, where the chat itself has none.
Json chat_json(const Chat& chat, const std::string& name) {
  Json out = is_private(chat)
                 ? party_json(chat.other, name)
                 : Json{{"jid", chat.jid.to_string()}, {"lid", nullptr}, {"name", text_or_null(chat.name)}};
  if (!chat.name.empty()) out["name"] = clean_utf8(chat.name);
  out["type"] = chat_type(chat);
  return out;
}

Json own_jid(const Telling& telling) {
  return telling.own_jid ? Json(*telling.own_jid) : Json(nullptr);
}

/// What a message and a lost one have in common.
template <typename Message>
struct Head {
  const Message& message;
  const std::string& push_name;
  const Telling& telling;

  const char* direction() const { return message.from_me ? "outgoing" : "incoming"; }
  Json chat() const { return chat_json(message.chat, message.from_me ? std::string() : push_name); }
  Json sender() const {
    Json out = party_json(message.sender, message.from_me && push_name.empty() ? telling.own_name : push_name);
    if (message.from_me && out["jid"].is_null()) out["jid"] = own_jid(telling);
    return out;
  }
  Json recipient() const {
    if (!is_private(message.chat)) return message.chat.jid.to_string();
    return message.from_me ? first_of(message.chat.other) : own_jid(telling);
  }
  void add_to(Json& out, const std::string& id) const {
    out["id"] = id;
    out["direction"] = direction();
    out["timestamp"] = time_text(message.at);
    out["chat"] = chat();
    out["sender"] = sender();
  }
};

/// A message in both shapes: what the catalogue has within `message`, live clients look for beside it.
template <typename Message>
Json exchange(const Head<Message>& head, Json message) {
  Json data;
  head.add_to(data, message["id"]);
  data["recipient"] = head.recipient();
  data["message"] = std::move(message);
  return data;
}

std::string unreserved(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    const auto byte = static_cast<std::uint8_t>(c);
    if (plain) {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 0x0F]};
    }
  }
  return out;
}

Json render(const ChatMessage& message, const Telling& telling) {
  const Head<ChatMessage> head{message, message.push_name, telling};
  const auto read = protocol::messages::read_content(message.content);
  const Content content = read.ok() ? *read : Content{};
  // A revocation goes by the id of the message that it takes back: there is nothing else of it to be named.
  const bool revokes = content.kind == Kind::kRevoke && content.target;
  const std::string own_id = clean_utf8(message.id);
  Json out;
  head.add_to(out, revokes ? content.target->id : own_id);
  out["type"] = kind_name(content.kind);
  out["source"] = text_or_null(message.source);
  out["fromOffline"] = message.from_offline;
  add_content(out, content, telling.base_url + media_path(telling.instance, message.id));
  if (revokes) out["revoke"]["id"] = own_id;
  return out;
}

std::string_view reason_name(LostMessage::Reason reason) {
  switch (reason) {
    case LostMessage::Reason::kUndecryptable: return "undecryptable";
    case LostMessage::Reason::kUnavailable: return "unavailable";
    case LostMessage::Reason::kMalformed: return "malformed";
  }
  return "unavailable";
}

struct Renderer {
  using Rendered = std::optional<std::pair<std::string, std::string>>;
  const Telling& telling;

  Rendered operator()(const protocol::event::MessageExchanged& event) const { return exchanged(event.message); }
  Rendered operator()(const protocol::event::MessageLost& event) const { return exchanged(event.message); }
  Rendered operator()(const protocol::event::StatusChanged& event) const {
    if (!is_told(event.change.chat, telling.settings)) return std::nullopt;
    return std::pair(std::string(kMessageStatus), status_data(event.change, telling));
  }
  template <typename Message>
  Rendered exchanged(const Message& message) const {
    if (!is_told(message.chat, telling.settings)) return std::nullopt;
    return std::pair(std::string(kMessageExchange), exchange_data(message, telling));
  }
  Rendered operator()(const protocol::event::LabelUpdated& event) const {
    return std::pair(std::string(kLabelUpdate), label_data(event.change));
  }
};

}  // namespace

std::optional<std::pair<std::string, std::string>> render_told(const protocol::Told& told, const Telling& telling) {
  return std::visit(Renderer{telling}, told);
}

std::string media_path(std::string_view instance, std::string_view message_id) {
  return "/v1/instances/" + unreserved(instance) + "/messages/" + unreserved(message_id) + "/media";
}

std::string message_json(const ChatMessage& message, const Telling& telling) {
  Json out = render(message, telling);
  const StatusWord status = status_word(message);
  out["status"] = status.name;
  out["statusCode"] = status.code;
  return dump(out);
}

std::string exchange_data(const ChatMessage& message, const Telling& telling) {
  return dump(exchange(Head<ChatMessage>{message, message.push_name, telling}, render(message, telling)));
}

std::string exchange_data(const LostMessage& message, const Telling& telling) {
  static const std::string kNobody;
  const Head<LostMessage> head{message, kNobody, telling};
  Json out;
  head.add_to(out, clean_utf8(message.id));
  out["type"] = reason_name(message.reason);
  out["source"] = nullptr;
  add_content(out, Content{}, {});
  return dump(exchange(head, std::move(out)));
}

std::string label_data(const LabelChange& change) {
  using Kind = LabelChange::Kind;
  if (change.kind == Kind::kEdited || change.kind == Kind::kDeleted) {
    return dump({{"type", "edit"},
                 {"labelId", clean_utf8(change.label_id)},
                 {"name", text_or_null(change.name)},
                 {"color", change.color},
                 {"deleted", change.kind == Kind::kDeleted}});
  }
  const Party& other = change.chat.other;
  const bool labeled = change.kind == Kind::kAssigned;
  return dump({{"type", "chat"},
               {"labelId", clean_utf8(change.label_id)},
               {"name", text_or_null(change.name)},
               {"chatJid", is_private(change.chat) ? first_of(other) : Json(change.chat.jid.to_string())},
               {"action", labeled ? "add" : "remove"},
               {"labeled", labeled}});
}

std::string status_data(const StatusChange& change, const Telling& telling) {
  Json ids = Json::array();
  for (const std::string& id : change.message_ids) ids.push_back(clean_utf8(id));
  Json out = {{"messageIds", std::move(ids)},
              {"status", change_name(change.kind)},
              {"chat", chat_json(change.chat, {})},
              {"recipient", change.of_own_message ? first_of(change.actor) : own_jid(telling)},
              {"sender", party_json(change.actor, {})},
              {"isFromMe", change.of_own_message},
              {"timestamp", time_text(change.at)}};
  if (change.of_own_message && !is_private(change.chat)) out["messageSender"] = own_jid(telling);
  if (change.why) out["error"] = {{"code", cause_name(change.why->cause)}, {"message", change.why->message}};
  return dump(out);
}

bool is_told(const Chat& chat, const Settings& settings) {
  const std::string_view type = chat_type(chat);
  if (type == "group") return !settings.ignore_group_messages;
  return type != "status" || !settings.ignore_status;
}

StatusWord status_word(const ChatMessage& message) {
  switch (message.state) {
    case MessageState::kError: return {"error", -1};
    case MessageState::kRead: return {"read", 4};
    case MessageState::kPlayed: return {"played", 5};
    default: break;
  }
  if (!message.from_me) return {"received", 3};
  if (message.state == MessageState::kPending) return {"pending", 0};
  return message.state == MessageState::kDelivered ? StatusWord{"delivered", 2} : StatusWord{"sent", 1};
}

std::string_view change_name(StatusChange::Kind kind) {
  switch (kind) {
    case StatusChange::Kind::kDelivered: return "delivered";
    case StatusChange::Kind::kInactive: return "inactive";
    case StatusChange::Kind::kSender: return "sender";
    case StatusChange::Kind::kRead: return "read";
    case StatusChange::Kind::kReadSelf: return "read_self";
    case StatusChange::Kind::kPlayed: return "played";
    case StatusChange::Kind::kPlayedSelf: return "played_self";
    case StatusChange::Kind::kRetry: return "retry";
    case StatusChange::Kind::kServerError: return "server_error";
  }
  return "server_error";
}

}  // namespace ponte::instance
