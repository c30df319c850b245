// Looks, and touches nothing but a file that is removed again. Each returns within some 20 s.
#pragma once

#include <memory>

#include "app/config.h"
#include "ponte/common/ponted_client.h"
#include "ponte/doctor/facts.h"

namespace ponte::net {
class EventLoop;
class Resolver;
class TlsContext;
}  // namespace ponte::net

namespace ponte::tool {

DataFacts look_at_data(const app::Config& config);

/// The process that holds a flock on the file of that inode, from the text of /proc/locks.
std::optional<pid_t> holder_of_lock(const std::string& proc_locks, std::uint64_t inode);

/// Goes the ways that ponted would go, by its network layer.
class NetworkLook {
 public:
  /// `config` and `http` outlive it.
  NetworkLook(const app::Config& config, net::HttpFetcher& http);
  ~NetworkLook();

  NameFacts name();
  WayFacts way(const NameFacts& name);
  /// The Date header of an answer of WhatsApp's host, where `way` leads to one.
  ClockFacts clock(const WayFacts& way);
  /// `service` as VersionFacts has it.
  VersionFacts version(const WayFacts& way, nlohmann::json service);
  PublicUrlFacts public_url();

 private:
  void probe(WayFacts& facts);
  void open_web_socket(WayFacts& facts);
  std::optional<long long> ahead_of(const std::string& url);
  bool page_is_out_of_reach(const WayFacts& way) const;
  Result<net::HttpReply> fetch(net::HttpRequest request);

  const app::Config& config_;
  net::HttpFetcher& http_;
  const SystemClock clock_;
  std::unique_ptr<net::Resolver> resolver_;
  Result<std::unique_ptr<net::TlsContext>> tls_;
  std::unique_ptr<net::EventLoop> loop_;  // the last: what runs on it uses the others
};

/// How far this clock was ahead when an answer came that says `there`, between two looks at it; seconds.
long long seconds_ahead(Wall before, Wall after, std::int64_t there);

/// `url` as the configuration has it where empty: where ponted listens, by loopback where it listens everywhere.
std::string service_url(const app::Config& config, const std::string& url);
ServiceFacts look_at_service(const PontedClient& client);

}  // namespace ponte::tool
