#include "store/record_fields.h"

#include "store/keys.h"

namespace ponte::store {

Error corrupt(const RecordSource& source, std::string_view key, const std::string& what) {
  std::string message =
      keys::describe(source.owner(), key) + " is damaged: " + what + ". Restore the data directory from a backup";
  if (source.owner() != kSystem) message += ", or delete the instance and link it again";
  return {Errc::kStorage, Cause::kStoreCorrupt, std::move(message)};
}

void Fields::present(bool has, std::string_view name) {
  if (!has) fault(std::string(name) + " is missing");
}

void Fields::sized(const std::string& field, std::size_t size, std::string_view name) {
  if (field.size() == size) return;
  fault(std::string(name) + ": expected " + std::to_string(size) + " bytes, got " + std::to_string(field.size()));
}

void Fields::fault(std::string what) {
  if (fault_.empty()) fault_ = std::move(what);
}

Status Fields::finish(const RecordSource& source, std::string_view key) const {
  if (fault_.empty()) return {};
  return corrupt(source, key, fault_);
}

void put_durably(Transaction& transaction, std::string_view key, Bytes value) {
  transaction.put(key, std::move(value));
  transaction.require(Durability::kPowerLoss);
}

}  // namespace ponte::store
