#include "ponte/doctor/bundle.h"

#include <sstream>
#include <utility>

#include "ponte/common/phone_number.h"
#include "ponte/common/ponted_client.h"
#include "ponte/doctor/report.h"

namespace ponte::tool {
namespace {

using Json = nlohmann::json;

/// No name is in figures by design; one such as `1` would only spoil them.
constexpr std::size_t kShortestInFigures = 4;

std::string pretty(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// What stands in quotes is what somebody wrote: of a configuration that could not be read nothing else is known.
std::string without_values(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char quote = text[at];
    const auto end = quote == '\'' || quote == '"' ? text.find(quote, at + 1) : std::string::npos;
    if (end == std::string::npos) {
      out += quote;
      continue;
    }
    out += quote + std::string("[value]") + quote;
    at = end;
  }
  return out;
}

/// `/home/NAME/...` tells who somebody is.
void learn_path(Redactor& redactor, const std::string& path) {
  constexpr std::string_view kHomes = "/home/";
  if (!path.starts_with(kHomes)) return;
  redactor.hide(path.substr(kHomes.size(), path.find('/', kHomes.size()) - kHomes.size()), "[user]");
}

/// Everything that names somebody, learnt before anything is written.
void learn_configuration(Redactor& redactor, const app::Config& config) {
  redactor.hide(config.account_token, "[account token]");
  if (config.proxy) {
    redactor.hide(std::string(config.proxy->password.view()), "[proxy password]");
    redactor.hide(config.proxy->username, "[proxy user]");
    redactor.hide_host(config.proxy->host);
  }
  redactor.hide_host_of(config.public_url);
  redactor.hide_host(config.whatsapp_url.host);
  redactor.hide_host_of(config.whatsapp_version_url);
  for (const std::string& origin : config.cors_origins) redactor.hide_host_of(origin);
  for (const std::string& proxy : config.trusted_proxies) redactor.hide(proxy, "[trusted proxy]");
  if (config.device_name != app::Config().device_name) redactor.hide(config.device_name, "[device name]");
}

void learn_instance(Redactor& redactor, const Json& instance) {
  const std::string pseudonym = redactor.hide_instance(text_at(instance, "name"));
  redactor.hide(text_at(instance, "id"), pseudonym + "-id");
  redactor.hide(text_at(instance, "token"), "[token of " + pseudonym + "]");
  const std::string number = digits_of_jid(text_at(instance, "numberJid"));
  if (!number.empty()) redactor.hide(number, masked_number(number));
  const Json& proxy = member(instance, "proxy");
  redactor.hide_host(text_at(proxy, "host"));
  redactor.hide(text_at(proxy, "username"), "[proxy user]");
  redactor.hide_host_of(text_at(member(instance, "webhook"), "url"));
  redactor.hide(text_at(member(instance, "profile"), "name"), "[profile name]");
  redactor.hide(text_at(member(instance, "profile"), "businessName"), "[business name]");
}

/// Only what is named here, so that what a later version adds is not in it.
Json instance_facts(const Redactor& redactor, const Json& instance) {
  const Json& connection = member(instance, "connection");
  const Json& proxy = member(instance, "proxy");
  const Json& webhook = member(instance, "webhook");
  const std::string number = digits_of_jid(text_at(instance, "numberJid"));
  Json out = {{"name", redactor.redacted(text_at(instance, "name"))},
              {"state", text_at(connection, "state")},
              {"since", text_at(connection, "since")},
              {"platform", text_at(connection, "platform")},
              {"createdAt", text_at(instance, "createdAt")},
              {"number", number.empty() ? Json(nullptr) : Json(masked_number(number))},
              {"hasLid", !text_at(connection, "lid").empty()},
              {"proxy", {{"enabled", member(proxy, "enabled")}, {"protocol", member(proxy, "protocol")}}},
              {"webhook", {{"enabled", member(webhook, "enabled")}, {"events", member(webhook, "events")}}},
              {"websocket", {{"enabled", member(member(instance, "websocket"), "enabled")}}}};
  for (const auto& [name, value] : member(instance, "settings").items()) {
    if (value.is_boolean()) out["settings"][name] = value;
  }
  const Json& history = member(instance, "history");
  if (history.is_object())
    out["history"] = {{"progress", member(history, "progress")}, {"done", member(history, "done")}};
  if (const Json& reason = member(instance, "reason"); reason.is_object())
    out["reason"] = redactor.redacted_json(reason);
  return out;
}

/// As --print-config has it, without hosts.
std::string configuration_text(const Redactor& redactor, const app::Config& config) {
  return redactor.redacted(app::print_config(config));
}

std::string readme(const std::vector<BundleFile>& files) {
  std::string out = "A report of `ponte doctor --record`.\n\n";
  for (const BundleFile& file : files) out += file.name + ": " + file.what + "\n";
  return out +
         "\nInstances, numbers and hosts have other names in it (instance-1, +55*********12, host-1), the same in "
         "every\n"
         "file. Keys, tokens, passwords and messages are not in it.\n";
}

}  // namespace

std::vector<BundleFile> make_bundle(const BundleSources& sources) {
  Redactor redactor;
  for (const std::string& secret : sources.secrets) redactor.hide(secret, "[token]");
  if (sources.config != nullptr) learn_configuration(redactor, *sources.config);
  if (sources.instances.is_array()) {
    for (const Json& instance : sources.instances) learn_instance(redactor, instance);
  }
  for (const std::string& url : sources.urls) redactor.hide_host_of(url);
  for (const std::string& path : sources.paths) learn_path(redactor, path);

  std::vector<Finding> findings = sources.findings;
  if (sources.config == nullptr) {
    for (Finding& finding : findings) finding.message = without_values(finding.message);
  }
  std::vector<BundleFile> files;
  files.push_back({"doctor.json", "what was checked, and what came of it",
                   pretty(redactor.redacted_json(report_json(findings, sources.version)))});
  Json versions = {{"ponte", sources.version}, {"platform", sources.platform}};
  files.push_back(
      {"versions.json", "versions, operating system, processor, limits", pretty(redactor.redacted_json(versions))});
  if (sources.config != nullptr) {
    files.push_back({"configuration.toml", "the configuration, secrets and hosts masked",
                     configuration_text(redactor, *sources.config)});
  }
  if (!sources.health.is_null()) {
    files.push_back({"health.json", "/health?verbose of ponted", pretty(redactor.redacted_json(sources.health))});
  }
  if (!sources.metrics.empty()) {
    files.push_back(
        {"metrics.txt", "/metrics of ponted: figures", redactor.without_names(sources.metrics, kShortestInFigures)});
  }
  if (sources.instances.is_array()) {
    Json instances = Json::array();
    for (const Json& instance : sources.instances) instances.push_back(instance_facts(redactor, instance));
    files.push_back(
        {"instances.json", "the instances: states, reasons, settings; no names, no numbers", pretty(instances)});
  }
  files.push_back({"README.txt", "what is in it", readme(files)});
  return files;
}

}  // namespace ponte::tool
