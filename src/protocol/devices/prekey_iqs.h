// What is said to the server about prekeys (wire: messages.md 1.6).
#pragma once

#include <vector>

#include "protocol/wire/node.h"
#include "store/records.h"

namespace ponte::protocol::devices {

/// A one-time prekey as others see it.
struct PublicPrekey {
  std::uint32_t id = 0;  ///< 1 to 0xFFFFFF
  crypto::PublicKey key{};
};

/// Offers one-time prekeys, with whatever of the device goes with them.
wire::Node upload_iq(const store::Credentials& credentials, const std::vector<PublicPrekey>& prekeys);
/// Offers a signed prekey in place of the one that the server has.
wire::Node rotate_iq(const store::SignedPrekey& signed_prekey);
/// `<iq xmlns="encrypt" type="get">` with an empty child: `count` or `digest`.
wire::Node prekey_query(std::string_view what);

/// What `<count value/>` says; 0 where it says no number, which stands for none left (RS).
/// kMalformed/kStanzaUnexpected.
Result<std::uint64_t> read_prekey_count(const wire::Node& parent);

}  // namespace ponte::protocol::devices
