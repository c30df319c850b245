#include "instance/proxy_probes.h"

#include <utility>

#include "instance/whatsapp_dial.h"

namespace ponte::instance {

ProxyProbes::~ProxyProbes() {
  for (auto& [id, probe] : std::exchange(probes_, {})) {
    probe.socket.reset();
    probe.reply.answer(Error{Errc::kCancelled, Cause::kShuttingDown, "the service is shutting down"});
  }
}

void ProxyProbes::run(net::Proxy proxy, Reply<Milliseconds> reply) {
  if (probes_.size() >= kMost) {
    return reply.answer(Error{Errc::kUnavailable, Cause::kOverloaded, "too many proxies are being tried"});
  }
  const std::uint64_t id = ++last_;
  net::WebSocketCallbacks callbacks;
  callbacks.on_open = [this, id] {
    Probe& probe = probes_.at(id);
    probe.reply.answer(environment_.clock.now().mono - probe.since);
    probe.socket->close();
  };
  callbacks.on_message = [](const Bytes&) {};
  callbacks.on_closed = [this, id](const Error& why) {
    auto ended = probes_.extract(id);
    ended.mapped().reply.answer(why);
  };
  Probe& probe = probes_[id];
  probe.reply = std::move(reply);
  probe.since = environment_.clock.now().mono;
  probe.socket = lane_.open_web_socket(whatsapp_dial(environment_.options.url, std::move(proxy)), std::move(callbacks));
}

}  // namespace ponte::instance
