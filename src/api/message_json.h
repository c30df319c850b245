// What of messages and contacts travels as JSON.
#pragma once

#include <string>
#include <vector>

#include "api/endpoints/endpoints.h"
#include "api/instance_json.h"
#include "api/json.h"
#include "api/named_schema.h"
#include "instance/message_json.h"
#include "instance/message_service.h"

namespace ponte::api {

/// What messages of that instance are shown with.
instance::Telling telling_of(const EndpointContext& context, const instance::InstanceInfo& info);

/// `Message`: what `message` of an exchange is, with `status` and `statusCode`.
Json shown_message(const instance::ChatMessage& message, const instance::Telling& telling);
/// `data` of a text that was sent.
Json sent_json(const instance::ChatMessage& message, const instance::Telling& telling);
/// `Contact`.
Json contact_json(const instance::ContactInfo& contact);
/// How far the history of before the link has come.
Json history_json(const instance::HistoryProgress& progress);
/// The item of the list, with its webhook, and with `history` where any has come.
Json instance_item(const EndpointContext& context, const instance::InstanceInfo& info, TokenShown token);

/// `Party`, `Chat`, `Media`, `Message`, `Contact`, `History`.
std::vector<NamedSchema> message_schemas();

}  // namespace ponte::api
