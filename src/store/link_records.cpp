#include "store/link_records.h"

#include "records.pb.h"
#include "store/keys.h"
#include "store/record_fields.h"

namespace ponte::store {
namespace {

Result<StoredLink> link_of(const RecordSource& source, std::string_view key, const proto::LinkRecord& message) {
  const auto hash = keys::link_hash(key);
  Fields fields;
  if (!hash) fields.fault("its key holds no hash of 32 bytes");
  fields.present(!message.id().empty(), "id");
  fields.present(!message.instance_id().empty(), "instance_id");
  fields.present(!message.instance_name().empty(), "instance_name");
  fields.present(message.has_created_at(), "created_at");
  fields.present(message.has_expires_at(), "expires_at");
  fields.present(message.uses() > 0, "uses");
  PONTE_TRY(fields.finish(source, key));

  StoredLink out{*hash, {}};
  LinkRecord& link = out.link;
  link.id = message.id();
  link.instance_id = message.instance_id();
  link.instance_name = message.instance_name();
  if (message.has_title()) link.title = message.title();
  if (message.has_return_url()) link.return_url = message.return_url();
  link.created_at = wall_of(message.created_at());
  link.expires_at = wall_of(message.expires_at());
  link.uses = message.uses();
  link.used = message.used();
  if (message.has_history_days()) link.history_days = message.history_days();
  link.instance_deleted = message.instance_deleted();
  return out;
}

}  // namespace

Result<std::vector<StoredLink>> get_links(RecordSource source) {
  PONTE_ASSIGN(const std::vector<Record> records, source.scan(keys::kLinkPrefix));
  std::vector<StoredLink> links;
  links.reserve(records.size());
  for (const auto& [key, value] : records) {
    proto::LinkRecord message;
    PONTE_TRY(parse_value(source, key, value, message));
    PONTE_ASSIGN(StoredLink link, link_of(source, key, message));
    links.push_back(std::move(link));
  }
  return links;
}

void put_link(Transaction& transaction, const StoredLink& stored) {
  const LinkRecord& link = stored.link;
  proto::LinkRecord message;
  message.set_id(link.id);
  message.set_instance_id(link.instance_id);
  message.set_instance_name(link.instance_name);
  if (link.title) message.set_title(*link.title);
  if (link.return_url) message.set_return_url(*link.return_url);
  message.set_created_at(unix_milliseconds(link.created_at));
  message.set_expires_at(unix_milliseconds(link.expires_at));
  message.set_uses(link.uses);
  message.set_used(link.used);
  if (link.history_days) message.set_history_days(*link.history_days);
  if (link.instance_deleted) message.set_instance_deleted(true);
  put_durably(transaction, keys::link(stored.hash), serialize(message));
}

void erase_link(Transaction& transaction, const TokenHash& hash) {
  transaction.erase(keys::link(hash));
  transaction.require(Durability::kPowerLoss);
}

}  // namespace ponte::store
