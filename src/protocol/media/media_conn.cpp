#include "protocol/media/media_conn.h"

#include <algorithm>
#include <utility>

#include "protocol/media/location.h"
#include "protocol/session/link_state.h"
#include "protocol/session/step.h"

namespace ponte::protocol::media {
namespace {

constexpr std::size_t kMostHosts = 16;
constexpr std::uint64_t kShortestTtl = 60;
constexpr std::uint64_t kLongestTtl = 86'400;

void add_host(MediaHosts& hosts, const std::optional<std::string>& name) {
  if (!name || hosts.size() == kMostHosts || !is_media_host(*name)) return;
  if (std::find(hosts.begin(), hosts.end(), *name) == hosts.end()) hosts.push_back(*name);
}

/// Those that say so first, then what each falls back to.
MediaHosts read_hosts(const wire::Node& connection) {
  MediaHosts hosts;
  for (const bool fallback : {false, true}) {
    for (const wire::Node& host : connection.children()) {
      if (host.tag == "host" && (host.attribute("type") == "fallback") == fallback)
        add_host(hosts, host.attribute("hostname"));
    }
  }
  for (const wire::Node& host : connection.children()) {
    if (host.tag == "host") add_host(hosts, host.attribute("fallback_hostname"));
  }
  return hosts;
}

Result<MediaHosts> take_answer(Step& step, const IqAnswer& answer) {
  if (!answer.ok()) return answer.error();
  const wire::Node* connection = answer->find("media_conn");
  MediaHosts hosts = connection != nullptr ? read_hosts(*connection) : MediaHosts();
  if (hosts.empty()) return Error{Errc::kMalformed, Cause::kMediaUnavailable, "media: the server names no host"};
  const std::uint64_t ttl = std::clamp(connection->number("ttl").value_or(0), kShortestTtl, kLongestTtl);
  HostCache& cache = step.link.media_hosts;
  cache.names = hosts;
  cache.valid_until = step.now.mono + Seconds(ttl);
  return hosts;
}

Status on_answer(Step& step, const IqAnswer& answer) {
  const Result<MediaHosts> hosts = take_answer(step, answer);
  for (HostsHandler& handler : std::exchange(step.link.media_hosts.waiting, {})) PONTE_TRY(handler(step, hosts));
  return Status::Ok();
}

}  // namespace

Status with_hosts(Step& step, HostsHandler handler) {
  HostCache& cache = step.link.media_hosts;
  if (!cache.names.empty() && step.now.mono < cache.valid_until) return handler(step, cache.names);
  cache.waiting.push_back(std::move(handler));
  if (cache.waiting.size() > 1) return Status::Ok();
  return step.send_iq(wire::server_iq("w:m", "set").child(wire::Node("media_conn")), on_answer);
}

void forget_hosts(Step& step) {
  step.link.media_hosts.names.clear();
}

}  // namespace ponte::protocol::media
