#include "simulator/iq_answers.h"

#include <array>

#include "simulator/messaging_answers.h"
#include "simulator/messaging_appstate.h"
#include "simulator/prekey_answers.h"

namespace ponte::simulator {
namespace {

using protocol::wire::Node;
using protocol::wire::server_jid;

Node answer_ping(const Node& request, Wall wall) {
  return iq_result(request).with("t", std::to_string(unix_seconds(wall)));
}

Node answer_props(const Node& request) {
  Node props("props");
  props.with("protocol", "1")
      .with("ab_key", "PONTE")
      .with("hash", "simulator")
      .with("refresh", "86400")
      .with("refresh_id", "1");
  props.child(Node("prop").with("config_code", "1").with("config_value", "0"));
  return iq_result(request).child(std::move(props));
}

Node answer_privacy(const Node& request) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kSettings = {{{"last", "all"},
                                                                                              {"online", "all"},
                                                                                              {"profile", "all"},
                                                                                              {"status", "contacts"},
                                                                                              {"readreceipts", "all"},
                                                                                              {"groupadd", "all"},
                                                                                              {"calladd", "all"},
                                                                                              {"messages", "all"}}};
  Node privacy("privacy");
  for (const auto& [name, value] : kSettings) privacy.child(Node("category").with("name", name).with("value", value));
  return iq_result(request).child(std::move(privacy));
}

/// Where the phone has none, every collection stays at the version that the client has.
Node answer_app_state(const Node& request, Asking& asking) {
  Node sync("sync");
  AppState* state = asking.world.app_state->find(asking.account.number);
  if (const Node* asked = request.find("sync")) {
    for (const Node& collection : asked->children()) {
      if (state != nullptr) {
        bool changed = false;
        sync.child(state->answer(collection, asking.world.blobs, changed, asking.violations));
        if (changed) {
          const Node& answered = sync.children().back();
          asking.world.router.notify_app_state(asking.account, answered, asking.companion.device, asking.now);
        }
        continue;
      }
      Node out("collection");
      out.with("name", collection.attribute("name").value_or(""))
          .with("version", collection.attribute("version").value_or("0"));
      sync.child(std::move(out));
    }
  }
  return iq_result(request).child(std::move(sync));
}

Node answer_media(const Node& request, const std::string& host) {
  Node media("media_conn");
  media.with("auth", "simulator").with("auth_ttl", "21600").with("ttl", "300").with("max_buckets", "12");
  media.child(Node("host").with("hostname", host));
  return iq_result(request).child(std::move(media));
}

Node answer_md(const Node& request, Asking& asking) {
  const Node* remove = request.find("remove-companion-device");
  if (remove == nullptr) return iq_result(request);
  const auto jid = remove->jid("jid");
  if (!jid || *jid != asking.account.jid(asking.companion.device)) {
    asking.violations.push_back("remove-companion-device: expected the own device, got " +
                                (jid ? jid->to_string() : std::string("no JID")));
    return iq_error(request, 403, "forbidden");
  }
  asking.unlink = true;
  return iq_result(request);
}

Node answer_passive(const Node& request, Asking& asking) {
  asking.became_active = request.find("active") != nullptr;
  return iq_result(request);
}

}  // namespace

Node iq_result(const Node& request) {
  return Node("iq").with("from", server_jid()).with("type", "result").with("id", request.attribute("id").value_or(""));
}

Node iq_error(const Node& request, unsigned code, std::string_view text) {
  return Node("iq")
      .with("from", server_jid())
      .with("type", "error")
      .with("id", request.attribute("id").value_or(""))
      .child(Node("error").with("code", std::to_string(code)).with("text", text));
}

Node answer_unregistered(const Node& request, Wall wall) {
  return request.attribute("xmlns") == "w:p" ? answer_ping(request, wall) : iq_result(request);
}

Node answer_iq(const Node& request, Asking& asking) {
  const std::string xmlns = request.attribute("xmlns").value_or("");
  if (xmlns == "w:p") return answer_ping(request, asking.now.wall);
  if (xmlns == "passive") return answer_passive(request, asking);
  if (xmlns == "encrypt") return answer_encrypt(request, asking);
  if (xmlns == "md") return answer_md(request, asking);
  if (xmlns == "abt") return answer_props(request);
  if (xmlns == "blocklist") return iq_result(request).child(Node("list"));
  if (xmlns == "privacy") return request.find("tokens") ? iq_result(request) : answer_privacy(request);
  if (xmlns == "usync") return answer_usync(request, asking);
  if (xmlns == "w:sync:app:state") return answer_app_state(request, asking);
  if (xmlns == "w:m") return answer_media(request, asking.world.media_host);
  if (xmlns == "w:g2") return answer_groups(request, asking);
  return iq_result(request);
}

}  // namespace ponte::simulator
