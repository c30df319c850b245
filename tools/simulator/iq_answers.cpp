#include "simulator/iq_answers.h"

#include <array>

#include "simulator/prekey_answers.h"

namespace ponte::simulator {
namespace {

using protocol::wire::Jid;
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

/// The phone and its companions, as usync's devices protocol lists them.
Node devices_of(const Account& account) {
  Node list("device-list");
  list.child(Node("device").with("id", "0"));
  for (const auto& [device, companion] : account.companions) {
    list.child(
        Node("device").with("id", std::to_string(device)).with("key-index", std::to_string(companion.key_index)));
  }
  return Node("devices").child(std::move(list));
}

Account* account_of(Accounts& accounts, const Jid& jid) {
  if (jid.server == protocol::wire::kUserServer) return accounts.find(jid.user);
  for (const auto& [number, account] : accounts.all()) {
    if (account->lid_user == jid.user) return account.get();
  }
  return nullptr;
}

Node usync_user(const Node& asked, const Node& query, Asking& asking) {
  Node user("user");
  const auto jid = asked.jid("jid");
  if (jid) user.with("jid", jid->without_device());
  Account* account = jid ? account_of(asking.accounts, *jid) : nullptr;
  for (const Node& protocol : query.children()) {
    if (protocol.tag == "devices") {
      user.child(account ? devices_of(*account)
                         : Node("devices").child(Node("device-list").child(Node("device").with("id", "0"))));
    } else if (protocol.tag == "lid" && account != nullptr) {
      user.child(Node("lid").with("val", account->lid(0)));
    } else if (protocol.tag == "contact") {
      user.child(Node("contact").with("type", account ? "in" : "out"));
    }
  }
  return user;
}

Node answer_usync(const Node& request, Asking& asking) {
  const Node* usync = request.find("usync");
  if (usync == nullptr || usync->find("query") == nullptr || usync->find("list") == nullptr) {
    asking.violations.push_back("usync without query and list");
    return iq_error(request, 400, "bad-request");
  }
  Node out("usync");
  for (const char* copied : {"sid", "index", "last", "mode", "context"}) {
    if (const auto value = usync->attribute(copied)) out.with(copied, *value);
  }
  Node result("result");
  for (const Node& protocol : usync->find("query")->children()) result.child(Node(protocol.tag));
  Node list("list");
  for (const Node& user : usync->find("list")->children()) list.child(usync_user(user, *usync->find("query"), asking));
  return iq_result(request).child(std::move(out).child(std::move(result)).child(std::move(list)));
}

/// An account without app state: every collection stays at the version the client has.
Node answer_app_state(const Node& request) {
  Node sync("sync");
  if (const Node* asked = request.find("sync")) {
    for (const Node& collection : asked->children()) {
      Node out("collection");
      out.with("name", collection.attribute("name").value_or(""))
          .with("version", collection.attribute("version").value_or("0"));
      sync.child(std::move(out));
    }
  }
  return iq_result(request).child(std::move(sync));
}

Node answer_media(const Node& request) {
  Node media("media_conn");
  media.with("auth", "simulator").with("auth_ttl", "21600").with("ttl", "300").with("max_buckets", "12");
  media.child(Node("host").with("hostname", "127.0.0.1"));
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
  if (xmlns == "w:p") return answer_ping(request, asking.wall);
  if (xmlns == "passive") return answer_passive(request, asking);
  if (xmlns == "encrypt") return answer_encrypt(request, asking);
  if (xmlns == "md") return answer_md(request, asking);
  if (xmlns == "abt") return answer_props(request);
  if (xmlns == "blocklist") return iq_result(request).child(Node("list"));
  if (xmlns == "privacy") return answer_privacy(request);
  if (xmlns == "usync") return answer_usync(request, asking);
  if (xmlns == "w:sync:app:state") return answer_app_state(request);
  if (xmlns == "w:m") return answer_media(request);
  if (xmlns == "w:g2") return iq_result(request).child(Node("groups"));
  return iq_result(request);
}

}  // namespace ponte::simulator
