#include "crypto/signal/sender_keys.h"

#include <group_cipher.h>
#include <group_session_builder.h>
#include <protocol.h>

#include <algorithm>

#include "crypto/signal/errors.h"
#include "crypto/signal/sender_key_bridge.h"
#include "crypto/signal/sender_key_states.h"

namespace ponte::crypto {
namespace {

using Cipher = std::unique_ptr<group_cipher, Releaser<group_cipher_free>>;
using Builder = std::unique_ptr<group_session_builder, Releaser<group_session_builder_free>>;

constexpr std::string_view kRecordName = "sender key record";
constexpr std::string_view kDistributionName = "sender key distribution";
constexpr std::uint32_t kMaxJump = 2000;  // libsignal's (wire: messages.md 1.4)

Cipher make_cipher(const SenderKeyBridge& bridge, const SignalContext& context) {
  Cipher cipher;
  require(group_cipher_create(out(cipher), bridge.stores(), bridge.name(), context.get()) == SG_SUCCESS,
          "a libsignal group cipher");
  return cipher;
}

Builder make_builder(const SenderKeyBridge& bridge, const SignalContext& context) {
  Builder builder;
  require(group_session_builder_create(out(builder), bridge.stores(), context.get()) == SG_SUCCESS,
          "a libsignal group builder");
  return builder;
}

struct ParsedDistribution {
  SignalHandle<sender_key_distribution_message> message;
  std::uint32_t id = 0;
  std::uint32_t iteration = 0;
  PublicKey signing_key{};
};

Result<ParsedDistribution> parse_distribution(ByteView bytes, const SignalContext& context) {
  PONTE_TRY(check_version(bytes, kDistributionName));
  ParsedDistribution parsed;
  const int code =
      sender_key_distribution_message_deserialize(out(parsed.message), bytes.data(), bytes.size(), context.get());
  if (code < 0) return unparsed(code, kDistributionName);
  sender_key_distribution_message* message = parsed.message.get();
  const std::size_t size = view(sender_key_distribution_message_get_chain_key(message)).size();
  if (size != 32) {  // libsignal would take any
    return malformed("sender key distribution: expected a chain key of 32 bytes, got " + std::to_string(size));
  }
  parsed.id = sender_key_distribution_message_get_id(message);
  parsed.iteration = sender_key_distribution_message_get_iteration(message);
  parsed.signing_key = from_signal(sender_key_distribution_message_get_signature_key(message));
  if (!is_sound(parsed.signing_key)) {
    return invalid_key("sender key distribution: expected a signing key that a scalar has, got one that none has");
  }
  return parsed;
}

enum class Known { kNo, kYes };

/// Sets the record to what must stand behind the key of the distribution message (wire: messages.md 1.5): libsignal
/// would put a second copy of a known key in front, which hides what the first one skipped and, from an earlier
/// iteration, opens messages anew.
Result<Known> make_room(SenderKeyBridge& bridge, const ParsedDistribution& parsed, const SignalContext& context) {
  PONTE_ASSIGN(const auto record, bridge.record());
  if (!record) return Known::kNo;
  PONTE_ASSIGN(const auto states, sender_key_states(*record, context));
  if (std::any_of(states.begin(), states.end(), [](const SenderKeyState& state) { return state.own; })) {
    return invalid_message("sender key distribution: expected the key of somebody else, got one under our own name");
  }
  const auto known = std::find_if(states.begin(), states.end(), [&](const SenderKeyState& state) {
    // What the chain that is there cannot reach any more is better begun anew further on.
    return state.id == parsed.id && state.signing_key == parsed.signing_key &&
           (parsed.iteration <= state.iteration || parsed.iteration - state.iteration <= kMaxJump);
  });
  Bytes kept = known != states.end() ? to_bytes(known->record) : Bytes();
  for (const SenderKeyState& state : states) {
    if (state.id != parsed.id) append(kept, state.record);
  }
  if (!equal(kept, *record)) bridge.set_record(kept);
  wipe(kept);
  return known != states.end() ? Known::kYes : Known::kNo;
}

/// libsignal calls both "invalid": a message under a key that never came, and one that the key does not fit.
Error undecrypted_group(int code, SenderKeyBridge& bridge, std::uint32_t id, const SignalContext& context) {
  if (code == SG_ERR_NO_SESSION) return no_sender_key("skmsg: expected a key of its sender, got none yet");
  if (code == SG_ERR_INVALID_MESSAGE) {
    auto record = bridge.record();
    if (!record.ok()) return std::move(record).error();
    auto states = sender_key_states(record->value_or(ByteView()), context);
    if (!states.ok()) return std::move(states).error();
    if (std::none_of(states->begin(), states->end(), [id](const SenderKeyState& state) { return state.id == id; })) {
      return no_sender_key("skmsg: expected a key of its sender that came before, got the id " + std::to_string(id));
    }
  }
  return undecrypted(code, "skmsg");
}

}  // namespace

SenderKeys::SenderKeys(SignalStore& store, RandomSource& random)
    : store_(store), context_(std::make_unique<SignalContext>(random)) {}
SenderKeys::SenderKeys(SenderKeys&&) noexcept = default;
SenderKeys::~SenderKeys() = default;

Result<Bytes> SenderKeys::distribution(const SenderKeyName& own) {
  SenderKeyBridge bridge(store_, *context_, own);
  const Builder builder = make_builder(bridge, *context_);
  SignalHandle<sender_key_distribution_message> message;
  const int code = group_session_builder_create_session(builder.get(), out(message), bridge.name());
  if (auto trouble = bridge.trouble()) return *std::move(trouble);
  if (code < 0) return damaged_record(code, kRecordName);
  PONTE_TRY(bridge.write());
  auto* base = reinterpret_cast<ciphertext_message*>(message.get());  // what it begins with
  return to_bytes(view(ciphertext_message_get_serialized(base)));
}

Status SenderKeys::process(const SenderKeyName& peer, ByteView distribution) {
  PONTE_ASSIGN(const ParsedDistribution parsed, parse_distribution(distribution, *context_));
  SenderKeyBridge bridge(store_, *context_, peer);
  PONTE_ASSIGN(const Known known, make_room(bridge, parsed, *context_));
  if (known == Known::kNo) {
    const Builder builder = make_builder(bridge, *context_);
    const int code = group_session_builder_process_session(builder.get(), bridge.name(), parsed.message.get());
    if (auto trouble = bridge.trouble()) return *std::move(trouble);
    if (code < 0) return damaged_record(code, kRecordName);
  }
  return bridge.write();
}

Result<Bytes> SenderKeys::encrypt(const SenderKeyName& own, ByteView plaintext) {
  SenderKeyBridge bridge(store_, *context_, own);
  const Cipher cipher = make_cipher(bridge, *context_);
  SignalHandle<ciphertext_message> message;
  const int code = group_cipher_encrypt(cipher.get(), plaintext.data(), plaintext.size(), out(message));
  if (auto trouble = bridge.trouble()) return *std::move(trouble);
  if (code == SG_ERR_NO_SESSION) return no_sender_key("skmsg: expected a key of our own, got none yet");
  if (code < 0) return damaged_record(code, kRecordName);
  PONTE_TRY(bridge.write());
  return to_bytes(view(ciphertext_message_get_serialized(message.get())));
}

Result<Bytes> SenderKeys::decrypt(const SenderKeyName& peer, ByteView message) {
  PONTE_TRY(check_version(message, "skmsg"));
  SignalHandle<sender_key_message> parsed;
  int code = sender_key_message_deserialize(out(parsed), message.data(), message.size(), context_->get());
  if (code < 0) return unparsed(code, "skmsg");
  SenderKeyBridge bridge(store_, *context_, peer);
  const Cipher cipher = make_cipher(bridge, *context_);
  SignalBuffer plaintext;
  code = group_cipher_decrypt(cipher.get(), parsed.get(), nullptr, out(plaintext));
  if (auto trouble = bridge.trouble()) return *std::move(trouble);
  if (code < 0) return undecrypted_group(code, bridge, sender_key_message_get_key_id(parsed.get()), *context_);
  PONTE_TRY(bridge.write());
  return to_bytes(view(plaintext.get()));
}

}  // namespace ponte::crypto
