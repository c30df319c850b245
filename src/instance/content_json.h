// The members of a message's JSON that come from what it says. For message_json.cpp alone.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "protocol/messages/content.h"

namespace ponte::instance {

/// `type`, `content`, `text`, `media` and whatever else the kind has. `media_url`: of its bytes.
void add_content(nlohmann::ordered_json& out, const protocol::messages::Content& content, const std::string& media_url);

}  // namespace ponte::instance
