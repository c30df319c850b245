#include <curl/curl.h>

#include <future>
#include <utility>

#include "instance/user_agent.h"
#include "net/address_class.h"
#include "net/authority.h"
#include "net/event_loop.h"
#include "net/http_url.h"
#include "net/resolver.h"
#include "net/tls_context.h"
#include "net/tls_probe.h"
#include "ponte/doctor/look.h"
#include "ponte/doctor/verdicts.h"

namespace ponte::tool {
namespace {

constexpr Milliseconds kTimeout{15'000};
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;
constexpr std::size_t kLargestVersionPage = 8U << 20;

std::string header(const net::HttpReply& reply, std::string_view name) {
  for (const auto& [found, value] : reply.headers) {
    if (found == name) return value;
  }
  return {};
}

}  // namespace

NetworkLook::NetworkLook(const app::Config& config, net::HttpFetcher& http)
    : config_(config),
      http_(http),
      resolver_(std::make_unique<net::Resolver>()),
      tls_(net::TlsContext::create(config.whatsapp_ca_file)),
      loop_(std::make_unique<net::EventLoop>("doctor")) {}

NetworkLook::~NetworkLook() = default;

Result<net::HttpReply> NetworkLook::fetch(net::HttpRequest request) {
  std::promise<Result<net::HttpReply>> promise;
  http_.fetch(std::move(request),
              Reply<net::HttpReply>([&promise](Result<net::HttpReply> reply) { promise.set_value(std::move(reply)); }));
  return promise.get_future().get();
}

NameFacts NetworkLook::name() {
  NameFacts out;
  out.host = config_.whatsapp_url.host;
  out.by_proxy = config_.proxy.has_value();
  out.is_address = net::classify_literal(out.host).has_value();
  if (out.by_proxy || out.is_address) return out;
  const Mono begun = clock_.now().mono;
  std::promise<Result<std::vector<net::Endpoint>>> promise;
  resolver_->resolve(out.host, config_.whatsapp_url.port,
                     [&promise](Result<std::vector<net::Endpoint>> found) { promise.set_value(std::move(found)); });
  const auto found = promise.get_future().get();
  out.took = clock_.now().mono - begun;
  if (!found.ok()) {
    out.error = found.error();
    return out;
  }
  for (const net::Endpoint& endpoint : *found) out.addresses.push_back(endpoint.address);
  return out;
}

WayFacts NetworkLook::way(const NameFacts& name) {
  WayFacts out;
  out.host = config_.whatsapp_url.host;
  out.port = config_.whatsapp_url.port;
  out.secure = config_.whatsapp_url.secure;
  out.no_name = name.error.has_value();
  if (config_.proxy) out.proxy = config_.proxy->to_string();
  out.now = unix_seconds(clock_.now().wall);
  if (!tls_.ok()) {
    out.setup_error = tls_.error().message;
    return out;
  }
  if (out.no_name) return out;
  probe(out);
  if (out.answer.status.ok()) open_web_socket(out);
  return out;
}

void NetworkLook::probe(WayFacts& facts) {
  std::promise<net::TlsProbeAnswer> promise;
  std::unique_ptr<net::TlsProbe> running;
  loop_->run_and_wait([&] {
    running = net::probe_tls(*loop_, {*resolver_, **tls_}, clock_,
                             {facts.host, facts.port, facts.secure, kTimeout, config_.proxy},
                             [&promise](net::TlsProbeAnswer answer) { promise.set_value(std::move(answer)); });
  });
  facts.answer = promise.get_future().get();
  loop_->run_and_wait([&running] { running.reset(); });
}

void NetworkLook::open_web_socket(WayFacts& facts) {
  net::WebSocketOptions options;
  options.url = config_.whatsapp_url;
  options.headers = {{"Origin", "https://web.whatsapp.com"}, {"User-Agent", instance::kUserAgent}};
  options.connect_timeout = kTimeout;
  options.proxy = config_.proxy;
  std::promise<std::optional<Error>> promise;
  bool answered = false;  // loop thread
  const auto answer = [&promise, &answered](std::optional<Error> error) {
    if (!std::exchange(answered, true)) promise.set_value(std::move(error));
  };
  const Mono begun = clock_.now().mono;
  std::unique_ptr<net::WebSocket> socket;
  loop_->run_and_wait([&] {
    net::WebSocketCallbacks callbacks;
    callbacks.on_open = [&answer] { answer(std::nullopt); };
    callbacks.on_closed = [&answer](Error why) { answer(std::move(why)); };
    socket = net::open_web_socket(*loop_, {*resolver_, **tls_}, std::move(options), std::move(callbacks));
  });
  facts.web_socket_error = promise.get_future().get();
  facts.web_socket_took = clock_.now().mono - begun;
  loop_->run_and_wait([&socket] { socket.reset(); });
}

long long seconds_ahead(Wall before, Wall after, std::int64_t there) {
  // The answer was written between the two, and has whole seconds.
  if (there < unix_seconds(before)) return unix_seconds(before) - there;
  if (there > unix_seconds(after)) return unix_seconds(after) - there;
  return 0;
}

std::optional<long long> NetworkLook::ahead_of(const std::string& url) {
  net::HttpRequest request;
  request.method = "HEAD";
  request.url = url;
  request.headers = {{"User-Agent", instance::kUserAgent}};
  request.timeout = kTimeout;
  request.proxy = config_.proxy;
  request.ca_file = config_.whatsapp_ca_file;
  const Wall before = clock_.now().wall;
  const auto reply = fetch(std::move(request));
  const Wall after = clock_.now().wall;
  const std::string date = reply.ok() ? header(*reply, "date") : std::string();
  const time_t there = date.empty() ? -1 : ::curl_getdate(date.c_str(), nullptr);
  return there < 0 ? std::nullopt : std::optional(seconds_ahead(before, after, there));
}

ClockFacts NetworkLook::clock(const WayFacts& way) {
  ClockFacts out;
  out.host = way.host;
  const bool untrusted = !way.answer.status.ok() && way.answer.status.error().cause == Cause::kTlsUntrusted;
  if (is_open(way)) {
    out.ahead = ahead_of((way.secure ? "https://" : "http://") + net::format_authority(way.host, way.port) + "/");
  } else if (untrusted && way.port == kHttpsPort) {
    // A wrong clock is one reason not to trust a certificate; a date needs no trust.
    out.ahead = ahead_of("http://" + net::format_authority(way.host, kHttpPort) + "/");
  }
  out.problem = "There is no answer of " + way.host + " with a date to compare with.";
  return out;
}

bool NetworkLook::page_is_out_of_reach(const WayFacts& way) const {
  const auto page = net::parse_http_url(config_.whatsapp_version_url);
  return !is_open(way) && page.ok() && page->target() == net::format_authority(way.host, way.port);
}

VersionFacts NetworkLook::version(const WayFacts& way, nlohmann::json service) {
  VersionFacts out;
  out.said = config_.whatsapp_version.to_string();
  out.pinned = config_.whatsapp_version_pinned;
  out.page_url = config_.whatsapp_version_url;
  out.service = std::move(service);
  out.page_out_of_reach = page_is_out_of_reach(way);
  if (out.page_url.empty() || out.page_out_of_reach) return out;
  net::HttpRequest request;
  request.url = out.page_url;
  request.headers = {{"User-Agent", instance::kUserAgent}, {"Accept", "*/*"}, {"Sec-Fetch-Site", "none"}};
  request.max_body = kLargestVersionPage;
  request.timeout = kTimeout;
  request.proxy = config_.proxy;
  request.ca_file = config_.whatsapp_ca_file;
  const auto reply = fetch(std::move(request));
  if (!reply.ok()) {
    out.page_problem = reply.error().message;
    return out;
  }
  const auto found = protocol::ClientVersion::in_page(as_text(reply->body));
  if (reply->status != 200 || !found) {
    out.page_problem = reply->status != 200 ? "the page answers " + std::to_string(reply->status)
                                            : std::string("the page names no client_revision");
    return out;
  }
  out.on_page = found->to_string();
  out.page_is_newer = *found > config_.whatsapp_version;
  return out;
}

PublicUrlFacts NetworkLook::public_url() {
  PublicUrlFacts out;
  out.url = config_.public_url;
  if (out.url.empty()) return out;
  const PontedClient client(http_, out.url, {});
  const auto answer = client.call({.path = "/health"});
  if (!answer.ok()) {
    out.problem = answer.error().message;
    return out;
  }
  out.status = answer->status;
  out.is_ponte = text_at(answer->body, "service") == "Ponte";
  return out;
}

}  // namespace ponte::tool
