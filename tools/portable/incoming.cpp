#include "portable/incoming.h"

#include <algorithm>
#include <future>
#include <utility>

#include "crypto/base64.h"
#include "crypto/compare.h"
#include "instance/types.h"
#include "protocol/wire/jid.h"
#include "store/keys.h"
#include "store/records.h"
#include "store/signal_records.h"

namespace ponte::portable {
namespace {

constexpr std::size_t kTokenSize = 24;
constexpr std::size_t kBatchBytes = 4 << 20;

Error taken(std::string what) {
  return {Errc::kAlreadyExists, Cause::kInstanceExists, std::move(what)};
}

/// Of a store's error: it speaks of a record that is in no store.
Error of_source(const Error& error) {
  return malformed("a record does not hold what it should: " + error.message);
}

/// Who a device is, whatever it is called.
struct Identity {
  std::optional<crypto::PublicKey> noise;
  std::optional<crypto::PublicKey> identity;
  std::uint32_t registration_id = 0;
  std::optional<protocol::wire::Jid> jid;
};

Result<Identity> identity_of(const store::RecordSource& source) {
  Identity out;
  PONTE_ASSIGN(const auto credentials, store::get_credentials(source));
  PONTE_ASSIGN(const auto account, store::get_account(source));
  if (credentials) {
    out.noise = credentials->noise.public_key;
    out.identity = credentials->identity.public_key;
    out.registration_id = credentials->registration_id;
  }
  if (account) out.jid = protocol::wire::Jid::parse(account->jid);
  return out;
}

bool same_device(const Identity& one, const Identity& other) {
  if (one.noise && one.noise == other.noise) return true;
  if (one.identity && one.identity == other.identity) return true;
  return one.jid && other.jid && one.jid->user == other.jid->user && one.jid->device == other.jid->device;
}

Status check_free(const store::Store& store, const Incoming& incoming, const std::string& name) {
  const store::RecordSource system(store, store::kSystem);
  PONTE_ASSIGN(const auto named, store::find_instance_by_name(system, name));
  if (named) return taken("an instance named " + name + " is there already. Choose another name with --name");
  const RecordsReader device(incoming.device);
  PONTE_ASSIGN(const Identity incoming_identity, identity_of({device, incoming.instance.id}));
  PONTE_ASSIGN(const auto instances, store::get_instances(system));
  for (const store::InstanceRecord& present : instances) {
    if (present.id == incoming.instance.id)
      return taken("this instance is there already, under the name " + present.name);
    PONTE_ASSIGN(const Identity identity, identity_of({store, present.id}));
    if (same_device(identity, incoming_identity))
      return taken("this device is there already: it is the one of the instance " + present.name);
  }
  return Status::Ok();
}

std::string make_token(RandomSource& random) {
  Bytes bytes(kTokenSize);
  random.fill(bytes);
  return crypto::base64_url(bytes);
}

Status erase_bulk(store::Store& store, std::string_view id) {
  PONTE_TRY(erase_and_wait(store, owner_of(Part::kEvents, id)));
  return erase_and_wait(store, owner_of(Part::kChats, id));
}

/// Writes what is many, a few MiB at a time.
Status write_bulk(store::Store& store, Incoming& incoming) {
  store::WriteBatch batch;
  std::size_t size = 0;
  const auto flush = [&] {
    batch.durability = store::Durability::kPowerLoss;
    size = 0;
    return commit_and_wait(store, std::exchange(batch, {}));
  };
  PONTE_TRY(incoming.each_bulk([&](Item item) -> Status {
    store::Owner owner = owner_of(item.part, incoming.instance.id);
    if (owner != batch.owner || size >= kBatchBytes) PONTE_TRY(flush());
    batch.owner = std::move(owner);
    size += item.key.size() + item.value.size();
    batch.writes.push_back({std::move(item.key), std::move(item.value)});
    return Status::Ok();
  }));
  return flush();
}

Status write_instance(store::Store& store, Incoming& incoming, RandomSource& random) {
  store::Transaction system(store, store::kSystem);
  PONTE_ASSIGN(const Secret<32> hash_key, store::get_or_make_token_hash_key(system, random));
  store::put_instance(system, incoming.instance, store::hash_token(hash_key, incoming.instance.token));
  store::WriteBatch batch = system.take();
  batch.beside.push_back({owner_of(Part::kDevice, incoming.instance.id), incoming.device.take()});
  batch.beside.push_back({owner_of(Part::kWebhooks, incoming.instance.id), incoming.webhooks.take()});
  return commit_and_wait(store, std::move(batch));
}

Status check_signed_prekey(const store::Credentials& credentials) {
  const Bytes typed = concat({ByteArray<1>{0x05}, credentials.signed_prekey.pair.public_key});
  if (crypto::xeddsa_verify(credentials.identity.public_key, typed, credentials.signed_prekey.signature))
    return Status::Ok();
  return malformed("its signed prekey is not signed by its identity key");
}

Status check_account(const std::optional<store::Account>& account, bool has_credentials) {
  if (!account) return Status::Ok();
  const auto jid = protocol::wire::Jid::parse(account->jid);
  if (!jid || jid->user.empty() || jid->server != protocol::wire::kUserServer || jid->device == 0)
    return malformed("its account is not that of a linked device");
  return has_credentials ? Status::Ok() : malformed("it has an account and no keys");
}

Status check_prekeys(const store::RecordSource& source) {
  PONTE_ASSIGN(const auto state, store::get_prekey_state(source));
  PONTE_ASSIGN(const auto ids, store::get_prekey_ids(source));
  if (!ids.empty() && ids.back() >= state.value_or(store::PrekeyState{}).next_id)
    return malformed("its prekeys go beyond the next id");
  return Status::Ok();
}

Status look_at(const store::RecordSource& source) {
  PONTE_ASSIGN(const auto credentials, store::get_credentials(source));
  PONTE_ASSIGN(const auto account, store::get_account(source));
  if (credentials) PONTE_TRY(check_signed_prekey(*credentials));
  PONTE_TRY(check_account(account, credentials.has_value()));
  return check_prekeys(source);
}

}  // namespace

Status commit_and_wait(store::Store& store, store::WriteBatch batch) {
  std::promise<Status> done;
  store.commit(std::move(batch), [&done](Status status) { done.set_value(std::move(status)); });
  return done.get_future().get();
}

Status erase_and_wait(store::Store& store, const store::Owner& owner) {
  std::promise<Status> done;
  store.erase_owner(owner, [&done](Status status) { done.set_value(std::move(status)); });
  return done.get_future().get();
}

Status check_device(const WipedRecords& device) {
  const RecordsReader reader(device);
  const store::Owner owner = "device";
  Status looked = look_at({reader, owner});
  if (looked.ok() || looked.error().code == Errc::kMalformed) return looked;
  return of_source(looked.error());
}

Result<store::InstanceRecord> admit(store::Store& store, Incoming incoming, const Admission& how,
                                    RandomSource& random) {
  const std::string name = how.name.empty() ? incoming.instance.name : how.name;
  if (!instance::is_instance_name(name)) {
    return Error{Errc::kInvalidArgument, Cause::kInvalidInstanceName,
                 "expected a name of 1 to 100 letters, digits, '_' and '-'"};
  }
  PONTE_TRY(check_free(store, incoming, name));
  incoming.instance.name = name;
  incoming.instance.token = make_token(random);
  incoming.instance.updated_at = how.now;
  if (incoming.each_bulk) {
    PONTE_TRY(erase_bulk(store, incoming.instance.id));
    if (Status written = write_bulk(store, incoming); !written.ok()) {
      // Where this fails too, the next try begins with it.
      (void)erase_bulk(store, incoming.instance.id);
      return std::move(written).error();
    }
  }
  PONTE_TRY(write_instance(store, incoming, random));
  return incoming.instance;
}

}  // namespace ponte::portable
