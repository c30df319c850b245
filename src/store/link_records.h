// Typed records of links: what a token in the address of a page may be used for. The transaction's owner is kSystem.
// get_* and put_* behave as those of records.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "store/records.h"
#include "store/service_records.h"
#include "store/store.h"

namespace ponte::store {

/// One link. Its token is kept as a keyed hash alone, in the record's key.
struct LinkRecord {
  std::string id;  ///< UUID
  std::string instance_id;
  std::string instance_name;
  std::optional<std::string> title;
  std::optional<std::string> return_url;
  Wall created_at{};
  Wall expires_at{};
  std::uint32_t uses = 1;  ///< so many devices may be linked with it
  std::uint32_t used = 0;  ///< so many were
  std::optional<std::uint32_t> history_days;
  bool instance_deleted = false;  ///< title and return_url are gone then

  bool operator==(const LinkRecord&) const = default;
};

struct StoredLink {
  TokenHash hash{};
  LinkRecord link;

  bool operator==(const StoredLink&) const = default;
};

Result<std::vector<StoredLink>> get_links(RecordSource source);
/// kPowerLoss.
void put_link(Transaction& transaction, const StoredLink& link);
/// kPowerLoss.
void erase_link(Transaction& transaction, const TokenHash& hash);

}  // namespace ponte::store
