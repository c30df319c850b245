// Prekeys as tests look at them and use them beside a session.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/reader.h"
#include "protocol/devices/prekeys.h"
#include "protocol/messages/signal_records.h"
#include "protocol/session/link_state.h"
#include "protocol/wire/node.h"
#include "store/keys.h"
#include "store/signal_records.h"

namespace ponte::test {

/// In a step of its own, as for a retry receipt.
inline Result<protocol::devices::HandedPrekey> hand_out_prekey(store::Store& store, const store::Owner& owner,
                                                               RandomSource& random, const Now& now) {
  store::Transaction transaction(store, owner);
  const protocol::SessionConfig config;
  protocol::LinkState link;
  protocol::IqTracker iqs;
  store::Transaction chats(store, store::keys::chats_owner(owner));
  std::deque<protocol::Output> out;
  std::vector<protocol::Told> told;
  protocol::Step step{now, transaction, chats, random, config, link, iqs, nullptr, out, told};
  auto handed = protocol::devices::hand_out_prekey(step);
  if (handed.ok()) store.commit(transaction.take(), [](const Status&) {});
  return handed;
}

/// As where a message that was encrypted for it has been decrypted.
inline void consume_prekey(store::Store& store, const store::Owner& owner, std::uint32_t id) {
  store::Transaction transaction(store, owner);
  store::erase_prekey(transaction, id);
  store::erase_handed_prekey(transaction, id);
  store.commit(transaction.take(), [](const Status&) {});
}

/// The public keys that this store can decrypt for.
inline std::optional<crypto::PublicKey> stored_prekey(const store::Store& store, const store::Owner& owner,
                                                      std::uint32_t id) {
  store::Transaction transaction(store, owner);
  const store::Credentials none;
  auto key = protocol::messages::SignalRecords(transaction, none).load_prekey(id);
  if (!key.ok() || !*key) return std::nullopt;
  return crypto::key_pair_from_private(std::move(**key)).public_key;
}
inline std::optional<crypto::PublicKey> stored_signed_prekey(const store::Store& store, const store::Owner& owner,
                                                             std::uint32_t id) {
  store::Transaction transaction(store, owner);
  const auto credentials = store::get_credentials(transaction);
  if (!credentials.ok() || !*credentials) return std::nullopt;
  const auto pair = protocol::messages::SignalRecords(transaction, **credentials).load_signed_prekey(id);
  if (!pair.ok() || !*pair) return std::nullopt;
  return (*pair)->public_key;
}

inline std::uint32_t id_in(const protocol::wire::Node& parent) {
  return static_cast<std::uint32_t>(Reader(*parent.find("id")->leaf_of_size(3)).big_endian(3).value());
}
inline crypto::PublicKey key_in(const protocol::wire::Node& parent) {
  return to_array<32>(*parent.find("value")->leaf_of_size(32));
}
/// The prekeys that an upload offers.
inline std::map<std::uint32_t, crypto::PublicKey> offered_in(const protocol::wire::Node& iq) {
  std::map<std::uint32_t, crypto::PublicKey> out;
  for (const auto& key : iq.find("list")->children()) out.emplace(id_in(key), key_in(key));
  return out;
}

}  // namespace ponte::test
