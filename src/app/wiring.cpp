#include "app/wiring.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "api/audit_log.h"
#include "api/dispatcher.h"
#include "api/endpoints/endpoints.h"
#include "api/pistache_server.h"
#include "api/ticket_box.h"
#include "app/introspection.h"
#include "app/push_listener.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "crypto/system_random.h"
#include "instance/client_versions.h"
#include "instance/dial_pacer.h"
#include "instance/environment.h"
#include "instance/event_journal.h"
#include "instance/event_waits.h"
#include "instance/heartbeat.h"
#include "instance/instance_manager.h"
#include "instance/instance_metrics.h"
#include "instance/links.h"
#include "instance/push_hub.h"
#include "instance/state_feed.h"
#include "instance/state_journal.h"
#include "instance/user_agent.h"
#include "instance/webhooks.h"
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
/// Below what proxies take for silence.
constexpr Milliseconds kPushBeat{25'000};

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
  // A server of one's own that is spoken to without TLS hands out its files in the same way.
  out.media_scheme = config.whatsapp_url.secure ? protocol::MediaScheme::kHttps : protocol::MediaScheme::kHttp;
  return out;
}

Result<api::DispatcherOptions> dispatcher_options(const Config& config) {
  api::DispatcherOptions out;
  out.cors_origins = config.cors_origins;
  PONTE_ASSIGN(out.trusted_proxies, api::TrustedProxies::parse(config.trusted_proxies));
  out.limits.global = config.rate_limit;
  out.limits.create = config.create_rate_limit;
  return out;
}

instance::Lane lane_of(net::EventLoop& loop, net::NetworkContext network) {
  return {loop, [&loop, network](net::WebSocketOptions options, net::WebSocketCallbacks callbacks) {
            return net::open_web_socket(loop, network, std::move(options), std::move(callbacks));
          }};
}

