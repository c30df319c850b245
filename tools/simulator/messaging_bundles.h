// What others are told of a device so that they can write to it: its keys, and which devices there are
// (wire: messages.md 1.7, 3.3).
#pragma once

#include <optional>

#include "crypto/signal/sessions.h"
#include "protocol/wire/node.h"
#include "simulator/accounts.h"
#include "simulator/client_payload.h"

namespace ponte::simulator {

/// `<skey><id/><value/><signature/></skey>`.
protocol::wire::Node signed_prekey_node(const SignedPrekey& prekey);
/// `<key><id/><value/></key>`.
protocol::wire::Node prekey_node(const Prekey& prekey);

/// The bundle of a device that has published keys; uses up a one-time prekey where it has one left.
std::optional<crypto::PrekeyBundle> take_bundle(Companion& device);
/// The same as `<user>`'s content, under the JID that it was asked for by.
protocol::wire::Node take_bundle_node(const protocol::wire::Jid& asked, Companion& device);

/// `<devices><device-list/><key-index-list/></devices>`: the phone and its companions.
protocol::wire::Node devices_node(const Seed& seed, const Account& account, Wall wall);

/// `2:...` over the devices' JIDs (wire: messages.md 3.4).
std::string participant_hash(const std::vector<protocol::wire::Jid>& devices);

}  // namespace ponte::simulator
