// An event as receivers get it, by whatever way.
#pragma once

#include <optional>
#include <string>

#include "instance/event_feed.h"

namespace ponte::instance {

/// Where an event comes from: `instanceData` of the envelope.
struct EventSource {
  std::string base_url;              ///< PONTE_PUBLIC_URL
  std::string instance;              ///< its name
  std::optional<std::string> token;  ///< the instance token, where PONTE_EVENT_TOKEN includes it
};

/// `{"event","data","instanceData":{"baseUrl","instance","token"}}` (contract 1.3): the body of a webhook, a frame of a
/// WebSocket, the data of an SSE.
std::string render_envelope(const JournalEvent& event, const EventSource& source);

}  // namespace ponte::instance
