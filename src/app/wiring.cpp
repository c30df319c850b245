#include "app/wiring.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "api/dispatcher.h"
#include "api/endpoints/endpoints.h"
#include "api/pistache_server.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "crypto/system_random.h"
#include "instance/client_versions.h"
#include "instance/dial_pacer.h"
#include "instance/environment.h"
#include "instance/instance_manager.h"
#include "instance/state_listener.h"
#include "instance/user_agent.h"
#include "instance/worker_pool.h"
#include "net/event_loop.h"
#include "net/http_client.h"
#include "net/resolver.h"
#include "net/tls_context.h"
#include "store/rocksdb_store.h"

namespace ponte::app {
namespace {

constexpr unsigned kWorkerThreads = 2;
constexpr std::size_t kWorkerQueue = 4096;
constexpr Milliseconds kDrain{5'000};

/// Every instance and every client is a descriptor.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) log::warn("ponted", "cannot raise the limit of open files");
}

unsigned loop_count(const Config& config) {
  if (config.loops != 0) return config.loops;
  return std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
}

protocol::SessionConfig session_config(const Config& config) {
  protocol::SessionConfig out;
  out.root_key = config.whatsapp_root_key;
  out.version = config.whatsapp_version;
  out.device_name = config.device_name;
  out.qr_format = config.qr_format;
  out.qr_first_ttl = config.qr_first_ttl;
  out.qr_ttl = config.qr_ttl;
  return out;
}

instance::Lane lane_of(net::EventLoop& loop, net::NetworkContext network) {
  return {loop, [&loop, network](net::WebSocketOptions options, net::WebSocketCallbacks callbacks) {
            return net::open_web_socket(loop, network, std::move(options), std::move(callbacks));
          }};
}

constexpr std::size_t kLargestVersionPage = 8U << 20;

/// As a browser asks for it (wire: pairing.md 10).
instance::ClientVersions::Fetch version_fetch(const Config& config, net::HttpClient& http) {
  if (config.whatsapp_version_url.empty()) return nullptr;
  return [&http, url = config.whatsapp_version_url, ca_file = config.whatsapp_ca_file](
             const std::optional<net::Proxy>& proxy, Reply<std::string> page) {
    net::HttpRequest request;
    request.url = url;
    request.headers = {{"User-Agent", instance::kUserAgent}, {"Accept", "*/*"}, {"Sec-Fetch-Site", "none"}};
    request.max_body = kLargestVersionPage;
    request.proxy = proxy;
    request.ca_file = ca_file;
    http.fetch(std::move(request),
               Reply<net::HttpReply>([page = std::move(page)](const Result<net::HttpReply>& reply) mutable {
                 if (!reply.ok()) return page.answer(reply.error());
                 if (reply->status == 200) return page.answer(std::string(as_text(reply->body)));
                 page.answer(Error{Errc::kRejected, Cause::kHttpFailed,
                                   "expected 200 for the page, got " + std::to_string(reply->status)});
               }));
  };
}

Status check_record_directory(const std::string& directory) {
  if (directory.empty()) return Status::Ok();
  std::error_code problem;
  std::filesystem::create_directories(directory, problem);
  if (problem) {
    return Error{Errc::kInvalidArgument, Cause::kConfigInvalid, "PONTE_RECORD_DIR: cannot make " + directory};
  }
  log::warn("ponted", "recording every session to " + directory + ": the recordings hold keys");
  return Status::Ok();
}

}  // namespace

/// In the order of making; destroyed backwards.
struct Service::Parts {
  SystemClock clock;
  crypto::SystemRandom random;
  std::vector<std::unique_ptr<net::EventLoop>> loops;
  std::unique_ptr<instance::WorkerPool> workers;
  std::unique_ptr<net::Resolver> resolver;
  std::unique_ptr<net::TlsContext> tls;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<instance::ClientVersions> versions;
  net::HttpClient http;  ///< ends the fetches of `versions`
  std::unique_ptr<instance::DialPacer> pacer;
  instance::StateLog states;
  std::unique_ptr<instance::InstanceManager> instances;
  std::unique_ptr<api::Dispatcher> dispatcher;
  std::unique_ptr<api::PistacheServer> server;
  std::optional<std::string> new_account_token;
  bool stopped = false;
};

Service::Service(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Service::~Service() {
  stop();
}

Result<std::unique_ptr<Service>> Service::start(const Config& config) {
  crypto::initialize();
  raise_descriptor_limit();
  PONTE_TRY(check_record_directory(config.record_dir));
  auto service = std::unique_ptr<Service>(new Service(std::make_unique<Parts>()));
  Parts& parts = *service->parts_;

  PONTE_ASSIGN(parts.store, store::open_rocksdb({config.data_dir, config.master_key_path()}, parts.random));
  PONTE_ASSIGN(parts.tls, net::TlsContext::create(config.whatsapp_ca_file));
  parts.resolver = std::make_unique<net::Resolver>();
  parts.workers = std::make_unique<instance::WorkerPool>(kWorkerThreads, kWorkerQueue);
  std::vector<instance::Lane> lanes;
  for (unsigned i = 0; i < loop_count(config); ++i) {
    parts.loops.push_back(std::make_unique<net::EventLoop>(("loop-" + std::to_string(i)).c_str()));
    lanes.push_back(lane_of(*parts.loops.back(), {*parts.resolver, *parts.tls}));
  }

  parts.pacer = std::make_unique<instance::DialPacer>(config.dial_rate);
  parts.versions = std::make_unique<instance::ClientVersions>(
      instance::ClientVersions::Options{config.whatsapp_version, config.whatsapp_version_pinned,
                                        version_fetch(config, parts.http)},
      *parts.store, parts.clock);
  // What was fetched can be fetched again: nothing to stop a start for.
  if (const Status loaded = parts.versions->load(); !loaded.ok()) log::warn("version", loaded.error().message);
  parts.instances = std::make_unique<instance::InstanceManager>(instance::Environment{
      *parts.store,
      std::move(lanes),
      *parts.workers,
      *parts.versions,
      *parts.pacer,
      parts.states,
      parts.clock,
      parts.random,
      {session_config(config), config.whatsapp_url, config.connect_timeout, config.proxy, config.record_dir}});
  PONTE_ASSIGN(parts.new_account_token, parts.instances->start(config.account_token));

  api::DispatcherOptions dispatcher;
  dispatcher.cors_origins = config.cors_origins;
  PONTE_ASSIGN(dispatcher.trusted_proxies, api::TrustedProxies::parse(config.trusted_proxies));
  dispatcher.limits.global = config.rate_limit;
  dispatcher.limits.create = config.create_rate_limit;
  parts.dispatcher = std::make_unique<api::Dispatcher>(
      std::move(dispatcher), *parts.instances, parts.clock, parts.random,
      api::all_routes({*parts.instances, parts.clock, parts.clock.now().mono, config.allow_private_proxies}));

  api::ServerOptions server;
  server.listen = config.listen;
  server.max_connections = config.max_connections;
  parts.server = std::make_unique<api::PistacheServer>(server, *parts.dispatcher, parts.clock);
  PONTE_TRY(parts.server->start());
  return service;
}

std::uint16_t Service::port() const {
  return parts_->server->port();
}

const std::optional<std::string>& Service::new_account_token() const {
  return parts_->new_account_token;
}

void Service::stop() {
  Parts& parts = *parts_;
  if (std::exchange(parts.stopped, true)) return;
  if (parts.server) parts.server->begin_shutdown();
  if (parts.instances) parts.instances->shutdown();  // answers whoever waits
  if (parts.server) parts.server->stop(kDrain);
  parts.workers.reset();
  for (auto& loop : parts.loops) loop->stop();
}

}  // namespace ponte::app
