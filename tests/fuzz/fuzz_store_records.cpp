// Records from values that a damaged store could hold: read or refused as corrupt, and what is read
// is written back to the same meaning.
#include <cstdlib>

#include "store/chat_keys.h"
#include "store/chat_records.h"
#include "store/history_records.h"
#include "store/keys.h"
#include "store/memory_store.h"
#include "store/message_counts.h"
#include "store/message_records.h"
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

/// Keys hold what peers have chosen: one that is read is written back as it was.
void chat_keys(std::string_view text) {
  require(keys::from_key_part(keys::key_part(text)) == text);
  const std::string key = std::string(keys::kMessagePrefix).append(text);
  if (const auto place = keys::message_place(key)) require(keys::message(place->name, place->at) == key);
  const std::string id_key = std::string(keys::kMessageIdPrefix).append(text);
  if (const auto name = keys::message_id_name(id_key)) require(keys::message_id(*name) == id_key);
  const MessageName name{std::string(text), std::string(text), std::string(text)};
  require(keys::message_place(keys::message(name, Wall()))->name == name);
  require(keys::message_id_name(keys::message_id(name)) == name);
}

void messages(ByteView value) {
  MemoryStore store;
  const Owner owner = "one-chats";
  const MessageName name{"1@lid", "1@lid", "A"};
  Transaction damaged(store, owner);
  damaged.put(keys::message(name, Wall()), to_bytes(value));
  damaged.put(keys::message_id(name), Bytes(6));
  if (const auto read = get_message(damaged, name); readable(read) && *read) {
    const MessageRecord message = **read;
    require(find_message(damaged, "A").value().front() == message);
    require(put_message(damaged, message, Origin::kLive).value() != Put::kAdded);
    require(set_message_state(damaged, name, 5, Wall()).ok());
    require(get_message(damaged, name).value()->state == 5);
    require(!merge_chats(damaged, "1@lid", "2@lid").value());
    require(find_message(damaged, "A", "2@lid").value().size() == 1);
  } else {
    require(!mark_revoked(damaged, name, Wall()).ok());
    MessageRecord again;
    again.chat = name.chat;
    again.id = name.id;
    require(!put_message(damaged, again, Origin::kHistory).ok());
  }
  const auto page = messages_before(store, owner, {"1@lid", std::nullopt, std::nullopt, to_text(value), 9});
  require(page.ok() || page.error().cause == Cause::kInvalidRequest);
}

void chats(ByteView value) {
  const MemoryStore store;
  const Owner owner = "one-chats";
  Transaction one(store, owner);
  for (const std::string& key :
       {keys::chat("1@lid"), keys::contact("1@lid"), keys::label("1"), keys::message_day(Wall()),
        std::string(keys::kMessageTotals), std::string(keys::kHistory), keys::history_job(1)})
    one.put(key, to_bytes(value));
  if (const auto read = get_chat(one, "1@lid"); readable(read)) {
    put_chat(one, **read);
    require(get_chat(one, "1@lid").value() == *read);
  }
  if (const auto read = get_contact(one, "1@lid"); readable(read)) {
    require(change_contact(one, "1@lid", [](ContactRecord& contact) { contact.pn += "x"; }).value());
    require(get_contact(one, "1@lid").value()->full_name == (*read)->full_name);
  }
  if (const auto read = get_label(one, "1"); readable(read)) {
    put_label(one, **read);
    require(get_label(one, "1").value() == *read);
  }
  if (const auto read = get_history_progress(one); readable(read)) {
    put_history_progress(one, **read);
    require(get_history_progress(one).value() == *read);
  }
  if (const auto read = get_next_history_job(one); readable(read)) {
    put_history_job(one, **read);
    require(get_next_history_job(one).value() == *read);
  }
  (void)readable(get_message_counts_since(one, Wall()));
  if (readable(get_message_totals(one))) {
    MessageRecord message;
    message.chat = "2@lid";
    message.id = "B";
    (void)readable(put_message(one, message, Origin::kLive));
  }
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
  require(readable(get_prekeys(one, 1, 2)) == (size == 64 || size == 32));
  require(get_prekey(one, 1).ok() == (size == 64 || size == 32));

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
  chat_keys(as_text(value));
  messages(value);
  chats(value);
  return 0;
}
