#include "api/link_json.h"

#include <algorithm>

#include "api/instance_json.h"
#include "api/qr_image.h"
#include "api/text.h"

namespace ponte::api {
namespace {

using View = instance::LinkView::State;

constexpr std::int64_t kShortestLife = 1;
constexpr std::int64_t kLongestLife = 30 * 24 * 3600;
constexpr std::int64_t kMostUses = 100;
constexpr std::int64_t kMostHistoryDays = 3650;
constexpr std::size_t kLongestTitle = 100;  ///< characters

constexpr char kLink[] = R"({"type":"object",
"required":["id","title","returnUrl","uses","used","createdAt","expiresAt","state"],"properties":{
"id":{"type":"string","format":"uuid"},
"url":{"type":"string","description":"In the answer that makes it, and never again"},
"token":{"type":"string","description":"Likewise"},
"title":{"type":["string","null"]},"returnUrl":{"type":["string","null"]},
"uses":{"type":"integer","minimum":1},"used":{"type":"integer","minimum":0},
"createdAt":{"type":"string","format":"date-time"},"expiresAt":{"type":"string","format":"date-time"},
"state":{"enum":["open","used","expired","deleted"]}}})";

constexpr char kLinkPage[] = R"({"type":"object","required":["title","returnUrl","expiresAt","uses","used"],
"properties":{"title":{"type":["string","null"]},"returnUrl":{"type":["string","null"]},
"expiresAt":{"type":"string","format":"date-time"},"uses":{"type":"integer","minimum":1},
"used":{"type":"integer","minimum":0}}})";

constexpr char kLinkView[] = R"({"type":"object",
"required":["state","qr","code","passkey","number","reason"],"properties":{
"state":{"enum":["idle","starting","qr","code","passkey","linking","connected","failed"]},
"qr":{"anyOf":[{"type":"null"},{"type":"object","required":["svg","expiresIn"],"properties":{
"svg":{"type":"string"},"expiresIn":{"type":"integer","minimum":0,"description":"Seconds"}}}]},
"code":{"anyOf":[{"type":"null"},{"type":"object","required":["value","expiresIn"],"properties":{
"value":{"type":"string","pattern":"^[1-9A-Z]{4}-[1-9A-Z]{4}$"},
"expiresIn":{"type":"integer","minimum":0,"description":"Seconds"}}}]},
"passkey":{"anyOf":[{"type":"null"},{"$ref":"#/components/schemas/Passkey"}]},
"number":{"description":"With a leading +, once this attempt has linked it","type":["string","null"]},
"reason":{"anyOf":[{"type":"null"},{"$ref":"#/components/schemas/Reason"}]}}})";

Error invalid_link(std::string what) {
  return {Errc::kInvalidArgument, Cause::kInvalidLink, std::move(what)};
}

Json text_or_null(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json(nullptr);
}

std::int64_t seconds_left(const instance::LinkView::Shown& shown, const Now& now) {
  return std::max<std::int64_t>(0, std::chrono::floor<Seconds>(shown.until - now.mono).count());
}

/// Of UTF-8.
std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Status check_title(std::string_view title) {
  const bool has_controls =
      std::any_of(title.begin(), title.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  const std::size_t length = characters_of(title);
  if (length >= 1 && length <= kLongestTitle && !has_controls) return Status::Ok();
  return invalid_link("title: expected 1 to 100 characters without control characters");
}

/// The number of a member, where it is there, in its range.
Result<std::optional<std::int64_t>> number_in(FieldReader& fields, const char* key, std::int64_t least,
                                              std::int64_t most) {
  const auto number = fields.integer(key);
  PONTE_TRY(fields.status());
  if (!number || (*number >= least && *number <= most)) return number;
  return invalid_link(std::string(key) + ": expected a whole number from " + std::to_string(least) + " to " +
                      std::to_string(most));
}

}  // namespace

std::vector<NamedSchema> link_schemas() {
  return {{"Link", kLink}, {"LinkPage", kLinkPage}, {"LinkView", kLinkView}};
}

Json link_page_json(const instance::LinkInfo& link) {
  return {{"title", text_or_null(link.title)},
          {"returnUrl", text_or_null(link.return_url)},
          {"expiresAt", rfc3339(link.expires_at)},
          {"uses", link.uses},
          {"used", link.used}};
}

Json link_json(const instance::LinkInfo& link, Wall now) {
  return {{"id", link.id},
          {"title", text_or_null(link.title)},
          {"returnUrl", text_or_null(link.return_url)},
          {"uses", link.uses},
          {"used", link.used},
          {"createdAt", rfc3339(link.created_at)},
          {"expiresAt", rfc3339(link.expires_at)},
          {"state", instance::standing_name(instance::standing_of(link, now))}};
}

Result<Json> link_view_json(const instance::LinkView& view, const Now& now) {
  Json out = {{"state", instance::link_state_name(view.state)},
              {"qr", nullptr},
              {"code", nullptr},
              {"passkey", nullptr},
              {"number", nullptr},
              {"reason", nullptr}};
  if (view.qr) {
    PONTE_ASSIGN(std::string svg, qr_svg(view.qr->text));
    out["qr"] = {{"svg", std::move(svg)}, {"expiresIn", seconds_left(*view.qr, now)}};
  }
  if (view.code) out["code"] = {{"value", view.code->text}, {"expiresIn", seconds_left(*view.code, now)}};
  if (view.passkey) {
    PONTE_ASSIGN(out["passkey"], passkey_json(*view.passkey));
  }
  if (view.number) out["number"] = "+" + *view.number;
  if (view.reason) out["reason"] = reason_json(*view.reason, view.reason_at);
  return out;
}

Result<instance::LinkRequest> read_link_request(FieldReader& fields) {
  instance::LinkRequest out;
  PONTE_ASSIGN(const auto life, number_in(fields, "expiresIn", kShortestLife, kLongestLife));
  PONTE_ASSIGN(const auto uses, number_in(fields, "uses", 1, kMostUses));
  PONTE_ASSIGN(const auto history, number_in(fields, "history", 1, kMostHistoryDays));
  out.title = fields.string("title");
  out.return_url = fields.string("returnUrl");
  PONTE_TRY(fields.status());
  if (life) out.life = Seconds(*life);
  if (uses) out.uses = static_cast<std::uint32_t>(*uses);
  if (history) out.history_days = static_cast<std::uint32_t>(*history);
  if (out.title) PONTE_TRY(check_title(*out.title));
  if (out.return_url) PONTE_TRY(instance::check_return_url(*out.return_url));
  return out;
}

}  // namespace ponte::api
