#include "crypto/signal/sessions.h"

#include <protocol.h>
#include <session_builder.h>
#include <session_cipher.h>
#include <session_pre_key.h>
#include <session_state.h>

#include "crypto/signal/errors.h"
#include "crypto/signal/session_bridge.h"
#include "crypto/signal/session_states.h"

namespace ponte::crypto {
namespace {

using Cipher = std::unique_ptr<session_cipher, Releaser<session_cipher_free>>;
using Builder = std::unique_ptr<session_builder, Releaser<session_builder_free>>;

constexpr std::string_view kRecordName = "session record";
// How far into a chain a message may be and still be tried on archived states that do not know the chain.
constexpr std::uint32_t kNearBeginning = 32;

Cipher make_cipher(const SessionBridge& bridge, const SignalContext& context) {
  Cipher cipher;
  require(session_cipher_create(out(cipher), bridge.stores(), bridge.address(), context.get()) == SG_SUCCESS,
          "a libsignal cipher");
  return cipher;
}

/// A `pkmsg` and what of it libsignal does not check by itself.
struct ParsedPrekeyMessage {
  SignalHandle<pre_key_signal_message> message;
  PublicKey identity{};
  PublicKey base_key{};
};

Result<ParsedPrekeyMessage> parse_prekey_message(ByteView bytes, const SignalContext& context) {
  PONTE_TRY(check_version(bytes, "pkmsg"));
  ParsedPrekeyMessage parsed;
  const int code = pre_key_signal_message_deserialize(out(parsed.message), bytes.data(), bytes.size(), context.get());
  if (code < 0) return unparsed(code, "pkmsg");
  parsed.identity = from_signal(pre_key_signal_message_get_identity_key(parsed.message.get()));
  parsed.base_key = from_signal(pre_key_signal_message_get_base_key(parsed.message.get()));
  // A base key is in no MAC, but what tells a known session: another one that agrees alike would begin it anew.
  if (!is_sound(parsed.identity) || !is_sound(parsed.base_key)) {
    return invalid_key("pkmsg: expected keys that a scalar has, got one that none has");
  }
  return parsed;
}

/// libsignal is given that state alone, or nothing where it is null.
Status present(SessionBridge& bridge, const SessionStates& states, session_state* state) {
  if (state == nullptr) {
    bridge.present(std::nullopt);
    return Status::Ok();
  }
  PONTE_ASSIGN(const SignalBuffer alone, states.alone(state));
  bridge.present(view(alone.get()));
  return Status::Ok();
}

/// What libsignal made of that state goes back among the others.
Status merge(SessionBridge& bridge, SessionStates& states, session_state* state) {
  PONTE_ASSIGN(const SignalBuffer whole, states.merged(state, bridge.new_record()));
  bridge.set_record(view(whole.get()));
  return Status::Ok();
}

/// Only the session that the base key names may decrypt what is within, and only under its own identity. libsignal
/// would try all of them and save the identity of the envelope, so that anybody on the way could put a message into an
/// envelope of his own and pass for a peer who changed his identity.
Result<SignalBuffer> decrypt_prekey_message(SessionBridge& bridge, SignalContext& context, ByteView bytes) {
  PONTE_ASSIGN(const ParsedPrekeyMessage parsed, parse_prekey_message(bytes, context));
  PONTE_ASSIGN(const auto record, bridge.record());
  PONTE_ASSIGN(SessionStates states, SessionStates::parse(record, context));
  session_state* known = states.of_base_key(parsed.base_key);
  if (known != nullptr && from_signal(session_state_get_remote_identity_key(known)) != parsed.identity) {
    return invalid_message("pkmsg: expected the identity of the session that it names, got another one");
  }
  PONTE_TRY(present(bridge, states, known));
  const Cipher cipher = make_cipher(bridge, context);
  SignalBuffer plaintext;
  const int code =
      session_cipher_decrypt_pre_key_signal_message(cipher.get(), parsed.message.get(), nullptr, out(plaintext));
  if (auto trouble = bridge.trouble()) return *std::move(trouble);
  if (code == SG_ERR_INVALID_KEY_ID) {
    return Error{Errc::kNotFound, Cause::kSignalUnknownPrekey,
                 "pkmsg: expected a prekey of ours that did not serve yet, got " + bridge.missing_prekey()};
  }
  if (code < 0) return undecrypted(code, "pkmsg");
  PONTE_TRY(merge(bridge, states, known));
  return plaintext;
}

Result<SignalBuffer> run_cipher(SessionBridge& bridge, SignalContext& context, signal_message* message) {
  const Cipher cipher = make_cipher(bridge, context);
  SignalBuffer plaintext;
  const int code = session_cipher_decrypt_signal_message(cipher.get(), message, nullptr, out(plaintext));
  if (auto trouble = bridge.trouble()) return *std::move(trouble);
  if (code < 0) return undecrypted(code, "msg");
  return plaintext;
}

Result<SignalBuffer> decrypt_message(SessionBridge& bridge, SignalContext& context, ByteView bytes) {
  PONTE_TRY(check_version(bytes, "msg"));
  SignalHandle<signal_message> message;
  const int code = signal_message_deserialize(out(message), bytes.data(), bytes.size(), context.get());
  if (code < 0) return unparsed(code, "msg");
  if (signal_message_get_counter(message.get()) <= kNearBeginning) return run_cipher(bridge, context, message.get());
  PONTE_ASSIGN(const auto record, bridge.record());
  if (!record) return no_session();
  PONTE_ASSIGN(SessionStates states, SessionStates::parse(record, context));
  session_state* state = states.of_ratchet_key(signal_message_get_sender_ratchet_key(message.get()));
  PONTE_TRY(present(bridge, states, state));
  PONTE_ASSIGN(SignalBuffer plaintext, run_cipher(bridge, context, message.get()));
  PONTE_TRY(merge(bridge, states, state));
  return plaintext;
}

Status check_bundle(const PrekeyBundle& bundle) {
  // libsignal looks at the signature too, but lets through what our check does not.
  if (!xeddsa_verify(bundle.identity, typed_key(bundle.signed_prekey), bundle.signature)) {
    return invalid_key("bundle: expected a prekey signed by the identity, got another signature");
  }
  if (!is_sound(bundle.signed_prekey) || (bundle.one_time && !is_sound(bundle.one_time->key))) {
    return invalid_key("bundle: expected keys that a scalar has, got one that none has");
  }
  return Status::Ok();
}

SignalHandle<session_pre_key_bundle> make_bundle(const PrekeyBundle& bundle, std::int32_t device) {
  const SignalPublicKey identity = to_signal(bundle.identity);
  const SignalPublicKey signed_prekey = to_signal(bundle.signed_prekey);
  const SignalPublicKey one_time = bundle.one_time ? to_signal(bundle.one_time->key) : nullptr;
  SignalHandle<session_pre_key_bundle> made;
  require(session_pre_key_bundle_create(out(made), bundle.registration_id, device,
                                        bundle.one_time ? bundle.one_time->id : 0, one_time.get(),
                                        bundle.signed_prekey_id, signed_prekey.get(), bundle.signature.data(),
                                        bundle.signature.size(), identity.get()) == SG_SUCCESS,
          "a libsignal bundle");
  return made;
}

}  // namespace

SignalSessions::SignalSessions(SignalStore& store, RandomSource& random)
    : store_(store), context_(std::make_unique<SignalContext>(random)) {}
SignalSessions::SignalSessions(SignalSessions&&) noexcept = default;
SignalSessions::~SignalSessions() = default;

Result<std::optional<SignalSessionInfo>> SignalSessions::session(const SignalAddress& address) {
  SessionBridge bridge(store_, *context_, address);
  PONTE_ASSIGN(const auto record, bridge.record());
  PONTE_ASSIGN(const SessionStates states, SessionStates::parse(record, *context_));
  const session_state* state = states.open();
  if (state == nullptr) return std::optional<SignalSessionInfo>();
  SignalSessionInfo info;
  info.remote_registration_id = session_state_get_remote_registration_id(state);
  info.base_key = from_signal(session_state_get_alice_base_key(state));
  info.acknowledged = session_state_has_unacknowledged_pre_key_message(state) == 0;
  return std::optional<SignalSessionInfo>(info);
}

Result<SignalCiphertext> SignalSessions::encrypt(const SignalAddress& address, ByteView plaintext) {
  SessionBridge bridge(store_, *context_, address);
  // libsignal would say "unknown" of a session that is not there.
  PONTE_ASSIGN(const auto record, bridge.record());
  if (!record) return no_session();
  const Cipher cipher = make_cipher(bridge, *context_);
  SignalHandle<ciphertext_message> message;
  const int code = session_cipher_encrypt(cipher.get(), plaintext.data(), plaintext.size(), out(message));
  if (auto trouble = bridge.trouble()) return *std::move(trouble);
  if (code == SG_ERR_UNKNOWN) return no_session();  // archived: a state without a sending side
  if (code < 0) return damaged_record(code, kRecordName);
  const bool prekey = ciphertext_message_get_type(message.get()) == CIPHERTEXT_PREKEY_TYPE;
  SignalCiphertext out{prekey ? SignalMessageType::kPrekey : SignalMessageType::kMessage,
                       to_bytes(view(ciphertext_message_get_serialized(message.get())))};
  PONTE_TRY(bridge.write());
  return out;
}

Result<SignalPlaintext> SignalSessions::decrypt(const SignalAddress& address, SignalMessageType type,
                                                ByteView message) {
  SessionBridge bridge(store_, *context_, address);
  PONTE_ASSIGN(const SignalBuffer plaintext, type == SignalMessageType::kPrekey
                                                 ? decrypt_prekey_message(bridge, *context_, message)
                                                 : decrypt_message(bridge, *context_, message));
  SignalPlaintext out{to_bytes(view(plaintext.get())), bridge.identity()};
  PONTE_TRY(bridge.write());
  return out;
}

Result<PeerIdentity> SignalSessions::process_bundle(const SignalAddress& address, const PrekeyBundle& bundle) {
  PONTE_TRY(check_bundle(bundle));
  SessionBridge bridge(store_, *context_, address);
  const auto made = make_bundle(bundle, address.device);
  Builder builder;
  require(session_builder_create(out(builder), bridge.stores(), bridge.address(), context_->get()) == SG_SUCCESS,
          "a libsignal builder");
  const int code = session_builder_process_pre_key_bundle(builder.get(), made.get());
  if (auto trouble = bridge.trouble()) return *std::move(trouble);
  if (code < 0) return damaged_record(code, kRecordName);
  PONTE_TRY(bridge.write());
  return bridge.identity();
}

Status SignalSessions::archive(const SignalAddress& address) {
  SessionBridge bridge(store_, *context_, address);
  PONTE_ASSIGN(const auto record, bridge.record());
  PONTE_ASSIGN(SessionStates states, SessionStates::parse(record, *context_));
  if (states.open() == nullptr) return Status::Ok();
  PONTE_ASSIGN(const SignalBuffer archived, states.archived());
  bridge.set_record(view(archived.get()));
  return bridge.write();
}

}  // namespace ponte::crypto
