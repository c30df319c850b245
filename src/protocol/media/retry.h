// A file that is gone is asked for again, from whoever sent it (wire: messages.md 6.6).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::media {

/// Which message the file belongs to.
struct RetriedMessage {
  std::string id;
  wire::Jid chat;
  bool from_me = false;
  std::optional<wire::Jid> participant;  ///< author in a group, where it is not us
};

/// `<receipt type="server-error">` to the account itself. `iv` is random, once for each.
wire::Node server_error_receipt(const RetriedMessage& message, const wire::Jid& own_number, const Secret<32>& media_key,
                                const ByteArray<12>& iv);

/// The new direct path out of `<notification type="mediaretry">`, which is_direct_path takes. kNotFound/kMediaGone
/// where the phone has the file no more, kUnavailable/kMediaUnavailable where it could not give it,
/// kUntrusted/kDecryptionFailed and kMalformed/kProtobufMalformed for what is no such answer.
Result<std::string> read_media_retry(const wire::Node& notification, const Secret<32>& media_key);

}  // namespace ponte::protocol::media
