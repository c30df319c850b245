#include "portable/instance_export.h"

#include <array>
#include <utility>

#include "base/reader.h"
#include "base/writer.h"
#include "instance/types.h"
#include "store/chat_keys.h"
#include "store/keys.h"
#include "store/migrations.h"
#include "store/webhook_records.h"

namespace ponte::portable {
namespace {

namespace keys = store::keys;

constexpr std::size_t kPage = 256;
constexpr std::array kParts{Part::kDevice, Part::kWebhooks, Part::kEvents, Part::kChats};

Error unknown_schema(std::uint64_t found) {
  return {Errc::kUnsupported, Cause::kInvalidField,
          "its records are of version " + std::to_string(found) + ", and this program knows version " +
              std::to_string(store::kSchemaVersion) + ". Use the version of Ponte that wrote it to move it"};
}

/// The record as a store keeps it, without its token.
Result<SecretBytes> instance_value(store::InstanceRecord instance) {
  instance.token.clear();
  const WipedRecords none;
  const RecordsReader empty(none);
  store::Transaction transaction(empty, store::kSystem);
  store::update_instance(transaction, instance);
  store::WriteBatch batch = transaction.take();
  return SecretBytes(std::move(*batch.writes.front().value));
}

Result<store::InstanceRecord> instance_of(const std::string& id, Bytes value) {
  WipedRecords records;
  records.add(keys::instance(id), std::move(value));
  const RecordsReader reader(records);
  auto instance = store::get_instance({reader, store::kSystem}, id);
  if (!instance.ok() || !instance::is_instance_name((*instance)->name) || !(*instance)->token.empty())
    return malformed("the record of the instance does not hold what it should");
  return std::move(**instance);
}

void count(ExportCounts& counts, Part part, std::string_view key) {
  if (part == Part::kDevice) ++counts.device_records;
  if (key == keys::kAccount) counts.linked = true;
  if (part == Part::kWebhooks && key.starts_with(keys::kWebhookPrefix)) ++counts.webhooks;
  if (part == Part::kEvents && key.starts_with(keys::kEventPrefix)) ++counts.events;
  if (part == Part::kChats && key.starts_with(keys::kMessagePrefix)) ++counts.messages;
}

Status put_part(ExportWriter& file, const store::Store& store, Part part, const std::string& id, ExportCounts& counts) {
  const store::Owner owner = owner_of(part, id);
  std::string after;
  for (;;) {
    PONTE_ASSIGN(std::vector<store::Record> page, store.scan_after(owner, "", after, kPage));
    const WipedRecords records(std::move(page));
    for (const auto& [key, value] : records.all()) {
      if (!belongs(part, key)) {
        return Error{Errc::kStorage, Cause::kStoreCorrupt,
                     keys::describe(owner, key) + ": it is none that is known here. Nothing was exported"};
      }
      PONTE_TRY(file.put(part, key, value));
      count(counts, part, key);
    }
    if (records.size() < kPage) return Status::Ok();
    after = records.all().back().first;
  }
}

Status check_schema(const Item& item) {
  const auto version = Reader(item.value).big_endian(4);
  if (!version || item.value.size() != 4) return malformed("the version of its records is none");
  return *version == store::kSchemaVersion ? Status::Ok() : unknown_schema(*version);
}

Status check_webhooks(const WipedRecords& records) {
  const RecordsReader reader(records);
  const store::Owner owner = "webhooks";
  const auto webhooks = store::get_webhooks({reader, owner});
  if (!webhooks.ok()) return malformed("a webhook does not hold what it should");
  return Status::Ok();
}

}  // namespace

Result<ExportCounts> put_instance(ExportWriter& file, const store::Store& store, const std::string& name) {
  const store::RecordSource system(store, store::kSystem);
  PONTE_ASSIGN(const auto id, store::find_instance_by_name(system, name));
  if (!id) return instance::instance_not_found();
  PONTE_ASSIGN(auto instance, store::get_instance(system, *id));
  if (!instance) return instance::instance_not_found();
  ExportCounts counts;
  counts.name = name;
  PONTE_TRY(file.put(Part::kSchema, "", big_endian_array<4>(store::kSchemaVersion)));
  PONTE_ASSIGN(const SecretBytes value, instance_value(std::move(*instance)));
  PONTE_TRY(file.put(Part::kInstance, *id, value.view()));
  for (const Part part : kParts) PONTE_TRY(put_part(file, store, part, *id, counts));
  return counts;
}

Status remove_instance(store::Store& store, const std::string& name, RandomSource& random) {
  store::Transaction system(store, store::kSystem);
  PONTE_ASSIGN(const auto id, store::find_instance_by_name(system, name));
  if (!id) return instance::instance_not_found();
  PONTE_ASSIGN(const auto instance, store::get_instance(system, *id));
  if (!instance) return instance::instance_not_found();
  PONTE_ASSIGN(const Secret<32> hash_key, store::get_or_make_token_hash_key(system, random));
  for (const Part part : kParts) PONTE_TRY(erase_and_wait(store, owner_of(part, *id)));
  store::erase_instance(system, *instance, store::hash_token(hash_key, instance->token));
  return commit_and_wait(store, system.take());
}

Status ExportContents::take(Item item) {
  switch (item.part) {
    case Part::kSchema: return check_schema(item);
    case Part::kInstance: {
      PONTE_ASSIGN(read_.incoming.instance, instance_of(item.key, std::move(item.value)));
      read_.counts.name = read_.incoming.instance.name;
      return Status::Ok();
    }
    case Part::kDevice:
    case Part::kWebhooks: {
      count(read_.counts, item.part, item.key);
      WipedRecords& records = item.part == Part::kDevice ? read_.incoming.device : read_.incoming.webhooks;
      records.add(std::move(item.key), std::move(item.value));
      return Status::Ok();
    }
    case Part::kEvents:
    case Part::kChats: {
      count(read_.counts, item.part, item.key);
      wipe(item.value);
      return Status::Ok();
    }
  }
  return Status::Ok();
}

Result<ReadExport> ExportContents::finish() {
  PONTE_TRY(check_device(read_.incoming.device));
  PONTE_TRY(check_webhooks(read_.incoming.webhooks));
  return std::move(read_);
}

Result<ReadExport> read_export(const ExportReader& file) {
  ExportContents contents;
  PONTE_TRY(file.each([&contents](Item item) { return contents.take(std::move(item)); }));
  PONTE_ASSIGN(ReadExport read, contents.finish());
  read.incoming.each_bulk = [&file](Incoming::Take take) {
    return file.each([&take](Item item) -> Status {
      if (is_bulk(item.part)) return take(std::move(item));
      wipe(item.value);
      return Status::Ok();
    });
  };
  return read;
}

}  // namespace ponte::portable
