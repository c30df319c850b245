// GET /api/chat/contacts/:instance (contract 1.7).
#include "api/endpoints/chat_requests.h"
#include "api/message_json.h"

namespace ponte::api {
namespace {

constexpr char kFailed[] = "Failed to get contacts";

constexpr char kAnswer[] = R"({"type":"object","required":["success","message"],"properties":{
"success":{"const":true},"message":{"enum":["Contacts retrieved successfully","Contact retrieved successfully",
"Contact not found"]},
"contacts":{"type":"array","items":{"$ref":"#/components/schemas/Contact"}},"total":{"type":"integer","minimum":0},
"contact":{"anyOf":[{"$ref":"#/components/schemas/Contact"},{"type":"object","required":["found","jid","lid","name"],
"properties":{"found":{"const":false},"jid":{"type":"string"},"lid":{"type":"null"},"name":{"const":""}}}]}}})";

Result<Response> show_one(const EndpointContext& context, const std::string& name, const instance::Jid& who) {
  PONTE_ASSIGN(const auto contact, context.instances.find_contact(name, who));
  Json body = {{"success", true}, {"message", contact ? "Contact retrieved successfully" : "Contact not found"}};
  body["contact"] = contact ? contact_json(*contact)
                            : Json{{"found", false}, {"jid", who.to_string()}, {"lid", nullptr}, {"name", ""}};
  return json_response(body);
}

Result<Response> show(const EndpointContext& context, const std::string& name, const Request& request) {
  PONTE_ASSIGN(const auto who, read_number(request));
  if (who) return show_one(context, name, *who);
  PONTE_ASSIGN(const auto contacts, context.instances.contacts(name));
  Json body = {{"success", true}, {"message", "Contacts retrieved successfully"}, {"contacts", Json::array()}};
  for (const auto& contact : contacts) body["contacts"].push_back(contact_json(contact));
  body["total"] = contacts.size();
  return json_response(body);
}

}  // namespace

Route chat_contacts_route(EndpointContext context) {
  Route route = chat_route("/api/chat/contacts/:instance", "Who the account knows, or one of them", {}, kAnswer);
  route.description = "Reads what is kept here, and needs no connection. Somebody who is not known is `found:false`.";
  route.query = {{"number", "International digits, or a JID: this one alone"}};
  route.answers = {{400, "`Instance name is required`, `Invalid phone number`"}, {500, "`Failed to get contacts`"}};
  route.handler = on_instance([context](const std::string& name, const Request& request, Reply<Response> reply) {
    reply.answer(answer_or_failure(context, request, show(context, name, request), kFailed));
  });
  return route;
}

}  // namespace ponte::api
