// Records from values that a damaged store could hold: read or refused as corrupt, and what is read
// is written back to the same meaning.
#include <cstdlib>

#include "store/keys.h"
#include "store/memory_store.h"
#include "store/records.h"
#include "store/service_records.h"
#include "store/webhook_records.h"

namespace {

using namespace ponte;
using namespace ponte::store;

template <typename T>
bool readable(const Result<T>& result) {
  if (!result.ok() && result.error().cause != Cause::kStoreCorrupt) std::abort();
  return result.ok();
}

void require(bool condition) {
  if (!condition) std::abort();
}

void webhooks(ByteView value) {
  MemoryStore store;
  const auto write = [&](const auto& change) {
    Transaction transaction(store, "one");
    change(transaction);
    store.commit(transaction.take(), [](const Status&) {});
  };
  write([&](Transaction& transaction) {
    for (const std::string& key :
         {keys::webhook("a"), keys::webhook_progress("a"), keys::dead_letter("a", 1), keys::delivery_attempt("a", 1)})
      transaction.put(key, to_bytes(value));
  });
  const Owner owner = "one";
  const RecordSource source(store, owner);
  if (const auto read = get_webhooks(source); readable(read)) {
    write([&](Transaction& transaction) { put_webhook(transaction, read->front()); });
    require(get_webhooks(source).value() == *read);
  }
  if (const auto read = get_webhook_progress(source, "a"); readable(read)) {
    write([&](Transaction& transaction) { put_webhook_progress(transaction, "a", **read); });
    require(get_webhook_progress(source, "a").value() == *read);
  }
  (void)readable(get_dead_letters(store, owner, "a", 0, 9));
  (void)readable(get_delivery_attempts(source, "a"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView value(data, size);
  const MemoryStore empty;
  Transaction one(empty, "one");
  for (std::string_view key :
       {keys::kCredentials, keys::kAccount, keys::kPrekeyState, keys::kLoggedOut, keys::kServerChain, keys::kHold})
    one.put(key, to_bytes(value));
  one.put(keys::prekey(1), to_bytes(value));
  if (const auto read = get_credentials(one); readable(read)) {
    put_credentials(one, **read);
    require(equal(get_credentials(one).value()->adv_secret.view(), (*read)->adv_secret.view()));
  }
  if (const auto read = get_account(one); readable(read)) {
    put_account(one, **read);
    require(get_account(one).value()->jid == (*read)->jid);
  }
  if (const auto read = get_prekey_state(one); readable(read)) put_prekey_state(one, **read);
  if (const auto read = get_logged_out(one); readable(read)) {
    put_logged_out(one, **read);
    require(get_logged_out(one).value() == *read);
  }
  if (const auto read = get_server_chain(one); readable(read)) {
    put_server_chain(one, **read);
    require(get_server_chain(one).value() == *read);
  }
  if (const auto read = get_hold(one); readable(read)) {
    put_hold(one, **read);
    require(get_hold(one).value() == *read);
  }
  require(readable(get_prekeys(one, 1, 2)) == (size == 32));

  Transaction system(empty, kSystem);
  system.put(keys::instance("one"), to_bytes(value));
  system.put(keys::kAccountToken, to_bytes(value));
  system.put(keys::kFetchedVersion, to_bytes(value));
  if (const auto read = get_instance(system, "one"); readable(read)) {
    put_instance(system, **read, {});
    require(get_instance(system, "one").value() == *read);
  }
  if (const auto read = get_fetched_version(system); readable(read)) {
    put_fetched_version(system, **read);
    require(get_fetched_version(system).value() == *read);
  }
  require(readable(get_account_token(system)) == (size == 32));
  webhooks(value);
  return 0;
}
