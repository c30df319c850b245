#include "portable/adoption.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "crypto/system_random.h"
#include "protocol/messages/addresses.h"
#include "store/app_state_records.h"
#include "store/chat_records.h"
#include "store/signal_records.h"

namespace ponte::portable {
namespace {

using protocol::wire::Jid;
namespace messages = protocol::messages;

constexpr std::uint32_t kPassedOverIds = 1024;  // more than clients upload at once
constexpr std::size_t kLongestToken = 1024;
constexpr std::size_t kLongestName = 1024;
constexpr std::string_view kLidMark = "_1";

bool is_digits(std::string_view text) {
  return !text.empty() && text.size() <= 20 && text.find_first_not_of("0123456789") == text.npos;
}

/// `digits`, or with the mark of a server behind.
bool is_signal_name(std::string_view name) {
  const std::size_t mark = name.find('_');
  const std::string_view server = mark == name.npos ? "" : name.substr(mark);
  return is_digits(name.substr(0, mark)) &&
         (server.empty() || server == kLidMark || server == "_128" || server == "_129");
}

std::optional<std::int32_t> device_of(std::string_view text) {
  std::uint16_t device = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), device);
  if (error != std::errc() || at != text.data() + text.size()) return std::nullopt;
  return device;
}

std::string address_text(const crypto::SignalAddress& address) {
  return address.name + "." + std::to_string(address.device);
}

bool is_group_name(std::string_view group) {
  const auto jid = Jid::parse(group);
  return jid && messages::is_nameable(*jid) &&
         (messages::is_group(*jid) || jid->server == protocol::wire::kBroadcastServer);
}

std::string shortened(std::string_view text) {
  return std::string(text.substr(0, kLongestName));
}

WipedRecords records_of(store::WriteBatch batch) {
  WipedRecords out;
  for (store::Write& write : batch.writes) {
    if (write.value) out.add(std::move(write.key), std::move(*write.value));
  }
  return out;
}

}  // namespace

Adoption::Adoption(Wall now, RandomSource& random) : now_(now), random_(random) {}

Adoption::Address Adoption::moved(std::string_view name, const crypto::SignalAddress& to) {
  return to.name == name ? Address::kAsItIs : Address::kMoved;
}

Status Adoption::set_device(const store::Credentials& credentials, const store::Account& account) {
  const auto jid = Jid::parse(account.jid);
  if (!jid || !is_digits(jid->user) || jid->server != protocol::wire::kUserServer || jid->device == 0)
    return malformed("its account is not that of a linked device");
  store::put_credentials(device_, credentials);
  store::put_account(device_, account);
  const auto lid = Jid::parse(account.lid);
  if (lid && lid->server == protocol::wire::kLidServer) add_mapping(jid->user, lid->user);
  return Status::Ok();
}

void Adoption::add_mapping(std::string_view pn_user, std::string_view lid_user) {
  if (!is_digits(pn_user) || !is_digits(lid_user)) return count_unreadable();
  if (!lid_of_.emplace(pn_user, lid_user).second) return;
  store::put_lid_mapping(device_, pn_user, lid_user);
  ++counts_.mappings;
}

void Adoption::add_prekey(std::uint32_t id, const crypto::PrivateKey& private_key) {
  if (id < 1 || id > kLargestPrekeyId) return count_unreadable();
  store::put_prekey(device_, id, crypto::key_pair_from_private(private_key.copy()));
  set_next_prekey_id(id + 1);
  ++counts_.prekeys;
}

void Adoption::set_next_prekey_id(std::uint32_t id) {
  next_prekey_id_ = std::clamp(id, next_prekey_id_, kLargestPrekeyId + 1);
}

void Adoption::pass_over_prekey_ids() {
  set_next_prekey_id(next_prekey_id_ + kPassedOverIds);
}

std::optional<crypto::SignalAddress> Adoption::address_of(std::string_view name, std::string_view device) const {
  const auto number = device_of(device);
  if (!is_signal_name(name) || !number) return std::nullopt;
  const auto lid = lid_of_.find(name);
  return crypto::SignalAddress{lid == lid_of_.end() ? std::string(name) : lid->second + std::string(kLidMark), *number};
}

/// What is kept under a LID itself is younger than what is left under the number.
Adoption::Claim Adoption::claim(std::string place, Address address) {
  const bool own_place = address == Address::kAsItIs;
  const auto [at, fresh] = claimed_.emplace(std::move(place), own_place);
  if (fresh) return Claim::kNew;
  if (!own_place || at->second) return Claim::kTaken;
  at->second = true;
  return Claim::kReplaces;
}

void Adoption::add_identity(std::string_view name, std::string_view device, const crypto::PublicKey& identity) {
  const auto address = address_of(name, device);
  if (!address || !crypto::is_sound(identity)) return count_unreadable();
  const Claim claimed = claim("identity/" + address_text(*address), moved(name, *address));
  if (claimed == Claim::kTaken) return;
  store::put_signal_identity(device_, *address, identity);
  if (claimed == Claim::kNew) ++counts_.identities;
}

