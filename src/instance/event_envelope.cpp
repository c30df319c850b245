#include "instance/event_envelope.h"

#include <nlohmann/json.hpp>

namespace ponte::instance {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string render_envelope(const JournalEvent& event, const EventSource& source) {
  Json instance = {{"baseUrl", source.base_url}, {"instance", source.instance}};
  if (source.token) instance["token"] = *source.token;
  // The journal's own text: read and written again it would cost more and could only be changed.
  const std::string& data = event.data.empty() ? "{}" : event.data;
  return "{\"event\":" + dump(event.name) + ",\"data\":" + data + ",\"instanceData\":" + dump(instance) + "}";
}

}  // namespace ponte::instance
