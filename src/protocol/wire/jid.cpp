#include "protocol/wire/jid.h"

#include <charconv>

namespace ponte::protocol::wire {
namespace {

constexpr std::string_view kLegacyUserServer = "c.us";

/// The whole text as a number of 16 bits: digits only, no sign.
std::optional<std::uint16_t> parse_u16(std::string_view text) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool has_agents(std::string_view server) {
  return server == kUserServer || server == kLidServer || server == kHostedServer || server == kHostedLidServer;
}

/// Takes the legacy agent off `user.agent`: it says nothing that the server does not.
std::string_view without_agent(std::string_view user) {
  const std::size_t dot = user.rfind('.');
  if (dot == std::string_view::npos || !parse_u16(user.substr(dot + 1))) return user;
  return user.substr(0, dot);
}

}  // namespace

std::string Jid::to_string() const {
  std::string out;
  out.reserve(user.size() + server.size() + 13);
  if (server == kInteropServer && !user.empty()) out.append(std::to_string(integrator)).append("-");
  out.append(user);
  if (device != 0) out.append(":").append(std::to_string(device));
  return out.append("@").append(server);
}

std::optional<Jid> Jid::parse(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view user = text.substr(0, at);
  std::string_view server = text.substr(at + 1);
  if (server.empty() || server.find('@') != std::string_view::npos) return std::nullopt;
  if (server == kLegacyUserServer) server = kUserServer;

  Jid jid;
  jid.server = server;
  if (const std::size_t colon = user.rfind(':'); colon != std::string_view::npos) {
    const auto device = parse_u16(user.substr(colon + 1));
    if (!device || colon == 0) return std::nullopt;
    jid.device = *device;
    user = user.substr(0, colon);
  }
  if (has_agents(server)) user = without_agent(user);
  if (server == kInteropServer) {
    const std::size_t dash = user.find('-');
    if (const auto integrator = parse_u16(user.substr(0, dash)); integrator && dash != std::string_view::npos) {
      jid.integrator = *integrator;
      user = user.substr(dash + 1);
    }
  }
  jid.user = user;
  return jid;
}

Jid Jid::without_device() const {
  Jid out = *this;
  out.device = 0;
  return out;
}

const Jid& server_jid() {
  static const Jid jid{.user = {}, .server = std::string(kUserServer)};
  return jid;
}

}  // namespace ponte::protocol::wire
