#include "simulator/online_side.h"

#include <algorithm>

#include "crypto/base64.h"
#include "simulator/iq_answers.h"
#include "simulator/phone_history.h"
#include "simulator/prekey_answers.h"

namespace ponte::simulator {
namespace {

using protocol::wire::Node;
using protocol::wire::server_jid;

constexpr std::size_t kOfflinePrimer = 5;  // what comes before the first offline_batch
constexpr std::size_t kOfflineKept = 20'000;
constexpr ByteArray<4> kRoutingInfo = {0x08, 0x0C, 0x08, 0x02};

Node ib(Node child) {
  return Node("ib").with("from", server_jid()).child(std::move(child));
}

std::string time_text(const Now& now) {
  return std::to_string(unix_seconds(now.wall));
}

}  // namespace

OnlineSide::OnlineSide(SimConnection& connection, Account& account, std::uint16_t device, const ClientDetails& details)
    : connection_(connection),
      account_(account),
      companion_(*account.find(device)),
      number_(account.number),
      device_(device),
      jid_(account.jid(device).to_string()),
      passive_(std::get<Login>(details.purpose).passive),
      next_ping_(connection.now().mono + connection.world().options.ping_interval) {
  companion_.version = details.version;
  if (!details.push_name.empty()) companion_.push_name = details.push_name;
}

void OnlineSide::start() {
  World& world = connection_.world();
  const auto found = world.online.find(jid_);
  if (found != world.online.end()) {
    // The same device connects elsewhere: the older connection has to go.
    if (SimConnection* older = world.find(found->second)) {
      older->touch(connection_.now());
      older->end_with(conflict_node(0, "replaced"));
    }
  }
  world.online[jid_] = connection_.id();
  ++world.counters.logins;
  ++companion_.logins;
  send_success();
  if (connection_.faults().duplicate_success.value_or(false)) send_success();
  connection_.send(ib(Node("edge_routing").child(Node("routing_info").bytes(kRoutingInfo))));
  if (companion_.uploads > 0 && companion_.prekeys.size() < kLowPrekeys) notify_prekeys();
  if (!passive_) begin_delivery();
}

void OnlineSide::note_uses(const Node& stanza) {
  if (stanza.attribute("xmlns") != "encrypt") return;
  PrekeyUses uses{connection_.world().used_keys, jid_, companion_.keys.identity};
  for (std::string& text : reused_prekeys(stanza, uses)) connection_.violation(std::move(text));
}

void OnlineSide::send_success() {
  const auto enc_static = DerivedRandom(connection_.world().seed, "enc " + jid_).array<32>();
  connection_.send(success_node({connection_.now().wall, companion_.paired_at, account_.lid(device_), enc_static}));
}

void OnlineSide::begin_delivery() {
  if (delivering_) return;
  delivering_ = true;
  auto& waiting = companion_.offline;
  if (connection_.world().options.sample_notification) {
    waiting.push_back(
        Node("notification").with("type", "psa").with("from", server_jid()).with("t", time_text(connection_.now())));
  }
  offline_total_ = offline_left_ = waiting.size();
  const auto count_of = [&](std::string_view tag) {
    return std::to_string(
        std::count_if(waiting.begin(), waiting.end(), [&](const Node& one) { return one.tag == tag; }));
  };
  connection_.send(ib(Node("offline_preview")
                          .with("count", std::to_string(offline_total_))
                          .with("message", count_of("message"))
                          .with("receipt", count_of("receipt"))
                          .with("notification", count_of("notification"))
                          .with("appdata", "0")
                          .with("call", count_of("call"))));
  const bool pulls = !passive_ || connection_.world().router.faults().pull_offline;
  deliver_offline(pulls ? kOfflinePrimer : offline_total_);
}

void OnlineSide::deliver_offline(std::size_t most) {
  for (std::size_t i = 0; i < most && offline_left_ > 0; ++i, --offline_left_) {
    Node stanza = std::move(companion_.offline.front());
    companion_.offline.pop_front();
    if (!stanza.attribute("offline")) stanza.with("offline", "0");
    connection_.send_for_ack(std::move(stanza));
  }
  if (offline_left_ > 0 || offline_ended_) return;
  offline_ended_ = true;
  connection_.send(ib(Node("offline").with("count", std::to_string(offline_total_))));
  // What arrived meanwhile.
  while (!companion_.offline.empty()) {
    Node stanza = std::move(companion_.offline.front());
    companion_.offline.pop_front();
    connection_.send_for_ack(std::move(stanza));
  }
}

void OnlineSide::deliver(Node stanza) {
  if (delivering_ && offline_left_ == 0) return connection_.send_for_ack(std::move(stanza));
  wait_for_login(companion_, std::move(stanza));
}

void OnlineSide::on_stanza(const Node& stanza) {
  if (stanza.tag == "iq") return on_iq(stanza);
  if (stanza.tag == "presence") on_presence(stanza);
  if (stanza.tag == "ib") {
    if (const Node* batch = stanza.find("offline_batch"); batch && delivering_ && !offline_ended_) {
      deliver_offline(static_cast<std::size_t>(batch->number("count").value_or(0)));
    }
    return;
  }
  if (stanza.tag == "receipt") connection_.receipted(stanza);
  if (stanza.tag == "receipt" || stanza.tag == "call" || stanza.tag == "notification") acknowledge(stanza);
  MessageRouter& router = connection_.world().router;
  if (const auto ack = router.submit({number_, device_}, stanza, connection_.now())) {
    if (!stanza.attribute("id")) connection_.violation(stanza.tag + " without id");
    connection_.send(*ack);
  }
  router.settle(connection_.now());
}

void OnlineSide::on_iq(const Node& iq) {
  if (!iq.attribute("id")) return connection_.violation("iq without id");
  Asking asking{connection_.world(), account_, companion_, connection_.now()};
  const Node answer = answer_iq(iq, asking);
  for (std::string& text : asking.violations) connection_.violation(std::move(text));
  connection_.send(answer);
  if (asking.became_active) begin_delivery();
  if (!asking.unlink && delivering_ && companion_.uploads > 0) {
    greet_companion(asking.world, account_, device_, connection_.now());
  }
  asking.world.router.settle(connection_.now());
  if (asking.unlink) {
    Account& account = account_;
    const std::uint16_t device = device_;
    World& world = connection_.world();
    const Now now = connection_.now();
    end_unlinked();
    account.companions.erase(device);  // this side refers to it no more: it is closed
    world.router.notify_devices(account, "remove", device, now);
  }
}

void OnlineSide::acknowledge(const Node& stanza) {
  const auto id = stanza.attribute("id");
  if (!id) return connection_.violation(stanza.tag + " without id");
  Node ack("ack");
  ack.with("class", stanza.tag).with("id", *id).with("t", time_text(connection_.now()));
  if (const auto to = stanza.jid("to")) ack.with("from", *to);
  if (const auto type = stanza.attribute("type"); type && stanza.tag == "receipt") ack.with("type", *type);
  connection_.send(ack);
}

void OnlineSide::on_presence(const Node& presence) {
  const auto type = presence.attribute("type");
  if (type == "available" || type == "unavailable") companion_.available = type == "available";
  if (const auto name = presence.attribute("name")) companion_.push_name = *name;
}

void OnlineSide::ping() {
  // Clients exist that never answer, and are not thrown out: silence is no violation.
  connection_.send_iq(Node("iq").with("from", server_jid()).with("type", "get").with("xmlns", "urn:xmpp:ping"),
                      [](const Node&) {});
}

void OnlineSide::notify_prekeys() {
  connection_.send_for_ack(Node("notification")
                               .with("type", "encrypt")
                               .with("from", server_jid())
                               .with("t", time_text(connection_.now()))
                               .child(Node("count").with("value", std::to_string(companion_.prekeys.size()))));
}

void OnlineSide::end_unlinked() {
  connection_.end_with(conflict_node(401, "device_removed"));
}

std::optional<Mono> OnlineSide::next_deadline() const {
  return next_ping_;
}

void OnlineSide::on_deadline() {
  if (connection_.now().mono < next_ping_) return;
  next_ping_ = connection_.now().mono + connection_.world().options.ping_interval;
  ping();
}

Node success_node(const SuccessFacts& facts) {
  return Node("success")
      .with("t", std::to_string(unix_seconds(facts.now)))
      .with("props", "27")
      .with("location", "frc")
      .with("lid", facts.lid)
      .with("abprops", "10")
      .with("creation", std::to_string(unix_seconds(facts.creation)))
      .with("companion_enc_static", crypto::base64(facts.enc_static));
}

void OnlineSide::on_closed() {
  World& world = connection_.world();
  const auto found = world.online.find(jid_);
  if (found != world.online.end() && found->second == connection_.id()) world.online.erase(found);
  companion_.available = false;
  // It came before what is still waiting.
  std::vector<Node> unacknowledged = connection_.take_unacknowledged();
  companion_.offline.insert(companion_.offline.begin(), std::make_move_iterator(unacknowledged.begin()),
                            std::make_move_iterator(unacknowledged.end()));
}

void wait_for_login(Companion& companion, Node stanza) {
  if (companion.offline.size() < kOfflineKept) companion.offline.push_back(std::move(stanza));
}

}  // namespace ponte::simulator
