#include "simulator/admin.h"

#include <array>
#include <nlohmann/json.hpp>

#include "crypto/base64.h"
#include "simulator/admin_call.h"
#include "simulator/admin_faults.h"
#include "simulator/admin_history.h"
#include "simulator/admin_hostile.h"
#include "simulator/admin_messages.h"
#include "simulator/admin_state.h"

namespace ponte::simulator {
namespace {

using nlohmann::json;
using protocol::wire::Node;
using protocol::wire::server_jid;

constexpr std::string_view kPrefix = "/admin/";

int status_of(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument: return 400;
    case Errc::kNotFound: return 404;
    case Errc::kRejected:
    case Errc::kUntrusted:
    case Errc::kUnavailable: return 409;
    case Errc::kUnsupported: return 501;
    case Errc::kNotConnected: return 503;
    case Errc::kTimedOut: return 504;
    default: return 500;
  }
}

AdminResponse error_response(const Error& error) {
  // What a client sent may be quoted in a message: never let it break the JSON.
  return {status_of(error.code), json{{"error", {{"code", cause_name(error.cause)}, {"message", error.message}}}}.dump(
                                     -1, ' ', false, json::error_handler_t::replace)};
}

AdminResponse ok_response(const json& body) {
  return {200, body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

Result<json> with_faults(const Call& call, const Faults& faults, const Scope& scope) {
  if (scope.number || scope.connection || scope.next) {
    PONTE_TRY(call.server.set_faults(faults, scope));
    return json::object();
  }
  // A failure without a scope is meant for whoever connects next, not for ever.
  Faults lasting = faults;
  if (lasting.failure) {
    Faults once;
    Scope next_connection;
    next_connection.next = 1;
    once.failure = std::exchange(lasting.failure, std::nullopt);
    PONTE_TRY(call.server.set_faults(once, next_connection));
  }
  PONTE_TRY(call.server.set_faults(lasting, scope));
  return json::object();
}

Result<json> fail(const Call& call) {
  PONTE_ASSIGN(const Faults faults, read_faults(call.body));
  PONTE_ASSIGN(const Scope scope, read_scope(call.body));
  PONTE_ASSIGN(const auto at_once, bool_member(call.body, "now"));
  if (at_once.value_or(false)) {
    if (!faults.failure) return invalid("now: expected a failure");
    PONTE_ASSIGN(const Target target, read_target(call.body));
    return count_json(call.server.send_failure(target, *faults.failure, call.now));
  }
  return with_faults(call, faults, scope);
}

Result<json> slow(const Call& call) {
  PONTE_ASSIGN(const auto delay, number_member(call.body, "ms"));
  PONTE_ASSIGN(const Scope scope, read_scope(call.body));
  if (!delay) return invalid("ms is missing");
  Faults faults;
  faults.delay = Milliseconds(static_cast<Milliseconds::rep>(*delay));
  return with_faults(call, faults, scope);
}

Result<json> split(const Call& call) {
  PONTE_ASSIGN(const auto mode, text_member(call.body, "mode"));
  PONTE_ASSIGN(const Scope scope, read_scope(call.body));
  Faults faults;
  faults.packing = packing_from_name(mode.value_or("random"));
  if (!faults.packing) return invalid("mode: expected none, bytes, random or join");
  return with_faults(call, faults, scope);
}

Result<json> chain(const Call& call) {
  PONTE_ASSIGN(const auto defect, text_member(call.body, "defect"));
  PONTE_ASSIGN(const Scope scope, read_scope(call.body));
  Faults faults;
  faults.chain = chain_defect_from_name(defect.value_or(""));
  if (!faults.chain) return invalid("defect: unknown name");
  return with_faults(call, faults, scope);
}

Result<json> drop(const Call& call) {
  PONTE_ASSIGN(const Target target, read_target(call.body));
  PONTE_ASSIGN(const auto clean, bool_member(call.body, "clean"));
  const auto kind = clean.value_or(false) ? Close::Kind::kNormal : Close::Kind::kAbort;
  return count_json(call.server.drop(target, kind, call.now));
}

Result<json> stream_error(const Call& call) {
  PONTE_ASSIGN(const Target target, read_target(call.body));
  PONTE_ASSIGN(const auto code, number_member(call.body, "code"));
  PONTE_ASSIGN(const auto conflict, text_member(call.body, "conflict"));
  return count_json(
      call.server.send_stream_error(target, static_cast<unsigned>(code.value_or(0)), conflict.value_or(""), call.now));
}

Result<json> garbage(const Call& call) {
  PONTE_ASSIGN(const Target target, read_target(call.body));
  return count_json(call.server.send_garbage(target, call.now));
}

Result<json> ping(const Call& call) {
  PONTE_ASSIGN(const Target target, read_target(call.body));
  return count_json(call.server.ping(target, call.now));
}

Result<json> rotate(const Call& call) {
  PONTE_ASSIGN(const Target target, read_target(call.body));
  return count_json(call.server.rotate(target, call.now));
}

Result<json> refresh_code(const Call& call) {
  PONTE_ASSIGN(const Target target, read_target(call.body));
  PONTE_ASSIGN(const auto manual, bool_member(call.body, "manual"));
  return count_json(call.server.refresh_code(target, manual.value_or(false), call.now));
}

Result<json> unlink(const Call& call) {
  PONTE_ASSIGN(const auto number, text_member(call.body, "number"));
  PONTE_ASSIGN(const auto device, number_member(call.body, "device"));
  if (!number) return invalid("number is missing");
  std::optional<std::uint16_t> chosen;
  if (device) chosen = static_cast<std::uint16_t>(*device);
  PONTE_ASSIGN(const unsigned count, call.server.unlink(*number, chosen, call.now));
  return json{{"companions", count}};
}

Result<json> passkey_assertion(const Call& call) {
  if (!call.body.contains("options")) return invalid("options is missing");
  const json& options = call.body["options"];
  PONTE_ASSIGN(const Assertion assertion,
               call.server.passkey_assertion(options.is_string() ? options.get<std::string>() : options.dump()));
  return json{{"assertion", json::parse(assertion.json)},
              {"credentialId", crypto::base64_url(assertion.credential_id)}};
}

Result<json> prekeys(const Call& call) {
  PONTE_ASSIGN(const auto number, text_member(call.body, "number"));
  PONTE_ASSIGN(const auto left, number_member(call.body, "left"));
  if (!number) return invalid("number is missing");
  PONTE_ASSIGN(const unsigned count,
               call.server.use_prekeys(*number, static_cast<std::size_t>(left.value_or(0)), call.now));
  return count_json(count);
}

/// Stanzas that real servers send and that a client must live with.
std::optional<Node> sample_stanza(std::string_view name, const Now& now) {
  const std::string time = std::to_string(unix_seconds(now.wall));
  const auto notification = [&](std::string_view type) {
    return Node("notification").with("type", type).with("from", server_jid()).with("t", time);
  };
  if (name == "psa") return notification("psa");
  if (name == "passkey") {
    return notification("passkey_prologue_request")
        .child(
            Node("passkey_request_options")
                .bytes(as_bytes(
                    R"({"challenge":"c2ltdWxhdG9y","timeout":600000,"rpId":"whatsapp.com","allowCredentials":[],"userVerification":"required"})")));
  }
  if (name == "downgrade") return Node("ib").with("from", server_jid()).child(Node("downgrade_webclient"));
  if (name == "expiration")
    return Node("ib").with("from", server_jid()).child(Node("client_expiration").with("t", time));
  if (name == "success") return stray_success_node(now);
  if (name == "stream-end") return Node("xmlstreamend");
  return std::nullopt;
}

Result<json> notify(const Call& call) {
  PONTE_ASSIGN(const Target target, read_target(call.body));
  PONTE_ASSIGN(const auto name, text_member(call.body, "sample"));
  const auto stanza = sample_stanza(name.value_or("psa"), call.now);
  if (!stanza) return invalid("sample: expected psa, passkey, downgrade, expiration, success or stream-end");
  return count_json(call.server.send_stanza(target, *stanza, call.now));
}

Result<json> renew_leaf(const Call& call) {
  call.server.renew_leaf();
  return json::object();
}

Result<json> reset(const Call& call) {
  call.server.reset(call.now);
  return json::object();
}

constexpr std::array<HandlerRow, 18> kHandlers = {
    {{"fail", fail},
     {"fault", fail},
     {"slow", slow},
     {"split", split},
     {"chain", chain},
     {"drop", drop},
     {"stream-error", stream_error},
     {"garbage", garbage},
     {"ping", ping},
     {"rotate", rotate},
     {"refresh-code", refresh_code},
     {"passkey-assertion", passkey_assertion},
     {"unlink", unlink},
     {"prekeys", prekeys},
     {"notify", notify},
     {"renew-leaf", renew_leaf},
     {"reset", reset},
     {"state", [](const Call& call) -> Result<json> { return state_json(call.server, call.now); }}}};

Handler find_handler(std::string_view name) {
  for (const std::span<const HandlerRow> rows :
       {std::span<const HandlerRow>(kHandlers), hostile_calls(), message_calls(), history_calls()}) {
    for (const auto& [handled, handler] : rows) {
      if (handled == name) return handler;
    }
  }
  return nullptr;
}

Reply<Paired> paired_reply(Reply<AdminResponse> reply) {
  return Reply<Paired>([reply = std::move(reply)](Result<Paired> paired) mutable {
    reply.answer(paired.ok() ? ok_response(paired_json(*paired)) : error_response(paired.error()));
  });
}

Result<Phone> read_phone(const json& body) {
  Phone phone;
  PONTE_ASSIGN(phone.number, text_member(body, "number"));
  PONTE_ASSIGN(const auto platform, text_member(body, "platform"));
  PONTE_ASSIGN(const auto business, text_member(body, "business"));
  if (phone.number && !is_phone_number(*phone.number)) return invalid("number: expected 7 to 15 digits, not 0 first");
  if (platform) phone.platform = *platform;
  if (business) phone.business_name = *business;
  return phone;
}

void scan(const Call& call, const std::string& raw, Reply<AdminResponse> reply) {
  std::string qr = raw;
  Phone phone;
  if (call.body.is_object()) {
    auto parsed = read_phone(call.body);
    const auto text = text_member(call.body, "qr");
    if (!parsed.ok()) return reply.answer(error_response(parsed.error()));
    if (!text.ok() || !text->has_value()) return reply.answer(error_response(invalid("qr: expected a text")));
    phone = std::move(*parsed);
    qr = **text;
  }
  call.server.scan(qr, phone, call.now, paired_reply(std::move(reply)));
}

void enter_code(const Call& call, Reply<AdminResponse> reply) {
  auto phone = read_phone(call.body);
  const auto code = text_member(call.body, "code");
  if (!phone.ok()) return reply.answer(error_response(phone.error()));
  if (!phone->number || !code.ok() || !code->has_value()) {
    return reply.answer(error_response(invalid("expected number and code")));
  }
  const std::string number = *phone->number;
  call.server.enter_code(number, **code, *phone, call.now, paired_reply(std::move(reply)));
}

}  // namespace

bool is_admin_path(std::string_view path) {
  return path.substr(0, kPrefix.size()) == kPrefix;
}

std::string_view admin_name(std::string_view path) {
  return is_admin_path(path) ? path.substr(kPrefix.size()) : std::string_view();
}

void handle_admin(SimServer& server, const AdminRequest& request, const Now& now, Reply<AdminResponse> reply) {
  const std::string_view name = admin_name(request.path);
  const bool reads = name == "state";
  if (request.method != (reads ? "GET" : "POST")) {
    return reply.answer(
        AdminResponse{405, R"({"error":{"code":"METHOD_NOT_ALLOWED","message":"state is GET, all else POST"}})"});
  }
  json body = request.body.empty() ? json::object() : json::parse(request.body, nullptr, false);
  const Call call{server, now, body};
  if (name == "scan") return scan(call, request.body, std::move(reply));
  if (!body.is_object()) return reply.answer(error_response(invalid("expected a JSON object")));
  if (name == "enter-code") return enter_code(call, std::move(reply));
  if (const Handler handler = find_handler(name)) {
    auto result = handler(call);
    return reply.answer(result.ok() ? ok_response(*result) : error_response(result.error()));
  }
  reply.answer(error_response({Errc::kNotFound, Cause::kRouteNotFound, "no such admin call: " + std::string(name)}));
}

}  // namespace ponte::simulator
