#include "instance/content_json.h"

#include "base/hex.h"
#include "base/utc.h"

namespace ponte::instance {
namespace {

using Json = nlohmann::ordered_json;
using namespace protocol::messages;

std::string time_text(Wall at) {
  return utc_text(unix_seconds(at)).value_or("");
}

/// Without what is empty.
void add(Json& out, const char* key, const std::string& text) {
  if (!text.empty()) out[key] = text;
}
void add(Json& out, const char* key, std::uint64_t number) {
  if (number != 0) out[key] = number;
}

/// Both spellings of the contract: of its catalogue, and of what is seen live.
Json media_json(const Content& content, const std::string& url) {
  const Media& media = *content.media;
  Json out = {{"type", kind_name(content.kind == Kind::kEdit ? content.edited_kind : content.kind)},
              {"url", media.retrievable ? Json(url) : Json(nullptr)},
              {"s3Url", nullptr},
              {"mimetype", media.mimetype},
              {"mimeType", media.mimetype}};
  add(out, "fileName", media.file_name);
  add(out, "caption", content.text);
  add(out, "size", media.size);
  add(out, "duration", media.seconds);
  add(out, "width", media.width);
  add(out, "height", media.height);
  add(out, "pages", media.pages);
  add(out, "sha256", to_hex(media.sha256));
  out["isVoiceNote"] = content.kind == Kind::kPtt;
  if (media.gif) out["isGif"] = true;
  if (media.animated) out["isAnimated"] = true;
  return out;
}

Json place_json(const Place& place) {
  Json out = {{"latitude", place.latitude}, {"longitude", place.longitude}};
  add(out, "name", place.name);
  add(out, "address", place.address);
  add(out, "url", place.url);
  return out;
}

Json card_json(const ContactCard& card) {
  return {{"display_name", card.display_name}, {"phone_number", card.phone_number}, {"vcard", card.vcard}};
}

Json choices_json(const std::vector<Choice>& choices) {
  Json out = Json::array();
  for (const Choice& choice : choices) {
    out.push_back({{"id", choice.id}, {"title", choice.title}});
    add(out.back(), "description", choice.description);
  }
  return out;
}

/// Title, text and footer of something with buttons or rows.
Json menu_json(const Content& content) {
  Json out = {{"title", content.title}, {"body", content.text}, {"footer", content.footer}};
  if (content.kind == Kind::kButtons) out["buttons"] = choices_json(content.options);
  if (content.kind != Kind::kList) return out;
  out["buttonText"] = content.button;
  out["sections"] = Json::array();
  for (const Section& section : content.sections) {
    out["sections"].push_back({{"title", section.title}, {"rows", choices_json(section.rows)}});
  }
  return out;
}

/// A text of the outermost object; the parameters of a flow are a stranger's JSON.
std::string text_member(const std::string& object, const char* key) {
  const auto shallow = [](int depth, Json::parse_event_t, Json&) { return depth <= 1; };
  const Json parsed = Json::parse(object, shallow, false);
  if (!parsed.is_object()) return {};
  const auto found = parsed.find(key);
  return found != parsed.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void add_chosen(Json& out, const Content& content) {
  const Chosen& chosen = *content.chosen;
  Json& interactive = out["interactive"];
  interactive = Json::object();
  add(interactive, "title", chosen.title);
  if (chosen.card) interactive["selectedCarouselCardIndex"] = *chosen.card;
  switch (content.kind) {
    case Kind::kListResponse:
      interactive["selectedRowId"] = chosen.id;
      interactive["selectedReply"]["selectedRowID"] = chosen.id;
      out["list_response"] = {{"title", chosen.title}, {"body", chosen.description}};
      out["list_response"]["single_select_reply"]["option_name"] = chosen.id;
      return;
    case Kind::kInteractiveResponse:
      add(interactive, "selectedButtonId", text_member(chosen.flow_params, "id"));
      add(interactive, "flow_token", text_member(chosen.flow_params, "flow_token"));
      add(interactive, "flowName", chosen.flow_name);
      add(interactive, "flowParams", chosen.flow_params);
      return;
    default:
      interactive["selectedButtonId"] = chosen.id;
      out["button_response"] = {{"title", chosen.title}, {"body", ""}, {"selected_button_id", chosen.id}};
  }
}

Json event_json(const Event& event) {
  Json out = {{"name", event.name}, {"description", event.description}, {"isCanceled", event.canceled}};
  add(out, "joinLink", event.join_link);
  if (event.place) out["location"] = place_json(*event.place);
  if (event.starts_at) out["startAt"] = time_text(*event.starts_at);
  if (event.ends_at) out["endAt"] = time_text(*event.ends_at);
  return out;
}

Json target_json(const Target& target) {
  Json out = {{"message_id", target.id}};
  add(out, "participant", target.participant);
  return out;
}

/// Of those that are about another message.
void add_target(Json& out, const Content& content) {
  const Target& target = *content.target;
  switch (content.kind) {
    case Kind::kReaction:
      out["reaction"] = target_json(target);
      out["reaction"]["text"] = out["reaction"]["emoji"] = content.text;
      return;
    case Kind::kEdit:
      out["edit"] = {{"original_id", target.id}, {"text", content.text}, {"type", kind_name(content.edited_kind)}};
      return;
    case Kind::kRevoke: out["revoke"] = target_json(target); return;
    case Kind::kPin:
    case Kind::kKeep: out["pin"] = target_json(target); break;
    default: out["target"] = target_json(target); return;
  }
  out["pin"]["removed"] = content.removes;
}

void add_parts(Json& out, const Content& content) {
  if (content.place) out["location"] = place_json(*content.place);
  if (content.kind == Kind::kContact) out["contact"] = card_json(content.contacts.front());
  if (content.kind == Kind::kContacts) {
    out["contacts"] = Json::array();
    for (const ContactCard& card : content.contacts) out["contacts"].push_back(card_json(card));
  }
  if (content.kind == Kind::kPoll) {
    out["poll"] = {{"title", content.text}, {"options", Json::array()}, {"selectable", content.selectable}};
    for (const Choice& option : content.options) out["poll"]["options"].push_back({{"name", option.title}});
  }
  if (content.kind == Kind::kButtons) out["buttons"] = menu_json(content);
  if (content.kind == Kind::kList) out["list"] = menu_json(content);
  if (content.kind == Kind::kTemplate) out["template"] = menu_json(content);
  if (content.kind == Kind::kInteractive) out["interactive"] = menu_json(content);
  if (content.chosen) add_chosen(out, content);
  if (content.invite) {
    out["groupInvite"] = {
        {"groupJid", content.invite->group_jid}, {"code", content.invite->code}, {"name", content.invite->group_name}};
    if (content.invite->expires_at) out["groupInvite"]["expiresAt"] = time_text(*content.invite->expires_at);
  }
  if (content.event) out["event"] = event_json(*content.event);
}

void add_context(Json& out, const Content& content) {
  if (content.reply) {
    out["reply"] = {{"message_id", content.reply->id}, {"text", content.reply->text}};
    add(out["reply"], "participant", content.reply->participant);
    if (content.reply->kind != Kind::kUnknown) out["reply"]["type"] = kind_name(content.reply->kind);
  }
  if (!content.mentions.empty() || content.mentions_all) {
    out["mentions"] = {{"mentionedUsers", content.mentions}, {"all", content.mentions_all}};
  }
  if (content.forwarded) out["isForwarded"] = true;
  add(out, "forwardingScore", content.forwarding_score);
  if (content.view_once) out["isViewOnce"] = true;
  add(out, "expiration", content.expiration);
  if (content.encrypted) out["isEncrypted"] = true;
  if (content.truncated) out["isTruncated"] = true;
}

}  // namespace

void add_content(Json& out, const Content& content, const std::string& media_url) {
  out["content"]["text"] = content.text;
  out["text"] = content.text;
  out["isEdit"] = content.kind == Kind::kEdit;
  out["media"] = content.media ? media_json(content, media_url) : Json(nullptr);
  out["edit"] = nullptr;
  if (content.target) add_target(out, content);
  add_parts(out, content);
  add_context(out, content);
}

}  // namespace ponte::instance
