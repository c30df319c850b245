// What of a link travels as JSON (contract 1.9).
#pragma once

#include <string>
#include <vector>

#include "api/json.h"
#include "api/named_schema.h"
#include "instance/link_types.h"

namespace ponte::api {

/// As whoever made it sees it; without its token.
Json link_json(const instance::LinkInfo& link, Wall now);
/// As its page sees it.
Json link_page_json(const instance::LinkInfo& link);
/// What its page shows, pictures included. kMalformed where WhatsApp's request for a passkey is no JSON.
Result<Json> link_view_json(const instance::LinkView& view, const Now& now);

/// `Link`, `LinkPage`, `LinkView`: what these give.
std::vector<NamedSchema> link_schemas();

/// All members may be missing. kInvalidArgument/kInvalidLink names the member and its rule.
Result<instance::LinkRequest> read_link_request(FieldReader& fields);

}  // namespace ponte::api
