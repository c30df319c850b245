#include "simulator/admin_faults.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "simulator/admin_call.h"

namespace ponte::simulator {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 35> kKnown = {"number",
                                                     "connection",
                                                     "next",
                                                     "uses",
                                                     "now",
                                                     "failure",
                                                     "reason",
                                                     "expire",
                                                     "code",
                                                     "message",
                                                     "handshake",
                                                     "chain",
                                                     "ik",
                                                     "pairSuccess",
                                                     "compress",
                                                     "codeRefusal",
                                                     "packing",
                                                     "delayMs",
                                                     "dropAfterMs",
                                                     "refCount",
                                                     "ackDeadlineMs",
                                                     "upgradeStatus",
                                                     "duplicateSuccess",
                                                     "location",
                                                     "url",
                                                     "refreshBeforePairing",
                                                     "closeWithoutRestart",
                                                     "passkey",
                                                     "passkeyDefect",
                                                     "freezeAfter",
                                                     "freezeOn",
                                                     "freezeAfterEffect",
                                                     "codeDefect",
                                                     "refDefect",
                                                     "unaskedSuccess"};

/// A member that is one of an enumeration's names.
template <typename Enum, typename FromName>
Status read_named(const json& body, const char* name, FromName from_name, std::optional<Enum>& out) {
  PONTE_ASSIGN(const auto text, text_member(body, name));
  if (!text) return Status::Ok();
  out = from_name(*text);
  if (!out) return invalid(std::string(name) + ": unknown name '" + *text + "'");
  return Status::Ok();
}

Status read_milliseconds(const json& body, const char* name, std::optional<Milliseconds>& out) {
  PONTE_ASSIGN(const auto number, number_member(body, name));
  if (number) out = Milliseconds(static_cast<Milliseconds::rep>(std::min<std::uint64_t>(*number, 86'400'000)));
  return Status::Ok();
}

Status read_unsigned(const json& body, const char* name, std::optional<unsigned>& out) {
  PONTE_ASSIGN(const auto number, number_member(body, name));
  if (number) out = static_cast<unsigned>(std::min<std::uint64_t>(*number, 1'000'000));
  return Status::Ok();
}

Status read_code_refusal(const json& body, Faults& faults) {
  if (!body.contains("codeRefusal")) return Status::Ok();
  const json& member = body["codeRefusal"];
  if (!member.is_object()) return invalid("codeRefusal: expected an object");
  CodeRefusal refusal;
  PONTE_ASSIGN(const auto code, number_member(member, "code"));
  PONTE_ASSIGN(const auto text, text_member(member, "text"));
  PONTE_TRY(read_unsigned(member, "backoff", refusal.backoff));
  if (!code) return invalid("codeRefusal.code is missing");
  refusal.code = static_cast<unsigned>(*code);
  refusal.text = text.value_or("");
  faults.code_refusal = refusal;
  return Status::Ok();
}

std::string attribute_text(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// The attributes that may stand beside `reason` at the top level, among the members that are none.
bool is_attribute(std::string_view name) {
  return name == "expire" || name == "code" || name == "message" || name == "url";
}

/// Where `reason` and its attributes stand.
enum class Place { kTopLevel, kOwnObject };

Result<std::optional<Failure>> failure_from(const json& object, Place place) {
  PONTE_ASSIGN(const auto reason, number_member(object, "reason"));
  if (!reason) return std::optional<Failure>();
  Failure failure;
  failure.reason = static_cast<unsigned>(*reason);
  for (const auto& [key, value] : object.items()) {
    const bool taken = place == Place::kTopLevel ? is_attribute(key) : key != "reason" && key != "location";
    if (taken && value.is_primitive()) failure.attributes.emplace_back(key, attribute_text(value));
  }
  return std::optional<Failure>(std::move(failure));
}

Status check_members(const json& body) {
  for (const auto& [key, value] : body.items()) {
    if (std::find(kKnown.begin(), kKnown.end(), key) == kKnown.end()) return invalid("unknown member '" + key + "'");
  }
  return Status::Ok();
}

}  // namespace

Result<std::optional<std::string>> text_member(const json& body, const char* name) {
  if (!body.contains(name)) return std::optional<std::string>();
  if (!body[name].is_string()) return invalid(std::string(name) + ": expected a text");
  return std::optional<std::string>(body[name].get<std::string>());
}

Result<std::optional<std::uint64_t>> number_member(const json& body, const char* name) {
  if (!body.contains(name)) return std::optional<std::uint64_t>();
  if (!body[name].is_number_unsigned()) return invalid(std::string(name) + ": expected a number that is not negative");
  return std::optional<std::uint64_t>(body[name].get<std::uint64_t>());
}

Result<std::optional<bool>> bool_member(const json& body, const char* name) {
  if (!body.contains(name)) return std::optional<bool>();
  if (!body[name].is_boolean()) return invalid(std::string(name) + ": expected true or false");
  return std::optional<bool>(body[name].get<bool>());
}

Result<std::optional<Failure>> read_failure(const json& body) {
  if (!body.contains("failure")) return failure_from(body, Place::kTopLevel);
  if (body["failure"].is_number_unsigned()) return std::optional<Failure>(Failure{body["failure"].get<unsigned>(), {}});
  if (!body["failure"].is_object()) return invalid("failure: expected an object");
  return failure_from(body["failure"], Place::kOwnObject);
}

Result<Faults> read_faults(const json& body) {
  PONTE_TRY(check_members(body));
  Faults out;
  PONTE_TRY(read_named(body, "handshake", handshake_fault_from_name, out.handshake));
  PONTE_TRY(read_named(body, "chain", chain_defect_from_name, out.chain));
  PONTE_TRY(read_named(body, "ik", ik_answer_from_name, out.ik));
  PONTE_TRY(read_named(body, "pairSuccess", pair_success_defect_from_name, out.pair_success));
  PONTE_TRY(read_named(body, "passkeyDefect", passkey_defect_from_name, out.passkey_defect));
  PONTE_TRY(read_named(body, "refDefect", ref_defect_from_name, out.ref_defect));
  PONTE_TRY(read_named(body, "codeDefect", code_defect_from_name, out.code_defect));
  PONTE_TRY(read_named(body, "freezeOn", freeze_point_from_name, out.freeze_on));
  PONTE_TRY(read_named(body, "packing", packing_from_name, out.packing));
  PONTE_TRY(read_unsigned(body, "upgradeStatus", out.upgrade_status));
  PONTE_TRY(read_unsigned(body, "refCount", out.ref_count));
  PONTE_TRY(read_unsigned(body, "freezeAfter", out.freeze_after));
  PONTE_TRY(read_milliseconds(body, "delayMs", out.delay));
  PONTE_TRY(read_milliseconds(body, "dropAfterMs", out.drop_after));
  PONTE_TRY(read_milliseconds(body, "ackDeadlineMs", out.ack_deadline));
  PONTE_ASSIGN(out.refresh_before_pairing, bool_member(body, "refreshBeforePairing"));
  PONTE_ASSIGN(out.close_without_restart, bool_member(body, "closeWithoutRestart"));
  PONTE_ASSIGN(out.duplicate_success, bool_member(body, "duplicateSuccess"));
  PONTE_ASSIGN(out.compress, bool_member(body, "compress"));
  PONTE_ASSIGN(out.unasked_success, bool_member(body, "unaskedSuccess"));
  PONTE_ASSIGN(out.passkey, bool_member(body, "passkey"));
  PONTE_ASSIGN(out.freeze_after_effect, bool_member(body, "freezeAfterEffect"));
  if (out.ref_count > kMostRefs) return invalid("refCount: expected at most " + std::to_string(kMostRefs));
  if (out.freeze_after == 0u) return invalid("freezeAfter: expected 1 or more");
  PONTE_ASSIGN(out.failure, read_failure(body));
  PONTE_TRY(read_code_refusal(body, out));
  return out;
}

Result<Scope> read_scope(const json& body) {
  Scope out;
  PONTE_ASSIGN(out.number, text_member(body, "number"));
  PONTE_ASSIGN(out.connection, number_member(body, "connection"));
  PONTE_TRY(read_unsigned(body, "next", out.next));
  PONTE_TRY(read_unsigned(body, "uses", out.uses));
  if (out.uses == 0u || out.next == 0u) return invalid("next and uses: expected 1 or more");
  return out;
}

Result<Target> read_target(const json& body) {
  Target out;
  PONTE_ASSIGN(out.number, text_member(body, "number"));
  PONTE_ASSIGN(out.connection, number_member(body, "connection"));
  return out;
}

}  // namespace ponte::simulator
