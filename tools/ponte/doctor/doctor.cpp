#include "ponte/doctor/doctor.h"

#include <cstdlib>
#include <utility>

#include "app/config.h"
#include "net/http_client.h"
#include "ponte/common/ponted_client.h"
#include "ponte/doctor/look.h"
#include "ponte/doctor/verdicts.h"

namespace ponte::tool {
namespace {

std::string sources_text(const DoctorRequest& request) {
  std::string out = request.config_file.empty() ? "" : request.config_file + " and ";
  out += "the environment";
  if (!request.environment_file.empty()) out += " and " + request.environment_file;
  return out;
}

class Examination {
 public:
  Examination(const DoctorRequest& request, const std::function<void(const Finding&)>& told)
      : request_(request), told_(told) {}

  DoctorResult run();

 private:
  void tell(Finding finding) {
    told_(finding);
    findings_.push_back(std::move(finding));
  }
  void tell(std::vector<Finding> findings) {
    for (Finding& finding : findings) tell(std::move(finding));
  }
  void examine(const app::Config& config);
  SecretBytes token_of(const app::Config& config) const;
  void collect(const PontedClient& client, const ServiceFacts& service);

  const DoctorRequest& request_;
  const std::function<void(const Finding&)>& told_;
  net::HttpClient http_;
  std::vector<Finding> findings_;
  BundleSources sources_;
};

DoctorResult Examination::run() {
  const auto config = app::load_config(
      request_.config_file, [](const char* name) -> const char* { return std::getenv(name); },
      request_.environment_file);
  ConfigurationFacts facts{sources_text(request_), std::nullopt};
  if (!config.ok()) facts.error = config.error().message;
  tell(judge_configuration(facts));
  if (config.ok()) examine(*config);

  DoctorResult out;
  if (request_.for_report) {
    sources_.findings = findings_;
    sources_.version = PONTE_VERSION;
    sources_.platform = look_at_platform();
    if (config.ok()) sources_.config = &*config;
    sources_.secrets.emplace_back(as_text(request_.token.view()));
    sources_.urls.push_back(request_.url);
    sources_.paths.insert(sources_.paths.end(), {request_.config_file, request_.environment_file});
    out.report = make_bundle(sources_);
  }
  out.findings = std::move(findings_);
  return out;
}

SecretBytes Examination::token_of(const app::Config& config) const {
  if (!request_.token.view().empty()) return SecretBytes(to_bytes(request_.token.view()));
  return SecretBytes(to_bytes(std::string_view(config.account_token)));
}

void Examination::examine(const app::Config& config) {
  const DataFacts data = look_at_data(config);
  tell(judge_data(data));
  sources_.paths.insert(sources_.paths.end(), {data.folder.path, data.key.path});

  NetworkLook network(config, http_);
  const NameFacts name = network.name();
  tell(judge_name(name));
  const WayFacts way = network.way(name);
  tell(judge_way(way));
  tell(judge_clock(network.clock(way)));

  const PontedClient client(http_, service_url(config, request_.url), token_of(config));
  ServiceFacts service = look_at_service(client);
  service.named = !request_.url.empty();
  service.lock_held = data.holder.has_value();
  service.own_version = PONTE_VERSION;
  const nlohmann::json& details = member(service.health, "details");
  tell(judge_version(network.version(way, member(details, "clientVersion"))));
  tell(judge_service(service));
  tell(judge_public_url(network.public_url()));
  if (request_.for_report) collect(client, service);
}

void Examination::collect(const PontedClient& client, const ServiceFacts& service) {
  if (member(service.health, "details").is_object()) sources_.health = service.health;
  const auto metrics = client.call({.path = "/metrics"});
  if (metrics.ok() && metrics->status == 200) sources_.metrics = metrics->text;
  const auto list = client.call({.path = "/api/instance/list"});
  if (list.ok() && list->status == 200) sources_.instances = member(list->body, "instances");
}

}  // namespace

DoctorResult run_doctor(const DoctorRequest& request, const std::function<void(const Finding&)>& told) {
  return Examination(request, told).run();
}

}  // namespace ponte::tool
