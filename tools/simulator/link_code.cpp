// Pairing codes: the server's relay and the phone's user who types the code (wire: pairing.md 6).
#include <algorithm>
#include <array>

#include "crypto/aead.h"
#include "crypto/base64.h"
#include "crypto/ctr.h"
#include "crypto/kdf.h"
#include "simulator/code_text.h"
#include "simulator/iq_answers.h"
#include "simulator/pairing_side.h"

namespace ponte::simulator {
namespace {

using protocol::wire::Node;
using protocol::wire::server_jid;

constexpr unsigned kCodeIterations = 131072;
constexpr Milliseconds kLateLifetime = Seconds(600);
constexpr unsigned kMostHellos = 3;       // for one code (wire: pairing.md 6.3)
constexpr std::size_t kWrappedSize = 80;  // salt 32, iv 16, ciphertext 32
constexpr std::size_t kBundleSize = 156;  // salt 32, nonce 12, ciphertext 96, tag 16

Error rejected(std::string message) {
  return {Errc::kRejected, Cause::kPairingRefused, std::move(message)};
}

/// A browser of the table in wire: pairing.md 5.2, or 9, which WhatsApp's own client sends for one that is not in it.
bool platform_accepted(std::string_view id) {
  return id.size() == 1 && ((id[0] >= '1' && id[0] <= '6') || id[0] == '9');
}

/// `Browser (OS)` with names that the server knows (wire: pairing.md 6.1).
bool display_accepted(std::string_view display) {
  static constexpr std::array<std::string_view, 6> kBrowsers = {"Chrome", "Edge", "Firefox", "IE", "Opera", "Safari"};
  static constexpr std::array<std::string_view, 7> kSystems = {"Windows", "Mac OS", "Linux", "Android",
                                                               "iOS",     "Ubuntu", "Fedora"};
  const std::size_t open = display.find(" (");
  if (open == std::string_view::npos || display.back() != ')') return false;
  const auto browser = display.substr(0, open);
  const auto system = display.substr(open + 2, display.size() - open - 3);
  return std::find(kBrowsers.begin(), kBrowsers.end(), browser) != kBrowsers.end() &&
         std::find(kSystems.begin(), kSystems.end(), system) != kSystems.end();
}

/// The content of a child; empty where there is none.
ByteView leaf_of(const Node& request, std::string_view tag) {
  const Node* child = request.find(tag);
  return child ? child->leaf().value_or(ByteView{}) : ByteView{};
}

Secret<32> wrapping_key(std::string_view code, ByteView wrapped) {
  return crypto::pbkdf2_sha256(as_bytes(code), wrapped.first(32), kCodeIterations);
}

/// The public key inside a blob of 80 bytes; another key than the sender's where the code differs.
crypto::PublicKey unwrap(std::string_view code, ByteView wrapped) {
  const Bytes key =
      crypto::aes256_ctr(wrapping_key(code, wrapped), to_array<16>(wrapped.subspan(32, 16)), wrapped.subspan(48));
  return to_array<32>(key);
}

Bytes wrap(std::string_view code, const crypto::PublicKey& key, RandomSource& random) {
  const auto salt = random.array<32>();
  const auto iv = random.array<16>();
  const Secret<32> wrapping = wrapping_key(code, salt);
  return concat({salt, iv, crypto::aes256_ctr(wrapping, iv, key)});
}

}  // namespace

void PairingSide::note_link_code(const Node& request) {
  const ByteView wrapped = leaf_of(request, "link_code_pairing_wrapped_companion_ephemeral_pub");
  if (wrapped.size() == kWrappedSize) {
    connection_.note_use("the salt of companion_hello", wrapped.first(32));
    connection_.note_use("the IV of companion_hello", wrapped.subspan(32, 16));
  }
  const ByteView bundle = leaf_of(request, "link_code_pairing_wrapped_key_bundle");
  if (bundle.size() == kBundleSize) {
    connection_.note_use("the salt of companion_finish", bundle.first(32));
    connection_.note_use("the nonce of companion_finish", bundle.subspan(32, 12));
  }
}

void PairingSide::on_link_code(const Node& iq, const Node& request) {
  const auto stage = request.attribute("stage");
  if (stage == "companion_hello") {
    if (const auto refusal = start_link_code(request)) {
      Node error = iq_error(iq, refusal->first, refusal->second);
      const auto& configured = connection_.faults().code_refusal;
      if (configured && configured->backoff) {
        std::get<Node::Children>(error.content)[0].with("backoff", std::to_string(*configured->backoff));
      }
      return connection_.send(error);
    }
    Node answer = iq_result(iq);
    answer.child(Node("link_code_companion_reg").child(Node("link_code_pairing_ref").bytes(as_bytes(link_->ref))));
    return connection_.send(answer);
  }
  if (stage == "companion_finish") {
    connection_.send(iq_result(iq));
    return on_companion_finish(request);
  }
  connection_.violation("link_code_companion_reg with stage '" + stage.value_or("") + "'");
  connection_.send(iq_error(iq, 400, "bad-request"));
}

std::optional<std::pair<unsigned, std::string>> PairingSide::start_link_code(const Node& request) {
  const auto refuse = [this](std::string why) {
    connection_.violation("companion_hello: " + std::move(why));
    return std::pair<unsigned, std::string>(400, "bad-request");
  };
  const auto leaf = [&request](std::string_view tag) { return leaf_of(request, tag); };
  const auto jid = request.jid("jid");
  if (!jid || jid->server != protocol::wire::kUserServer || !is_phone_number(jid->user))
    return refuse("jid is no phone number");
  connection_.faults().overlay(connection_.world().faults.for_number(jid->user));
  if (const auto& configured = connection_.faults().code_refusal) return std::pair(configured->code, configured->text);
  const ByteView wrapped = leaf("link_code_pairing_wrapped_companion_ephemeral_pub");
  if (wrapped.size() != kWrappedSize) return refuse("wrapped ephemeral: expected 80 bytes");
  if (!equal(leaf("companion_server_auth_key_pub"), registration().noise))
    return refuse("server auth key is not the noise key");
  if (!platform_accepted(as_text(leaf("companion_platform_id")))) return refuse("platform id: expected 1 to 6 or 9");
  if (!display_accepted(as_text(leaf("companion_platform_display"))))
    return refuse("platform display: expected Browser (OS)");
  // Byte 00 is right; one widespread client sends the character "0" and gets along.
  if (leaf("link_code_pairing_nonce").size() != 1) return refuse("nonce: expected one byte");

  drop_link_code();
  World& world = connection_.world();
  const Mono now = connection_.now().mono;
  link_ = LinkCode{jid->user, "2@" + crypto::base64(world.random.array<33>()), to_bytes(wrapped), now, 0, std::nullopt};
  world.codes[link_->number] = connection_.id();
  return std::nullopt;
}

void PairingSide::drop_link_code() {
  if (!link_) return;
  if (link_->entry) {
    link_->entry->reply.answer(
        Error{Errc::kUnavailable, Cause::kSuperseded, "the companion has asked for another code"});
  }
  auto& codes = connection_.world().codes;
  const auto found = codes.find(link_->number);
  if (found != codes.end() && found->second == connection_.id()) codes.erase(found);
  link_.reset();
}

Mono PairingSide::code_end() const {
  return link_->since + (code_defect() == CodeDefect::kLate ? kLateLifetime : kCodeLifetime);
}

void PairingSide::enter_code(std::string_view entered, const Phone& phone, Reply<Paired> reply) {
  const std::string code = normalized_code(entered);
  if (code.empty()) {
    return reply.answer(
        Error{Errc::kInvalidArgument, Cause::kInvalidRequest, "expected a code of 8 symbols, XXXX-XXXX"});
  }
  if (!link_) return reply.answer(rejected("no pairing code is outstanding"));
  if (phone_waits()) return reply.answer(rejected("another phone has just entered a code"));
  if (link_->hellos >= kMostHellos) return reply.answer(rejected("three primary_hello were sent for this code"));
  World& world = connection_.world();
  const Mono now = connection_.now().mono;
  if (now >= code_end()) return reply.answer(rejected("the code is older than 180 seconds"));

  const crypto::KeyPair ephemeral = crypto::generate_key_pair(world.random);
  const crypto::PublicKey companion = unwrap(code, link_->wrapped_ephemeral);
  auto shared = crypto::agree(ephemeral.private_key, companion);
  if (!shared.ok()) return reply.answer(shared.error());
  link_->entry = Entry{std::move(*shared), companion, phone, std::move(reply), now + world.options.pairing_timeout};
  link_->entry->phone.number = link_->number;
  send_primary_hello(code, ephemeral.public_key);
}

void PairingSide::send_primary_hello(std::string_view code, const crypto::PublicKey& ephemeral) {
  World& world = connection_.world();
  const Account& account = world.accounts.get(link_->number);
  const CodeDefect defect = code_defect();
  Bytes wrapped = wrap(code, defect == CodeDefect::kZeroEphemeral ? crypto::PublicKey{} : ephemeral, world.random);
  Bytes identity = to_bytes(account.identity.public_key);
  std::string ref = link_->ref;
  if (defect == CodeDefect::kShortWrap) wrapped.pop_back();
  if (defect == CodeDefect::kShortIdentity) identity.pop_back();
  if (defect == CodeDefect::kWrongRef) ref.back() = ref.back() == 'A' ? 'B' : 'A';

  Node hello = Node("link_code_companion_reg").with("stage", "primary_hello");
  if (defect != CodeDefect::kNoWrap) {
    hello.child(Node("link_code_pairing_wrapped_primary_ephemeral_pub").bytes(wrapped));
  }
  hello.child(Node("primary_identity_pub").bytes(identity));
  hello.child(Node("link_code_pairing_ref").bytes(as_bytes(ref)));
  const Node notification = Node("notification")
                                .with("type", "link_code_companion_reg")
                                .with("from", defect == CodeDefect::kForeignSender ? account.jid(0) : server_jid())
                                .with("t", std::to_string(unix_seconds(connection_.now().wall)))
                                .child(std::move(hello));
  for (int copies = defect == CodeDefect::kDuplicate ? 2 : 1; copies > 0; --copies) {
    ++link_->hellos;
    ++unanswered_hellos_;
    connection_.send_for_ack(notification);
  }
}

Result<Secret<32>> PairingSide::open_bundle(const Node& request, const Entry& entry) {
  const auto leaf = [&request](std::string_view tag) { return leaf_of(request, tag); };
  if (as_text(leaf("link_code_pairing_ref")) != link_->ref) return rejected("companion_finish names another ref");
  if (!equal(leaf("companion_identity_public"), registration().identity))
    return rejected("companion_finish has another identity");
  const ByteView bundle = leaf("link_code_pairing_wrapped_key_bundle");
  if (bundle.size() != kBundleSize)
    return rejected("wrapped bundle: expected 156 bytes, got " + std::to_string(bundle.size()));

  Secret<32> key;
  crypto::hkdf_sha256(entry.ephemeral_shared.view(), bundle.first(32),
                      as_bytes("link_code_pairing_key_bundle_encryption_key"), key.mutable_view());
  auto opened = crypto::Aes256Gcm(key).open(to_array<12>(bundle.subspan(32, 12)), bundle.subspan(44), {});
  if (!opened.ok()) return rejected("the bundle does not open: the code was not the companion's");
  const Account& account = connection_.world().accounts.get(link_->number);
  const ByteView contents = *opened;
  connection_.note_use("the ephemeral key of companion_hello", entry.companion_ephemeral);
  if (!equal(contents.first(32), registration().identity) ||
      !equal(contents.subspan(32, 32), account.identity.public_key)) {
    return rejected("the bundle is for other identities");
  }
  PONTE_ASSIGN(const Secret<32> identities, crypto::agree(account.identity.private_key, registration().identity));
  Secret<32> adv_secret;
  const Bytes input = concat({entry.ephemeral_shared.view(), identities.view(), contents.subspan(64, 32)});
  crypto::hkdf_sha256(input, {}, as_bytes("adv_secret"), adv_secret.mutable_view());
  return adv_secret;
}

void PairingSide::on_companion_finish(const Node& request) {
  if (unanswered_hellos_ == 0) return connection_.violation("companion_finish before primary_hello");
  --unanswered_hellos_;
  // The phone may have given up, or have its answer already: the companion hears nothing of that.
  if (!link_ || !link_->entry) return;
  Entry entry = std::move(*link_->entry);
  link_->entry.reset();
  auto adv_secret = open_bundle(request, entry);
  if (!adv_secret.ok()) {
    // The companion hears nothing: the server cannot look into the bundle. The code stands: it may be typed again.
    ++connection_.world().counters.pairings_failed;
    return entry.reply.answer(adv_secret.error());
  }
  drop_link_code();
  approve(*adv_secret, entry.phone, std::move(entry.reply));
}

Status PairingSide::refresh_code(bool force_manual) {
  if (!link_) return rejected("no pairing code is outstanding");
  Node refresh = Node("link_code_companion_reg").with("stage", "refresh_code");
  if (force_manual) refresh.with("force_manual_refresh", "true");
  refresh.child(Node("link_code_pairing_ref").bytes(as_bytes(link_->ref)));
  connection_.send_for_ack(Node("notification")
                               .with("type", "link_code_companion_reg")
                               .with("from", server_jid())
                               .with("t", std::to_string(unix_seconds(connection_.now().wall)))
                               .child(std::move(refresh)));
  return Status::Ok();
}

}  // namespace ponte::simulator
