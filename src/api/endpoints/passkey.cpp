// /v1/instances/:instance/passkey: what an account with a passkey asks for (wire: pairing.md 7). The account token
// only: whoever may hand in an assertion links the account. No page of ours ever asks for one.
#include "api/endpoints/endpoints.h"
#include "api/json.h"
#include "api/text.h"

namespace ponte::api {
namespace {

using Stage = instance::PasskeyState::Stage;

constexpr char kPath[] = "/v1/instances/:instance/passkey";
constexpr char kAnswer[] = R"({"type":"object","required":["success","message","passkey"],"properties":{
"success":{"const":true},"message":{"enum":["Passkey requested","Assertion handed in","Passkey confirmed"]},
"passkey":{"type":"object","required":["stage","expiresAt"],"properties":{
"stage":{"enum":["requested","submitted","confirm","confirmed","ended"]},
"expiresAt":{"type":"string","format":"date-time"},
"publicKey":{"type":"object","additionalProperties":true,
"description":"In stage requested: for PublicKeyCredential.parseRequestOptionsFromJSON"},
"code":{"type":"string","pattern":"^[0-9A-Z]{4}-[0-9A-Z]{4}$","description":"To be compared with the phone's"}}}}})";

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

const char* stage_name(Stage stage) {
  switch (stage) {
    case Stage::kRequested: return "requested";
    case Stage::kSubmitted: return "submitted";
    case Stage::kConfirm: return "confirm";
    case Stage::kConfirmed: return "confirmed";
    case Stage::kEnded: return "ended";
  }
  return "ended";
}

/// `publicKey`: what PublicKeyCredential.parseRequestOptionsFromJSON() takes, of the server's own text.
Result<Response> passkey_response(const char* message, const instance::PasskeyState& passkey) {
  Json body = {{"success", true}, {"message", message}};
  Json& item = body["passkey"];
  item["stage"] = stage_name(passkey.stage);
  item["expiresAt"] = rfc3339(passkey.expires_at);
  if (passkey.stage == Stage::kRequested) {
    auto options = parse_object(passkey.options);
    if (!options)
      return Error{Errc::kMalformed, Cause::kPairingMalformed, "request options: " + options.error().message};
    const auto wrapped = options->find("publicKey");
    item["publicKey"] = wrapped == options->end() ? std::move(*options) : *wrapped;
  }
  if (passkey.code) item["code"] = *passkey.code;
  return json_response(body);
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
    if (const auto parsed = parse_object(assertion); info && info->passkey && !parsed) {
      return reply.answer(
          failure(context, request, Error{Errc::kInvalidArgument, Cause::kInvalidAssertion, parsed.error().message}));
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