/// Only a server of one's own, which is known by ws:// or by roots of its own, has its files at private addresses.
instance::MediaOptions media_options(const Config& config) {
  return {config.whatsapp_ca_file, !config.whatsapp_url.secure || !config.whatsapp_ca_file.empty()};
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

std::string base_url(const Config& config) {
  return config.public_url.empty() ? "http://" + config.listen : config.public_url;
}

/// The next port after REST's, on the same address, unless the configuration names another.
std::string ws_listen(const Config& config, std::uint16_t rest_port) {
  if (!config.ws_listen.empty()) return config.ws_listen;
  const std::string host = config.listen.substr(0, config.listen.rfind(':'));
  return host + ":" + std::to_string(config.listen.ends_with(":0") ? 0 : rest_port + 1);
}

instance::Webhooks::Options webhook_options(const Config& config) {
  instance::Webhooks::Options out;
  out.base_url = base_url(config);
  out.include_token = config.event_token_include;
  out.allow_private = config.allow_private_webhooks;
  out.user_agent = std::string("Ponte/") + PONTE_VERSION;
  return out;
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
  std::unique_ptr<api::AuditLog> audit;  ///< null: off. All that follow may still answer requests
  std::vector<std::unique_ptr<net::EventLoop>> loops;
  std::unique_ptr<instance::WorkerPool> workers;
  std::unique_ptr<net::Resolver> resolver;
  std::unique_ptr<net::TlsContext> tls;
  std::unique_ptr<instance::Links> links;  ///< commits of the store call it until that is gone
  std::unique_ptr<store::Store> store;
  std::unique_ptr<instance::ClientVersions> versions;
  net::HttpClient http;                         ///< ends the fetches of `versions`
  std::unique_ptr<net::HttpClient> media_http;  ///< its own: large files do not hold up the others
  std::unique_ptr<instance::DialPacer> pacer;
  std::unique_ptr<instance::EventJournal> journal;
  std::unique_ptr<instance::PushHub> hub;
  std::unique_ptr<instance::EventWaits> waits;
  std::unique_ptr<instance::Heartbeat> beat;  ///< on the first loop
  std::unique_ptr<net::EventLoop> webhook_loop;
  std::unique_ptr<instance::Webhooks> webhooks;
  std::unique_ptr<net::HttpClient> webhook_http;  ///< its own: connections of receivers are no business of others
  instance::StateLog log;
  instance::InstanceMetrics metrics;
  std::unique_ptr<instance::StateJournal> state_journal;
  std::unique_ptr<instance::StateFeed> state_feed;
  std::unique_ptr<instance::StateListeners> states;
  std::unique_ptr<instance::InstanceManager> instances;
  std::unique_ptr<ServiceIntrospection> introspection;
  std::unique_ptr<api::TicketBox> tickets;
  std::unique_ptr<api::EventServices> events;
  std::unique_ptr<api::Dispatcher> dispatcher;
  std::unique_ptr<api::PistacheServer> server;
  std::unique_ptr<PushListener> push;
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
  if (const auto path = config.audit_log_path()) {
    PONTE_ASSIGN(parts.audit, api::AuditLog::open({*path}));
  }
  PONTE_ASSIGN(parts.tls, net::TlsContext::create(config.whatsapp_ca_file));
  parts.resolver = std::make_unique<net::Resolver>();
  parts.workers = std::make_unique<instance::WorkerPool>(kWorkerThreads, kWorkerQueue);
  std::vector<instance::Lane> lanes;
  for (unsigned i = 0; i < loop_count(config); ++i) {
    parts.loops.push_back(std::make_unique<net::EventLoop>(("loop-" + std::to_string(i)).c_str()));
    lanes.push_back(lane_of(*parts.loops.back(), {*parts.resolver, *parts.tls}));
  }
  PONTE_TRY(service->start_instances(config, std::move(lanes)));
  PONTE_TRY(service->start_rest(config));
  return service;
}

Status Service::start_instances(const Config& config, std::vector<instance::Lane> lanes) {
  Parts& parts = *parts_;
  parts.media_http = std::make_unique<net::HttpClient>();
  parts.pacer = std::make_unique<instance::DialPacer>(config.dial_rate);
  parts.versions = std::make_unique<instance::ClientVersions>(
      instance::ClientVersions::Options{config.whatsapp_version, config.whatsapp_version_pinned,
                                        version_fetch(config, parts.http)},
      *parts.store, parts.clock);
  // What was fetched can be fetched again: nothing to stop a start for.
  if (const Status loaded = parts.versions->load(); !loaded.ok()) log::warn("version", loaded.error().message);
  parts.journal = std::make_unique<instance::EventJournal>(*parts.store, parts.clock);
  net::EventLoop& first = *parts.loops.front();
  parts.hub = std::make_unique<instance::PushHub>(*parts.journal);
  parts.links = std::make_unique<instance::Links>(*parts.store, parts.clock, parts.random);
  parts.state_feed = std::make_unique<instance::StateFeed>(base_url(config));
  parts.waits = std::make_unique<instance::EventWaits>(*parts.journal, first, parts.clock);
  first.run_and_wait([&] {
    parts.beat = std::make_unique<instance::Heartbeat>(
        first, kPushBeat, [hub = parts.hub.get(), links = parts.links.get(), feed = parts.state_feed.get()] {
          hub->beat();
          links->beat();
          feed->beat();
        });
  });
  parts.journal->add_listener(*parts.hub);
  parts.journal->add_listener(*parts.waits);
  parts.journal->add_listener(*parts.links);
  PONTE_TRY(start_webhooks(config));
  parts.state_journal = std::make_unique<instance::StateJournal>(*parts.journal);
  parts.states = std::make_unique<instance::StateListeners>(std::vector<instance::StateListener*>{
      &parts.log, parts.state_journal.get(), parts.links.get(), parts.state_feed.get()});
  parts.instances = std::make_unique<instance::InstanceManager>(
      instance::Environment{*parts.store,
                            std::move(lanes),
                            *parts.workers,
                            *parts.versions,
                            *parts.pacer,
                            *parts.states,
                            *parts.journal,
                            parts.clock,
                            parts.random,
                            parts.metrics,
                            {session_config(config), config.whatsapp_url, config.connect_timeout, config.proxy,
                             config.record_dir, base_url(config), media_options(config)},
                            parts.webhooks.get(),
                            parts.media_http.get()});
  PONTE_ASSIGN(parts.new_account_token, parts.instances->start(config.account_token));
  return parts.links->load(*parts.instances);
}

Status Service::start_rest(const Config& config) {
  Parts& parts = *parts_;
  std::vector<std::reference_wrapper<net::EventLoop>> loops;
  for (const auto& loop : parts.loops) loops.emplace_back(*loop);
  parts.introspection = std::make_unique<ServiceIntrospection>(
      ServiceIntrospection::Parts{parts.metrics, *parts.instances, *parts.webhooks, *parts.workers, *parts.store,
                                  *parts.versions, *parts.hub, parts.audit.get(), std::move(loops)},
      parts.clock.now().wall);

  PONTE_ASSIGN(auto dispatcher, dispatcher_options(config));
  parts.tickets = std::make_unique<api::TicketBox>(parts.random);
  dispatcher.tickets = parts.tickets.get();
  dispatcher.links = parts.links.get();
  parts.events = std::make_unique<api::EventServices>(api::EventServices{*parts.hub, *parts.journal, *parts.waits,
                                                                         *parts.tickets, *parts.state_feed,
                                                                         base_url(config), config.event_token_include});
  parts.dispatcher = std::make_unique<api::Dispatcher>(
      std::move(dispatcher), *parts.instances, parts.clock, parts.random,
      api::all_routes({*parts.instances, *parts.webhooks, parts.clock, parts.clock.now().mono, *parts.introspection,
                       config.allow_private_proxies, config.metrics_open, parts.events.get(), config.public_url,
                       parts.links.get()}),
      parts.audit.get());

  api::ServerOptions server;
  server.listen = config.listen;
  server.max_connections = config.max_connections;
  parts.server = std::make_unique<api::PistacheServer>(server, *parts.dispatcher, parts.clock);
  parts.introspection->attach(*parts.dispatcher, *parts.server);
  PONTE_TRY(parts.server->start());
  parts.push = std::make_unique<PushListener>(
      net::WebSocketServer::Options{ws_listen(config, parts.server->port()), config.max_connections},
      *parts.dispatcher);
  PONTE_TRY(parts.push->start());
  log::info("ponted", "WebSockets on port " + std::to_string(parts.push->port()));
  return Status::Ok();
}

/// Before any instance: what they do is told to the webhooks.
Status Service::start_webhooks(const Config& config) {
  Parts& parts = *parts_;
  parts.webhook_loop = std::make_unique<net::EventLoop>("webhooks");
  parts.webhook_http = std::make_unique<net::HttpClient>();
  auto fetch = [&http = *parts.webhook_http](net::HttpRequest request, Reply<net::HttpReply> reply) {
    http.fetch(std::move(request), std::move(reply));
  };
  parts.webhooks =
      std::make_unique<instance::Webhooks>(instance::Webhooks::World{*parts.store, *parts.webhook_loop, *parts.journal,
                                                                     parts.clock, parts.random, std::move(fetch)},
                                           webhook_options(config));
  parts.journal->add_listener(*parts.webhooks);
  return parts.webhooks->start();
}

std::uint16_t Service::port() const {
  return parts_->server->port();
}

const std::optional<std::string>& Service::new_account_token() const {
  return parts_->new_account_token;
}

void Service::reconfigure(const Config& config) {
  log::set_level(config.log_level);
  parts_->instances->set_connect_timeout(config.connect_timeout);
  // The configuration has been checked: its proxies are addresses.
  if (auto options = dispatcher_options(config)) parts_->dispatcher->reconfigure(std::move(*options));
  if (parts_->audit) parts_->audit->reopen();
}

void Service::stop() {
  Parts& parts = *parts_;
  if (std::exchange(parts.stopped, true)) return;
  if (parts.server) parts.server->begin_shutdown();
  if (parts.instances) parts.instances->shutdown();  // answers whoever waits
  if (parts.journal) parts.journal->close();         // what is still on its way to the disk is told by the next process
  if (parts.waits) parts.waits->close();
  if (parts.hub) parts.hub->close();
  if (parts.links) parts.links->close();
  if (parts.state_feed) parts.state_feed->close();
  if (parts.push) parts.push->stop();
  if (parts.beat) parts.loops.front()->run_and_wait([&parts] { parts.beat.reset(); });
  if (parts.introspection) parts.introspection->stop();
  if (parts.webhooks) parts.webhooks->shutdown();
  parts.webhook_http.reset();
  if (parts.server) parts.server->stop(kDrain);
  parts.workers.reset();
  if (parts.webhook_loop) parts.webhook_loop->stop();
  for (auto& loop : parts.loops) loop->stop();
}

}  // namespace ponte::app
