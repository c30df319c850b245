// /v1/instances/:instance/passkey: what an account with a passkey asks for (wire: pairing.md 7). The account token
// only: whoever may hand in an assertion links the account. No page of ours ever asks for one.
#include "api/endpoints/endpoints.h"
#include "api/instance_json.h"
#include "api/json.h"

namespace ponte::api {
namespace {

constexpr char kPath[] = "/v1/instances/:instance/passkey";
constexpr char kAnswer[] = R"({"type":"object","required":["success","message","passkey"],"properties":{
"success":{"const":true},"message":{"enum":["Passkey requested","Assertion handed in","Passkey confirmed"]},
"passkey":{"$ref":"#/components/schemas/Passkey"}}})";

constexpr char kAssertion[] = R"({"type":"object","additionalProperties":true,
"required":["id","rawId","type","response"],"properties":{
"id":{"type":"string","pattern":"^[A-Za-z0-9_-]+$"},"rawId":{"type":"string","pattern":"^[A-Za-z0-9_-]+$"},
"type":{"const":"public-key"},
"response":{"type":"object","additionalProperties":true,
"required":["clientDataJSON","authenticatorData","signature"],"properties":{
"clientDataJSON":{"type":"string","pattern":"^[A-Za-z0-9_-]+$"},
"authenticatorData":{"type":"string","pattern":"^[A-Za-z0-9_-]+$"},
"signature":{"type":"string","pattern":"^[A-Za-z0-9_-]+$"},
"userHandle":{"type":["string","null"],"pattern":"^[A-Za-z0-9_-]+$"}}}}})";

Result<Response> passkey_response(const char* message, const instance::PasskeyState& passkey) {
  PONTE_ASSIGN(Json shown, passkey_json(passkey));
  return json_response({{"success", true}, {"message", message}, {"passkey", std::move(shown)}});
}

Reply<instance::PasskeyState> passkey_answering(const EndpointContext& context, Request request, Reply<Response> reply,
                                                const char* done, const char* failed) {
  return answering<instance::PasskeyState>(
      context, std::move(request), std::move(reply), failed,
      [done](const instance::PasskeyState& passkey) { return passkey_response(done, passkey); });
}

Route passkey_route(Method method, std::string_view path, std::string_view summary) {
  Route route;
  route.method = method;
  route.path = path;
  route.auth = Auth::kAccount;
  route.limit = Limit::kGlobal;
  route.summary = summary;
  route.tag = "Passkeys";
  route.response_schema = kAnswer;
  return route;
}

}  // namespace

Status check_assertion(std::string_view text) {
  const auto parsed = parse_object(text);
  if (parsed.ok()) return Status::Ok();
  return Error{Errc::kInvalidArgument, Cause::kInvalidAssertion, parsed.error().message};
}

std::string_view passkey_assertion_schema() {
  return kAssertion;
}

Route passkey_read_route(EndpointContext context) {
  Route route = passkey_route(Method::kGet, kPath, "What the account's passkey is to sign, or the code to compare");
  route.answers = {{404, "`Instance not found`, `No passkey is asked for`"},
                   {500, "`Failed to read the passkey request`"}};
  route.handler = on_info(context, "Failed to read the passkey request",
                          [](const instance::InstanceInfo& info) -> Result<Response> {
                            if (info.passkey) return passkey_response("Passkey requested", *info.passkey);
                            return Error{Errc::kNotFound, Cause::kPasskeyNotRequested,
                                         "the account asks for none, or no link is under way"};
                          });
  return route;
}

Route passkey_submit_route(EndpointContext context) {
  Route route = passkey_route(Method::kPost, kPath, "Hand in the assertion, as PublicKeyCredential.toJSON() gives it");
  route.description = "Answers when WhatsApp has taken or refused it.";
  route.request_schema = kAssertion;
  route.answers = {{400, "`Instance name is required`, `Invalid passkey assertion`"},
                   {404, "`Instance not found`, `No passkey is asked for`"},
                   {409, "`No passkey is asked for`: out of turn"},
                   {500, "`Failed to hand in the assertion`"}};
  route.audit = "passkey.submit";
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    std::string assertion = std::move(request.body);
    const auto info = context.instances.find(name);
    // Whose turn it is not is told that first.
    if (const Status well_formed = check_assertion(assertion); info && info->passkey && !well_formed.ok()) {
      return reply.answer(failure(context, request, well_formed.error()));
    }
    context.instances.submit_passkey(name, std::move(assertion),
                                     passkey_answering(context, std::move(request), std::move(reply),
                                                       "Assertion handed in", "Failed to hand in the assertion"));
  });
  return route;
}

Route passkey_confirm_route(EndpointContext context) {
  Route route = passkey_route(Method::kPost, "/v1/instances/:instance/passkey/confirm",
                              "The code on the phone is the same: link");
  route.description = "A body is ignored. Then poll list.";
  route.answers = {{404, "`Instance not found`, `No passkey is asked for`"},
                   {409, "`No passkey is asked for`: out of turn"},
                   {500, "`Failed to confirm the passkey`"}};
  route.audit = "passkey.confirm";
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    context.instances.confirm_passkey(name, passkey_answering(context, std::move(request), std::move(reply),
                                                              "Passkey confirmed", "Failed to confirm the passkey"));
  });
  return route;
}

}  // namespace ponte::api
