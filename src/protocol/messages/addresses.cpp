#include "protocol/messages/addresses.h"

#include <algorithm>

#include "protocol/session/link_state.h"

namespace ponte::protocol::messages {
namespace {

constexpr std::size_t kLongestUser = 64;
constexpr std::size_t kLongestId = 128;

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         c == '.' || c == '+';
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestUser && std::all_of(text.begin(), text.end(), is_name_character);
}

}  // namespace

bool is_pn(const wire::Jid& jid) {
  return jid.server == wire::kUserServer || jid.server == wire::kHostedServer;
}

bool is_lid(const wire::Jid& jid) {
  return jid.server == wire::kLidServer || jid.server == wire::kHostedLidServer;
}

bool is_user(const wire::Jid& jid) {
  return !jid.user.empty() && (is_pn(jid) || is_lid(jid));
}

bool is_group(const wire::Jid& jid) {
  return jid.server == wire::kGroupServer;
}

bool is_status(const wire::Jid& jid) {
  return jid.server == wire::kBroadcastServer && jid.user == "status";
}

bool is_newsletter(const wire::Jid& jid) {
  return jid.server == "newsletter";
}

bool is_nameable(const wire::Jid& jid) {
  return is_name(jid.user) && is_name(jid.server);
}

bool is_message_id(std::string_view id) {
  return !id.empty() && id.size() <= kLongestId &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

wire::Jid plain(wire::Jid jid) {
  if (jid.server == wire::kHostedServer || jid.server == "c.us") jid.server = wire::kUserServer;
  if (jid.server == wire::kHostedLidServer) jid.server = wire::kLidServer;
  return jid;
}

wire::Jid device_jid(std::string_view user, std::string_view server, std::uint16_t device) {
  wire::Jid jid;
  jid.user = user;
  jid.server = server;
  jid.device = device;
  return jid;
}

bool OwnAddress::is_own(const wire::Jid& jid) const {
  if (is_pn(jid)) return jid.user == pn.user;
  return is_lid(jid) && lid && jid.user == lid->user;
}

bool OwnAddress::is_this_device(const wire::Jid& jid) const {
  return is_own(jid) && jid.device == pn.device;
}

Party OwnAddress::party() const {
  Party out;
  out.pn = pn.without_device();
  if (lid) out.lid = lid->without_device();
  return out;
}

Result<OwnAddress> own_address(const Step& step) {
  const store::Account& account = *step.link.account;
  const auto pn = wire::Jid::parse(account.jid);
  if (!pn || !is_nameable(*pn))
    return Error{Errc::kStorage, Cause::kStoreCorrupt, "record account: its jid is none; restore a backup"};
  OwnAddress own{*pn, std::nullopt};
  const auto lid = wire::Jid::parse(account.lid);
  // Some servers leave the device out.
  if (lid && is_nameable(*lid)) own.lid = device_jid(lid->user, wire::kLidServer, pn->device);
  return own;
}

crypto::SignalAddress signal_address(const wire::Jid& jid) {
  std::string name = jid.user;
  if (jid.server == wire::kLidServer) name += "_1";
  if (jid.server == wire::kHostedServer) name += "_128";
  if (jid.server == wire::kHostedLidServer) name += "_129";
  return {std::move(name), jid.device};
}

}  // namespace ponte::protocol::messages
