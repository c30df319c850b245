#include "protocol/stanza_routes.h"

#include <string_view>

#include "protocol/handlers/handlers.h"
#include "protocol/messages/session_hooks.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol {
namespace {

using StanzaHandler = Status (*)(Step&, const wire::Node&);

struct Route {
  std::string_view tag;
  StanzaHandler handler;
};

constexpr Route kRoutes[] = {
    {"iq", handlers::on_iq},
    {"success", handlers::on_success},
    {"failure", handlers::on_failure},
    {"stream:error", handlers::on_stream_error},
    {"xmlstreamend", handlers::on_stream_end},
    {"notification", handlers::on_notification},
    {"message", handlers::on_message},
    {"status", handlers::on_message},
    {"receipt", handlers::on_receipt},
    {"call", handlers::on_call},
    {"ib", handlers::on_ib},
    {"ack", handlers::on_ack},
    {"presence", handlers::on_ignored},
    {"chatstate", handlers::on_ignored},
};

}  // namespace

Status route_stanza(Step& step, const wire::Node& node) {
  // Its presence counts, whatever its value.
  if (node.attribute("offline") && step.link.account) PONTE_TRY(messages::on_offline_stanza(step));
  for (const Route& route : kRoutes) {
    if (route.tag == node.tag) return route.handler(step, node);
  }
  return handlers::on_unknown(step, node);
}

}  // namespace ponte::protocol