void Adoption::add_session(std::string_view name, std::string_view device,
                           const std::optional<ForeignSessions>& sessions) {
  const auto address = address_of(name, device);
  auto record = sessions && address ? crypto::session_record_of(sessions->sessions, sessions->current, random_)
                                    : Result<Bytes>(malformed("not a session"));
  const Claim claimed = record.ok() ? claim("session/" + address_text(*address), moved(name, *address)) : Claim::kTaken;
  if (claimed == Claim::kTaken) {
    ++counts_.sessions_left;
    return;
  }
  store::put_signal_session(device_, *address, std::move(*record));
  if (claimed == Claim::kNew) ++counts_.sessions;
  // A session is with somebody: one that came without an identity beside it names him.
  const auto known = store::get_signal_identity(device_, *address);
  if (known.ok() && !*known) add_identity(name, device, sessions->sessions.front().remote_identity);
}

void Adoption::add_sender_key(std::string_view group, std::string_view name, std::string_view device,
                              const std::optional<ForeignSenderKeys>& keys) {
  if (keys && keys->own) {
    ++counts_.own_sender_keys;
    return;
  }
  const auto address = address_of(name, device);
  auto record = keys && address && is_group_name(group) ? crypto::sender_key_record_of(keys->keys, random_)
                                                        : Result<Bytes>(malformed("not a sender key"));
  const Claim claimed =
      record.ok() ? claim("sender_key/" + std::string(group) + "/" + address_text(*address), moved(name, *address))
                  : Claim::kTaken;
  if (claimed == Claim::kTaken) {
    ++counts_.sender_keys_left;
    return;
  }
  store::put_sender_key(device_, {std::string(group), *address}, std::move(*record));
  if (claimed == Claim::kNew) ++counts_.sender_keys;
}

void Adoption::add_app_state_key(ByteView id, const std::optional<Secret<32>>& data, std::int64_t timestamp) {
  if (id.empty() || id.size() > store::kLongestAppStateKeyId || !data) return count_unreadable();
  store::AppStateKey key;
  key.id = to_bytes(id);
  key.data = data->copy();
  key.timestamp = timestamp;
  store::put_app_state_key(device_, key);
  ++counts_.app_state_keys;
}

std::optional<Jid> Adoption::chat_jid(std::string_view text) const {
  auto jid = Jid::parse(text);
  if (!jid || !messages::is_user(*jid) || !is_digits(jid->user)) return std::nullopt;
  *jid = messages::plain(jid->without_device());
  const auto lid = lid_of_.find(jid->user);
  if (messages::is_pn(*jid) && lid != lid_of_.end())
    return messages::device_jid(lid->second, protocol::wire::kLidServer);
  return jid;
}

void Adoption::add_privacy_token(std::string_view text, ByteView token, std::int64_t at,
                                 std::optional<std::int64_t> issued_at) {
  const auto jid = chat_jid(text);
  if (!jid || token.size() > kLongestToken || (token.empty() && !issued_at)) return count_unreadable();
  const auto known = store::get_privacy_token(device_, jid->to_string());
  if (known.ok() && *known && (*known)->at >= at) return;
  store::put_privacy_token(device_, jid->to_string(), {to_bytes(token), at, issued_at});
  if (!known.ok() || !*known) ++counts_.privacy_tokens;
}

void Adoption::add_contact(std::string_view text, const ForeignContact& contact) {
  const auto jid = chat_jid(text);
  if (!jid) return;  // groups and the like are no contacts here
  const auto written = Jid::parse(text);
  const auto fill = [](std::string& into, const std::string& from) {
    if (into.empty()) into = shortened(from);
  };
  const auto changed = store::change_contact(chats_, jid->to_string(), [&](store::ContactRecord& record) {
    fill(record.full_name, contact.full_name);
    fill(record.first_name, contact.first_name);
    fill(record.push_name, contact.push_name);
    fill(record.business_name, contact.business_name);
    if (messages::is_lid(*jid)) record.lid = jid->to_string();
    if (messages::is_pn(*written)) record.pn = messages::plain(written->without_device()).to_string();
  });
  if (changed.ok() && *changed) ++counts_.contacts;
}

Result<Incoming> Adoption::finish(const std::string& name) {
  store::PrekeyState state;
  state.next_id = next_prekey_id_;
  // All of them may be at the server. What it has is compared at the first login.
  state.first_unuploaded_id = next_prekey_id_;
  state.checked_at = Wall();
  store::put_prekey_state(device_, state);

  Incoming incoming;
  incoming.instance.id = crypto::uuid_v7(random_, unix_milliseconds(now_));
  incoming.instance.name = name;
  incoming.instance.created_at = incoming.instance.updated_at = now_;
  incoming.device = records_of(device_.take());
  PONTE_TRY(check_device(incoming.device));
  if (counts_.contacts > 0) {
    incoming.each_bulk = [records = records_of(chats_.take())](Incoming::Take take) -> Status {
      for (const auto& [key, value] : records.all()) PONTE_TRY(take({Part::kChats, key, value}));
      return Status::Ok();
    };
  }
  return incoming;
}

}  // namespace ponte::portable
