#include "simulator/pairing_side.h"

#include <algorithm>

#include "companion.pb.h"
#include "crypto/base64.h"
#include "crypto/compare.h"
#include "simulator/iq_answers.h"
#include "simulator/prekey_answers.h"

namespace ponte::simulator {
namespace {

using protocol::wire::Node;
using protocol::wire::server_jid;

constexpr std::size_t kRefRandomSize = 66;  // base64 without padding
constexpr std::size_t kHugeRefSize = 1u << 20;
constexpr unsigned kMostHugeRefs = 12;      // a frame has less than 16 MiB
constexpr std::uint16_t kLastDevice = 255;  // a device is one byte on the wire
/// The server keeps an unpaired connection a little longer than its refs.
constexpr Milliseconds kAfterRefs = Seconds(15);

Error rejected(std::string message) {
  return {Errc::kRejected, Cause::kPairingRefused, std::move(message)};
}

void note_signed_prekey(SimConnection& connection, const std::string& device, const Registration& registration) {
  PrekeyUses uses{connection.world().used_keys, device, registration.identity};
  if (auto text = reused_signed_prekey(registration.signed_prekey, uses)) connection.violation(std::move(*text));
}

std::string spoiled(std::string ref, RefDefect defect) {
  switch (defect) {
    case RefDefect::kNone: break;
    case RefDefect::kHuge: ref.resize(kHugeRefSize, 'A'); break;
    case RefDefect::kControlCharacters: ref += std::string("\r\n\x1B[2J\t\0\x7F", 9); break;
    case RefDefect::kComma: ref.insert(2, ",,"); break;
    case RefDefect::kNotText: ref += "\xFF\xFE\xC0\x80"; break;
    case RefDefect::kEmpty: ref.clear(); break;
  }
  return ref;
}

/// What pair-success has besides after a passkey; companions ignore it (wire: pairing.md 5.5, 7).
void add_jurisdiction(Node& iq) {
  Node& success = std::get<Node::Children>(iq.content)[0];
  success.child(Node("encryption-metadata"));
  success.child(Node("jurisdiction").with("iso", "BR").with("cc", "55"));
}

}  // namespace

PairingSide::PairingSide(SimConnection& connection, ClientDetails details)
    : connection_(connection),
      details_(std::move(details)),
      passkey_(connection, registration(),
               [this](const Secret<32>& adv_secret, const Phone& phone, Reply<Paired> reply) {
                 pair(adv_secret, phone, std::move(reply), Approval::kPasskey);
               }) {}

PairingSide::~PairingSide() = default;

void PairingSide::start() {
  World& world = connection_.world();
  const RefDefect defect = connection_.faults().ref_defect.value_or(RefDefect::kNone);
  const unsigned most = defect == RefDefect::kHuge ? kMostHugeRefs : kMostRefs;
  const unsigned count = std::min(connection_.faults().ref_count.value_or(world.options.ref_count), most);
  Node pair_device("pair-device");
  for (unsigned i = 0; i < count; ++i) {
    refs_.push_back(spoiled("2@" + crypto::base64(world.random.array<kRefRandomSize>()), defect));
    world.refs[refs_.back()] = connection_.id();
    pair_device.child(Node("ref").bytes(as_bytes(refs_.back())));
  }
  refs_since_ = connection_.now().mono;
  // `from` is a JID on the wire: clients exist that ignore the token form (wire: pairing.md 5.1).
  Node iq = Node("iq").with("from", server_jid()).with("type", "set").with("xmlns", "md").child(std::move(pair_device));
  connection_.send_iq(std::move(iq), [this, defect](const Node& answer) {
    // Refs that are none may be refused.
    if (answer.attribute("type") == "result" || defect != RefDefect::kNone) return;
    connection_.violation("pair-device was answered with an error");
  });
}

Mono PairingSide::refs_end() const {
  const Options& options = connection_.world().options;
  const auto further = static_cast<Milliseconds::rep>(refs_.empty() ? 0 : refs_.size() - 1);
  return refs_since_ + options.first_ref_ttl + options.ref_ttl * further;
}

void PairingSide::note_uses(const Node& stanza) {
  if (stanza.tag != "iq") return;
  if (const Node* link_code = stanza.find("link_code_companion_reg")) note_link_code(*link_code);
  passkey_.note_uses(stanza);
}

void PairingSide::on_stanza(const Node& stanza) {
  if (stanza.tag != "iq") return;
  if (const Node* link_code = stanza.find("link_code_companion_reg")) return on_link_code(stanza, *link_code);
  if (passkey_.on_iq(stanza)) return;
  connection_.send(answer_unregistered(stanza, connection_.now().wall));
}

std::optional<Mono> PairingSide::next_deadline() const {
  if (attempt_) return attempt_->deadline;
  if (passkey_.active()) return passkey_.deadline();
  if (!link_) return refs_end() + kAfterRefs;
  return link_->entry ? link_->entry->deadline : std::max(code_end(), refs_end() + kAfterRefs);
}

void PairingSide::on_deadline() {
  const auto deadline = next_deadline();
  if (!deadline || connection_.now().mono < *deadline) return;
  const Error timed_out{Errc::kTimedOut, Cause::kIqTimeout, "the companion did not answer in time"};
  if (attempt_) {
    Reply<Paired> reply = std::move(attempt_->reply);
    attempt_.reset();
    ++connection_.world().counters.pairings_failed;
    return reply.answer(timed_out);
  }
  if (passkey_.active()) {
    ++connection_.world().counters.pairings_failed;
    return passkey_.end(timed_out);
  }
  if (link_ && link_->entry) {
    Reply<Paired> reply = std::move(link_->entry->reply);
    link_->entry.reset();
    return reply.answer(timed_out);
  }
  connection_.close();
}

void PairingSide::on_closed() {
  World& world = connection_.world();
  for (const std::string& ref : refs_) world.refs.erase(ref);
  std::optional<Reply<Paired>> waiting;
  if (attempt_) waiting = std::move(attempt_->reply);
  if (link_ && link_->entry) waiting = std::move(link_->entry->reply);
  attempt_.reset();
  drop_link_code();
  const Error closed{Errc::kNotConnected, Cause::kConnectionClosed, "the companion's connection closed"};
  passkey_.end(closed);
  if (waiting) waiting->answer(closed);
}

Status PairingSide::check_on_display(const QrCode& code) const {
  const Options& options = connection_.world().options;
  const auto found = std::find(refs_.begin(), refs_.end(), code.ref);
  if (found == refs_.end()) return rejected("the ref belongs to another connection");
  const auto index = found - refs_.begin();
  const Milliseconds grace = std::min(options.ref_grace, options.ref_ttl / 2);
  const Milliseconds shown = connection_.now().mono - refs_since_;
  const Milliseconds end = options.first_ref_ttl + options.ref_ttl * index;
  const Milliseconds begin = index == 0 ? Milliseconds(0) : end - options.ref_ttl;
  if (shown >= end + grace)
    return rejected("the ref is no longer valid: its turn ended " + std::to_string((shown - end).count()) + " ms ago");
  if (shown + grace < begin)
    return rejected("the ref is not on display yet: its turn begins in " + std::to_string((begin - shown).count()) +
                    " ms");
  if (code.noise != registration().noise) return rejected("the QR text has another noise key than the handshake");
  if (code.identity != registration().identity)
    return rejected("the QR text has another identity key than the registration");
  return Status::Ok();
}

void PairingSide::scan(const QrCode& code, const Phone& phone, Reply<Paired> reply) {
  if (Status status = check_on_display(code); !status.ok()) return reply.answer(status.error());
  if (phone_waits()) return reply.answer(rejected("another phone has just scanned this code"));
  if (phone.number) connection_.faults().overlay(connection_.world().faults.peek_number(*phone.number));
  if (superseded_secret_ && crypto::equal_constant_time(superseded_secret_->view(), code.adv_secret.view())) {
    return reply.answer(rejected("the ADV secret was not changed after companion_reg_refresh"));
  }
  if (!superseded_secret_ && connection_.faults().refresh_before_pairing.value_or(false)) {
    superseded_secret_ = code.adv_secret.copy();
    rotate();
    return reply.answer(Error{Errc::kUnavailable, Cause::kSuperseded,
                              "companion_reg_refresh was sent: scan the code that is on display now"});
  }
  approve(code.adv_secret, phone, std::move(reply));
}

void PairingSide::rotate() {
  connection_.send_for_ack(Node("notification")
                               .with("type", "companion_reg_refresh")
                               .with("from", server_jid())
                               .with("t", std::to_string(unix_seconds(connection_.now().wall)))
                               .child(Node("companion_reg_refresh")));
}

void PairingSide::approve(const Secret<32>& adv_secret, const Phone& phone, Reply<Paired> reply) {
  if (connection_.faults().passkey.value_or(false)) return passkey_.begin(adv_secret, phone, std::move(reply));
  pair(adv_secret, phone, std::move(reply), Approval::kPhone);
}

void PairingSide::pair(const Secret<32>& adv_secret, const Phone& phone, Reply<Paired> reply, Approval approval) {
  World& world = connection_.world();
  const Now& now = connection_.now();
  Account& account = phone.number ? world.accounts.get(*phone.number) : world.accounts.fresh();
  if (account.next_device > kLastDevice) return reply.answer(rejected("the phone has used up its device ids"));
  account.platform = phone.platform;
  account.business_name = phone.business_name;

  Attempt attempt{&account, {}, {}, std::move(reply), now.mono + world.options.pairing_timeout};
  attempt.companion.device = account.next_device++;
  attempt.companion.key_index = account.next_key_index++;
  attempt.companion.keys = registration();
  attempt.companion.version = details_.version;
  attempt.companion.paired_at = now.wall;
  attempt.companion.adv_secret = adv_secret.copy();
  attempt.identity =
      sign_device_identity(account, registration().identity, attempt.companion.key_index, now.wall, world.random);
  const PairSuccessDefect defect = connection_.faults().pair_success.value_or(PairSuccessDefect::kNone);
  Node iq = pair_success_node(account, attempt.companion.device,
                              seal_device_identity(attempt.identity, adv_secret, defect), defect, now.wall);
  if (approval == Approval::kPasskey) add_jurisdiction(iq);
  attempt_ = std::move(attempt);
  for (int copies = defect == PairSuccessDefect::kTwice ? 2 : 1; copies > 0; --copies) {
    connection_.send_iq(iq, [this](const Node& answer) { on_pair_success_answer(answer); });
  }
}

Result<Companion> PairingSide::check_answer(const Node& answer, Attempt& attempt) const {
  if (answer.attribute("type") != "result") {
    const Node* error = answer.find("error");
    return rejected("the companion refused: " +
                    (error ? error->attribute("code").value_or("no code") + " " + error->attribute("text").value_or("")
                           : "no error"));
  }
  const Node* sign = answer.find("pair-device-sign");
  const Node* identity = sign ? sign->find("device-identity") : nullptr;
  const auto content = identity ? identity->leaf() : std::nullopt;
  if (!content) {
    return Error{Errc::kRejected, Cause::kPairingMalformed, "expected pair-device-sign/device-identity with content"};
  }
  if (identity->number("key-index") != attempt.companion.key_index) {
    return Error{Errc::kRejected, Cause::kPairingMalformed, "key-index is not the phone's"};
  }
  PONTE_ASSIGN(attempt.companion.device_identity,
               check_signed_identity(*content, attempt.identity, registration().identity));
  return std::move(attempt.companion);
}

void PairingSide::on_pair_success_answer(const Node& answer) {
  if (!attempt_) return;
  Attempt attempt = std::move(*attempt_);
  attempt_.reset();
  World& world = connection_.world();
  auto companion = check_answer(answer, attempt);
  if (!companion.ok()) {
    ++world.counters.pairings_failed;
    if (companion.error().cause != Cause::kPairingRefused) connection_.violation(companion.error().message);
    attempt.reply.answer(companion.error());
    return connection_.close();
  }
  Account& account = *attempt.account;
  const std::uint16_t device = companion->device;
  const Paired paired{account.number, device, account.jid(device).to_string(), account.lid(device).to_string(),
                      companion->key_index};
  note_signed_prekey(connection_, paired.jid, companion->keys);
  account.companions.insert_or_assign(device, std::move(*companion));
  ++world.counters.pairings;
  world.router.notify_devices(account, "add", device, connection_.now());
  world.router.settle(connection_.now());
  if (connection_.faults().close_without_restart.value_or(false)) {
    connection_.close();
  } else {
    connection_.end_with(stream_error_node(515), world.options.restart_close_delay);
  }
  attempt.reply.answer(paired);
}

Node pair_success_node(const Account& account, std::uint16_t device, Bytes sealed_identity, PairSuccessDefect defect,
                       Wall wall) {
  Node success("pair-success");
  if (defect != PairSuccessDefect::kNoIdentity) success.child(Node("device-identity").bytes(sealed_identity));
  if (!account.business_name.empty()) success.child(Node("biz").with("name", account.business_name));
  success.child(Node("platform").with("name", account.platform));
  if (defect != PairSuccessDefect::kNoDevice) {
    success.child(Node("device").with("jid", account.jid(device)).with("lid", account.lid(device)));
  }
  proto::ClientPairingProps props;
  props.set_is_chat_db_lid_migrated(true);
  props.set_is_syncd_pure_lid_session(true);
  success.child(Node("client-props").bytes(as_bytes(props.SerializeAsString())));
  const bool foreign = defect == PairSuccessDefect::kForeignSender;
  return Node("iq")
      .with("from", foreign ? account.jid(0) : server_jid())
      .with("type", "set")
      .with("xmlns", "md")
      .with("t", std::to_string(unix_seconds(wall)))
      .child(std::move(success));
}

}  // namespace ponte::simulator
