#include "api/audit.h"

#include "api/json.h"
#include "api/text.h"

namespace ponte::api {
namespace {

std::string actor_of(const Request& request) {
  if (request.link) return "link:" + request.link->link_id;
  if (!request.principal) return "nobody";
  const auto* owner = std::get_if<instance::InstancePrincipal>(&*request.principal);
  return owner == nullptr ? "account" : "instance:" + owner->instance_name;
}

std::string instance_of(const Request& request) {
  std::string name = request.audit ? request.audit->instance : std::string();
  if (const auto found = request.params.find("instance"); name.empty() && found != request.params.end()) {
    name = trim(found->second);
  }
  return instance::is_instance_name(name) ? name : std::string();
}

}  // namespace

AuditRecord audit_record(std::string_view action, const Request& request, const Response& response, Wall now) {
  AuditRecord out;
  out.at = now;
  out.request_id = request.id;
  out.actor = actor_of(request);
  out.client = request.client_address;
  out.action = action;
  out.instance = instance_of(request);
  if (request.audit) out.changed = request.audit->changed;
  out.status = response.status;
  out.result = response.cause ? cause_name(*response.cause) : std::string_view("OK");
  return out;
}

std::string audit_line(const AuditRecord& record) {
  Json line = {{"time", rfc3339(record.at)}, {"requestId", record.request_id}, {"actor", record.actor},
               {"client", record.client},    {"action", record.action},        {"instance", nullptr},
               {"status", record.status},    {"result", record.result}};
  if (!record.instance.empty()) line["instance"] = record.instance;
  if (!record.changed.empty()) line["changed"] = record.changed;
  return dump(line) + "\n";
}

}  // namespace ponte::api
