// The key space: every key the program stores, in one place, with the format of its value.
//
// A record has an owner (an instance, or the service itself) and a key within it. Ids in keys are text,
// so that a key can be shown in a message as it is.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "store/store.h"

namespace ponte::store::keys {

/// Whose records a row of the table describes.
enum class Scope { kInstance, kSystem };

struct Row {
  Scope scope;
  std::string_view key;    ///< the whole key, or its prefix where it ends in '/'
  std::string_view value;  ///< format of the value; *Record: a message of records.proto
  std::string_view meaning;
};

// Of an instance.
inline constexpr std::string_view kCredentials = "credentials";
inline constexpr std::string_view kAccount = "account";
inline constexpr std::string_view kRoutingInfo = "routing_info";
inline constexpr std::string_view kServerChain = "server_chain";
inline constexpr std::string_view kLoggedOut = "logged_out";
inline constexpr std::string_view kHold = "hold";
inline constexpr std::string_view kPrekeyState = "prekey_state";
inline constexpr std::string_view kPrekeyPrefix = "prekey/";
inline constexpr std::string_view kSignalSessionPrefix = "signal/session/";
inline constexpr std::string_view kSignalIdentityPrefix = "signal/identity/";
inline constexpr std::string_view kSenderKeyPrefix = "signal/sender_key/";
inline constexpr std::string_view kSenderKeyMemoPrefix = "signal/sender_key_memo/";
inline constexpr std::string_view kHandedPrekeyPrefix = "signal/prekey/";
inline constexpr std::string_view kReplacedSignedPrekeyPrefix = "signal/signed_prekey/";
inline constexpr std::string_view kLidPrefix = "lid/";
inline constexpr std::string_view kPnPrefix = "pn/";
inline constexpr std::string_view kChatMergePrefix = "chat_merge/";
inline constexpr std::string_view kRetryPrefix = "retry/";
inline constexpr std::string_view kSeenPrefix = "seen/";
inline constexpr std::string_view kOutgoingPrefix = "outgoing/";
inline constexpr std::string_view kOutgoingDayPrefix = "outgoing_day/";
inline constexpr std::string_view kUnacknowledgedPrefix = "unacknowledged/";
inline constexpr std::string_view kPrivacyTokenPrefix = "privacy_token/";
inline constexpr std::string_view kNctSalt = "nct_salt";
inline constexpr std::string_view kAppStateKeyPrefix = "app_state_key/";
inline constexpr std::string_view kAppStatePrefix = "app_state/";
inline constexpr std::string_view kAppStateMacPrefix = "app_state_mac/";
inline constexpr std::string_view kChatErasurePrefix = "chat_erasure/";
// Of an instance's events, which outlive its device.
inline constexpr std::string_view kEventPrefix = "event/";
inline constexpr std::string_view kToldLink = "told_link";
// Of an instance's webhooks, which outlive its device too, and are synced where events are not.
inline constexpr std::string_view kWebhookPrefix = "webhook/";
inline constexpr std::string_view kWebhookProgressPrefix = "webhook_progress/";
inline constexpr std::string_view kDeadLetterPrefix = "webhook_dead/";
inline constexpr std::string_view kDeliveryAttemptPrefix = "webhook_attempt/";
// Of the service.
inline constexpr std::string_view kInstancePrefix = "instance/";
inline constexpr std::string_view kNamePrefix = "name/";
inline constexpr std::string_view kTokenPrefix = "token/";
inline constexpr std::string_view kTokenHashKey = "token_hash_key";
inline constexpr std::string_view kAccountToken = "account_token";
inline constexpr std::string_view kFetchedVersion = "fetched_version";
inline constexpr std::string_view kLinkPrefix = "link/";

/// THE table; that of the chats goes on in chat_keys.h. No key falls under two rows of one scope.
inline constexpr std::array kTable{
    Row{Scope::kInstance, kCredentials, "CredentialsRecord",
        "the keys of the device; made before its first connection"},
    Row{Scope::kInstance, kAccount, "AccountRecord", "who the device is; absent until paired"},
    Row{Scope::kInstance, kRoutingInfo, "raw bytes", "edge routing info, sent in front of the next handshake"},
    Row{Scope::kInstance, kServerChain, "ServerChainRecord", "the server's certificates, for a handshake that resumes"},
    Row{Scope::kInstance, kHold, "HoldRecord", "why a linked device stays down until its time, or until asked"},
    Row{Scope::kInstance, kLoggedOut, "LoggedOutRecord", "why the device is no longer linked; absent while it is"},
    Row{Scope::kInstance, kPrekeyState, "PrekeyStateRecord", "which one-time prekeys exist and were uploaded"},
    Row{Scope::kInstance, kPrekeyPrefix, "64 raw bytes",
        "prekey/<id, 6 hex digits>: one-time prekey, private then public; of older ones 32, the private"},
    Row{Scope::kInstance, kSignalSessionPrefix, "libsignal's record",
        "signal/session/<name>.<device>: the sessions with a device"},
    Row{Scope::kInstance, kSignalIdentityPrefix, "32 raw bytes", "signal/identity/<name>.<device>: its identity key"},
    Row{Scope::kInstance, kSenderKeyPrefix, "libsignal's record",
        "signal/sender_key/<group>/<name>.<device>: its keys in a group, our own too"},
    Row{Scope::kInstance, kSenderKeyMemoPrefix, "SenderKeyMemoRecord",
        "signal/sender_key_memo/<group>: who has our sender key"},
    Row{Scope::kInstance, kHandedPrekeyPrefix, "32 raw bytes",
        "signal/prekey/<id, 6 hex digits>: a prekey that went out in a retry receipt"},
    Row{Scope::kInstance, kReplacedSignedPrekeyPrefix, "32 raw bytes",
        "signal/signed_prekey/<id, 6 hex digits>: one that was replaced"},
    Row{Scope::kInstance, kLidPrefix, "user of the LID as text", "lid/<user of the PN>"},
    Row{Scope::kInstance, kPnPrefix, "user of the PN as text", "pn/<user of the LID>"},
    Row{Scope::kInstance, kChatMergePrefix, "empty",
        "chat_merge/<user of the PN>: its chat is still to move to the LID's"},
    Row{Scope::kInstance, kRetryPrefix, "RetryRecord",
        "retry/<chat>/<sender>/<message id>: a message that could not be decrypted and was asked for again"},
    Row{Scope::kInstance, kSeenPrefix, "empty",
        "seen/<day, 6 hex digits>/<chat>/<sender>/<message id>: taken, and kept nowhere else"},
    Row{Scope::kInstance, kOutgoingPrefix, "OutgoingRecord",
        "outgoing/<message id>: what was sent, for those who ask again"},
    Row{Scope::kInstance, kOutgoingDayPrefix, "empty",
        "outgoing_day/<day, 6 hex digits>/<message id>: when it was sent"},
    Row{Scope::kInstance, kUnacknowledgedPrefix, "empty",
        "unacknowledged/<message id>: sent, and the server has not answered"},
    Row{Scope::kInstance, kPrivacyTokenPrefix, "PrivacyTokenRecord",
        "privacy_token/<user JID>: theirs, and ours to them"},
    Row{Scope::kInstance, kNctSalt, "raw bytes", "makes tokens for those who gave us none"},
    Row{Scope::kInstance, kAppStateKeyPrefix, "AppStateKeyRecord",
        "app_state_key/<id in hex>: a key of app state, or that it was asked for"},
    Row{Scope::kInstance, kAppStatePrefix, "AppStateRecord", "app_state/<collection>: how far it is"},
    Row{Scope::kInstance, kAppStateMacPrefix, "32 raw bytes",
        "app_state_mac/<collection>/<MAC of an index in hex>: MAC of the value under it"},
    Row{Scope::kInstance, kChatErasurePrefix, "ChatErasureRecord",
        "chat_erasure/<chat>: messages that are still to be erased"},
    Row{Scope::kInstance, kEventPrefix, "EventRecord",
        "event/<sequence, 16 hex digits>: what happened to the instance"},
    Row{Scope::kInstance, kToldLink, "state as text",
        "what the events say of the link, pair_success or logged_out: a crash may have come before they said it"},
    Row{Scope::kInstance, kWebhookPrefix, "WebhookRecord", "webhook/<label in hex>: where events are sent to"},
    Row{Scope::kInstance, kWebhookProgressPrefix, "WebhookProgressRecord",
        "webhook_progress/<label in hex>: how far it has got"},
    Row{Scope::kInstance, kDeadLetterPrefix, "DeadLetterRecord",
        "webhook_dead/<label in hex>/<sequence, 16 hex digits>: an event that could not be delivered"},
    Row{Scope::kInstance, kDeliveryAttemptPrefix, "DeliveryAttemptRecord",
        "webhook_attempt/<label in hex>/<slot, 2 hex digits>: one of the last tries"},
    Row{Scope::kSystem, kInstancePrefix, "InstanceRecord", "instance/<id>: one instance"},
    Row{Scope::kSystem, kNamePrefix, "id as text", "name/<instance name>: its id"},
    Row{Scope::kSystem, kTokenPrefix, "id as text", "token/<keyed hash, 64 hex digits>: id of its instance"},
    Row{Scope::kSystem, kTokenHashKey, "32 raw bytes", "the HMAC key of all token hashes"},
    Row{Scope::kSystem, kAccountToken, "32 raw bytes", "keyed hash of the account token"},
    Row{Scope::kSystem, kFetchedVersion, "FetchedVersionRecord", "the client version that was fetched last"},
    Row{Scope::kSystem, kLinkPrefix, "LinkRecord",
        "link/<keyed hash, 64 hex digits>: what its token may be used for, to link one instance"},
};

/// Whose records the chats of an instance are: messages, contacts, labels. They go when its device is logged out.
Owner chats_owner(std::string_view instance_id);
/// Whose records the events of an instance are: not the device's, which go when it is logged out.
Owner events_owner(std::string_view instance_id);
/// Whose records its webhooks are: apart from the events, which must not wait for what is synced.
Owner webhooks_owner(std::string_view instance_id);

/// The row a key falls under; nullptr for a key that nobody declared.
const Row* row_of(const Owner& owner, std::string_view key);

/// Ids are 1 to 0xFFFFFF (wire: pairing.md 8.3, three bytes). Keys sort by id.
std::string prekey(std::uint32_t id);
/// The id in a key made by prekey(); nullopt for any other key.
std::optional<std::uint32_t> prekey_id(std::string_view key);
std::string event(std::uint64_t sequence);
/// The sequence in a key made by event(); nullopt for any other key.
std::optional<std::uint64_t> event_sequence(std::string_view key);
std::string webhook(std::string_view label);
std::string webhook_progress(std::string_view label);
/// Of all dead letters, or all attempts, of one webhook: the prefix of their keys.
std::string dead_letters(std::string_view label);
std::string delivery_attempts(std::string_view label);
std::string dead_letter(std::string_view label, std::uint64_t sequence);
std::string delivery_attempt(std::string_view label, std::uint8_t slot);
std::string instance(std::string_view id);
std::string name(std::string_view instance_name);
std::string token(const ByteArray<32>& keyed_hash);
std::string link(const ByteArray<32>& keyed_hash);
/// The hash in a key made by link(); nullopt for any other key.
std::optional<ByteArray<32>> link_hash(std::string_view key);

// --- On disk, where all owners share one space -----------------------------------------------
//
//   i/<owner>/<key>   sealed by the owner's data key, associated data = this whole key
//   s/<key>           the service's records, sealed by the service's data key
//   k/<owner>         the owner's data key, sealed by the master key (k/ alone: the service's)
//   m/schema          version of this layout, 4 bytes big-endian, in the clear
//   m/key_check       a fixed text sealed by the master key: proves that the key fits
//   m/opened          written synced at every start: proves that the disk takes writes

inline constexpr std::string_view kDiskSchema = "m/schema";
inline constexpr std::string_view kDiskKeyCheck = "m/key_check";
inline constexpr std::string_view kDiskOpened = "m/opened";

/// kSystem, or 1 to 64 of [A-Za-z0-9_-]: nothing that could reach into another owner's keys.
/// kInternal otherwise: owners are made by the program, never by a caller.
Status check_owner(const Owner& owner);

// Precondition of the next three: check_owner(owner).ok().
std::string disk_key(const Owner& owner, std::string_view key);
std::string disk_data_key(const Owner& owner);
/// The first key after all keys that start with `prefix` (a disk key: begins with a letter).
std::string after_prefix(std::string prefix);

/// "record credentials of instance 0190…" for messages.
std::string describe(const Owner& owner, std::string_view key);

}  // namespace ponte::store::keys
