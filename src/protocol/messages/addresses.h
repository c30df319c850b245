// Who is meant by a JID: the account itself, one person under two addresses, the Signal address to encrypt for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/signal/store.h"
#include "protocol/messages/types.h"
#include "protocol/session/step.h"
#include "protocol/wire/jid.h"
#include "store/records.h"

namespace ponte::protocol::messages {

/// `digits@s.whatsapp.net` or `@hosted`, any device.
bool is_pn(const wire::Jid& jid);
/// `digits@lid` or `@hosted.lid`, any device.
bool is_lid(const wire::Jid& jid);
bool is_user(const wire::Jid& jid);
bool is_group(const wire::Jid& jid);
/// `status@broadcast`.
bool is_status(const wire::Jid& jid);
bool is_newsletter(const wire::Jid& jid);

/// Whether a JID from the wire can be a name of records: a user of letters, digits, '-', '_', '.' or '+'. Others are
/// nobody's address.
bool is_nameable(const wire::Jid& jid);
/// The same of a message's id: 1 to 128 printable ASCII characters.
bool is_message_id(std::string_view id);

/// Hosted servers read as the ones that they stand for (wire: messages.md 1.1).
wire::Jid plain(wire::Jid jid);
wire::Jid device_jid(std::string_view user, std::string_view server, std::uint16_t device = 0);

/// The account of this device: its two users and the number of this device.
struct OwnAddress {
  wire::Jid pn;                  ///< with device
  std::optional<wire::Jid> lid;  ///< with device

  bool is_own(const wire::Jid& jid) const;
  /// Whether it is this very device, under either address.
  bool is_this_device(const wire::Jid& jid) const;
  Party party() const;
};
/// kStorage/kStoreCorrupt where the account's record holds no JID. Precondition: step.link.account.
Result<OwnAddress> own_address(const Step& step);

/// Name and device as Signal knows them (wire: messages.md 1.1).
crypto::SignalAddress signal_address(const wire::Jid& jid);

}  // namespace ponte::protocol::messages
