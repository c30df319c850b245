// How WhatsApp's server is asked for a WebSocket: as a browser does.
#pragma once

#include <optional>
#include <utility>

#include "instance/user_agent.h"
#include "net/web_socket.h"

namespace ponte::instance {

inline net::WebSocketOptions whatsapp_dial(net::WebSocketUrl url, std::optional<net::Proxy> proxy) {
  net::WebSocketOptions out;
  out.url = std::move(url);
  out.headers = {{"Origin", "https://web.whatsapp.com"},
                 {"User-Agent", kUserAgent},
                 {"Cache-Control", "no-cache"},
                 {"Pragma", "no-cache"}};
  out.proxy = std::move(proxy);
  return out;
}

}  // namespace ponte::instance
