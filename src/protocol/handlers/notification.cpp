#include <algorithm>
#include <iterator>

#include "protocol/appstate/sync.h"
#include "protocol/devices/prekeys.h"
#include "protocol/handlers/handlers.h"
#include "protocol/history/jobs.h"
#include "protocol/media/asked_files.h"
#include "protocol/messages/groups.h"
#include "protocol/messages/identities.h"
#include "protocol/messages/privacy_tokens.h"
#include "protocol/pairing/code_flow.h"
#include "protocol/pairing/pair_device.h"
#include "protocol/pairing/passkey_flow.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::handlers {
namespace {

struct Row {
  std::string_view type;
  Status (*handler)(Step&, const wire::Node&);
};

/// What the server itself says; from anybody else it is acknowledged and refused. Other types are acknowledged only.
constexpr Row kRows[] = {
    {"encrypt", devices::on_prekey_notification},
    {"companion_reg_refresh", pairing::on_registration_refresh},
    {"link_code_companion_reg", pairing::on_link_code},
    {"passkey_prologue_request", pairing::on_passkey_request},
    {"crsc_continuation", pairing::on_passkey_continuation},
    {"server_sync", appstate::on_server_sync},
};

/// Whoever waits for the file knows its message.
Status on_media_retry(Step& step, const wire::Node& node) {
  PONTE_TRY(history::on_media_retry(step, node));
  return media::on_asked_file(step, node);
}

/// What comes from accounts and groups.
constexpr Row kPeerRows[] = {
    {"w:gp2", messages::on_group_changed},
    {"devices", messages::on_devices_changed},
    {"account_sync", messages::on_devices_changed},
    {"privacy_token", messages::on_privacy_token},
    {"mediaretry", on_media_retry},
};

template <std::size_t N>
const Row* row_of(const Row (&rows)[N], std::string_view type) {
  const Row* row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return r.type == type; });
  return row == std::end(rows) ? nullptr : row;
}

}  // namespace

Status on_notification(Step& step, const wire::Node& node) {
  const std::string type = node.attribute("type").value_or("");
  // An identity change is acknowledged without its type (wire: pairing.md 8.11).
  const bool identity_change = type == "encrypt" && node.find("identity") != nullptr;
  PONTE_TRY(send_ack(step, node, identity_change ? AckType::kOmitted : AckType::kCopied));
  if (step.link.account) {
    if (identity_change) return messages::on_identity_notification(step, node);
    const Row* of_peers = row_of(kPeerRows, type);
    if (of_peers != nullptr) return of_peers->handler(step, node);
  }
  if (identity_change) return Status::Ok();
  const Row* row = row_of(kRows, type);
  if (row == nullptr) return Status::Ok();
  if (!from_server(node)) {
    step.emit(event::Refused{
        Error{Errc::kRejected, Cause::kStanzaUnexpected, "notification " + type + " that is not the server's own"}});
    return Status::Ok();
  }
  return row->handler(step, node);
}

}  // namespace ponte::protocol::handlers
