// Sessions and sender keys as whatsmeow's and Baileys' Signal libraries keep them, read into what libsignal's records
// are made from.
#pragma once

#include <optional>
#include <vector>

#include "crypto/signal/foreign_records.h"
#include "portable/json.h"

namespace ponte::portable {

struct ForeignSessions {
  std::vector<crypto::ForeignSession> sessions;  ///< newest first
  crypto::CurrentSession current = crypto::CurrentSession::kOpen;
};

/// A session record of whatsmeow (go.mau.fi/libsignal, JSON). nullopt where the open session cannot be had whole; older
/// ones that cannot are left out.
std::optional<ForeignSessions> sessions_of_whatsmeow(const Json& record);

/// What a Baileys session takes from the credentials.
struct OwnSide {
  crypto::PublicKey identity{};
  std::uint32_t registration_id = 0;
};

/// A session record of Baileys (libsignal-node, JSON). As above.
std::optional<ForeignSessions> sessions_of_baileys(const Json& record, const OwnSide& own);

/// Keys of one sender, newest first.
struct ForeignSenderKeys {
  std::vector<crypto::ForeignSenderKey> keys;
  bool own = false;  ///< a private signing key is there: messages of our own go out under it
};

/// nullopt where a key cannot be had whole.
std::optional<ForeignSenderKeys> sender_keys_of_whatsmeow(const Json& record);
std::optional<ForeignSenderKeys> sender_keys_of_baileys(const Json& record);

}  // namespace ponte::portable
