#include "store/keys.h"

#include <algorithm>
#include <charconv>

#include "base/hex.h"
#include "base/writer.h"
#include "store/chat_keys.h"

namespace ponte::store::keys {
namespace {

constexpr std::size_t kMaxOwnerLength = 64;

std::string joined(std::string_view prefix, std::string_view rest) {
  std::string key(prefix);
  key += rest;
  return key;
}

bool is_owner_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

}  // namespace

const Row* row_of(const Owner& owner, std::string_view key) {
  const Scope scope = owner == kSystem ? Scope::kSystem : Scope::kInstance;
  const auto covers = [&](const Row& row) {
    const bool is_prefix = row.key.ends_with('/');
    const bool fits = is_prefix ? key.size() > row.key.size() && key.starts_with(row.key) : key == row.key;
    return fits && row.scope == scope;
  };
  for (const Row& row : kTable) {
    if (covers(row)) return &row;
  }
  for (const Row& row : kChatTable) {
    if (covers(row)) return &row;
  }
  return nullptr;
}

std::string prekey(std::uint32_t id) {
  return joined(kPrekeyPrefix, to_hex(big_endian_array<3>(id)));
}

std::optional<std::uint32_t> prekey_id(std::string_view key) {
  if (!key.starts_with(kPrekeyPrefix)) return std::nullopt;
  const std::string_view digits = key.substr(kPrekeyPrefix.size());
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id, 16);
  if (error != std::errc() || key != prekey(id)) return std::nullopt;
  return id;
}

std::string event(std::uint64_t sequence) {
  return joined(kEventPrefix, to_hex(big_endian_array<8>(sequence)));
}

std::optional<std::uint64_t> event_sequence(std::string_view key) {
  if (!key.starts_with(kEventPrefix)) return std::nullopt;
  const std::string_view digits = key.substr(kEventPrefix.size());
  std::uint64_t sequence = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), sequence, 16);
  if (error != std::errc() || key != event(sequence)) return std::nullopt;
  return sequence;
}

Owner chats_owner(std::string_view instance_id) {
  return joined(instance_id, "-chats");
}

Owner events_owner(std::string_view instance_id) {
  return joined(instance_id, "-events");
}

Owner webhooks_owner(std::string_view instance_id) {
  return joined(instance_id, "-webhooks");
}

std::string webhook(std::string_view label) {
  return joined(kWebhookPrefix, to_hex(as_bytes(label)));
}

std::string webhook_progress(std::string_view label) {
  return joined(kWebhookProgressPrefix, to_hex(as_bytes(label)));
}

std::string dead_letters(std::string_view label) {
  return joined(kDeadLetterPrefix, to_hex(as_bytes(label))) + "/";
}

std::string delivery_attempts(std::string_view label) {
  return joined(kDeliveryAttemptPrefix, to_hex(as_bytes(label))) + "/";
}

std::string dead_letter(std::string_view label, std::uint64_t sequence) {
  return dead_letters(label) + to_hex(big_endian_array<8>(sequence));
}

std::string delivery_attempt(std::string_view label, std::uint8_t slot) {
  return delivery_attempts(label) + to_hex(ByteArray<1>{slot});
}

std::string instance(std::string_view id) {
  return joined(kInstancePrefix, id);
}

std::string name(std::string_view instance_name) {
  return joined(kNamePrefix, instance_name);
}

std::string token(const ByteArray<32>& keyed_hash) {
  return joined(kTokenPrefix, to_hex(keyed_hash));
}

std::string link(const ByteArray<32>& keyed_hash) {
  return joined(kLinkPrefix, to_hex(keyed_hash));
}

std::optional<ByteArray<32>> link_hash(std::string_view key) {
  if (!key.starts_with(kLinkPrefix)) return std::nullopt;
  const auto hash = from_hex(key.substr(kLinkPrefix.size()));
  if (!hash.ok() || hash->size() != 32 || key != link(to_array<32>(*hash))) return std::nullopt;
  return to_array<32>(*hash);
}

Status check_owner(const Owner& owner) {
  if (owner.size() <= kMaxOwnerLength && std::all_of(owner.begin(), owner.end(), is_owner_character)) return {};
  return Error{Errc::kInternal, Cause::kInternal,
               "owner of a record: expected 1 to 64 letters, digits, '_' or '-', got " + std::to_string(owner.size()) +
                   " bytes with others among them, or too many"};
}

std::string disk_key(const Owner& owner, std::string_view key) {
  if (owner == kSystem) return joined("s/", key);
  return joined("i/" + owner + "/", key);
}

std::string disk_data_key(const Owner& owner) {
  return joined("k/", owner);
}

std::string after_prefix(std::string prefix) {
  while (prefix.back() == '\xff') prefix.pop_back();
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

std::string describe(const Owner& owner, std::string_view key) {
  std::string text = joined("record ", key);
  return owner == kSystem ? text + " of the service" : text + " of instance " + owner;
}

}  // namespace ponte::store::keys
