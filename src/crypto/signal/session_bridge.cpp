#include "crypto/signal/session_bridge.h"

#include <session_pre_key.h>

namespace ponte::crypto {
namespace {

constexpr std::uint32_t kMaxPrekeyId = 0xFFFFFF;  // three bytes on the wire (wire: messages.md 1.2)

bool may_exist(std::uint32_t id) {
  return id >= 1 && id <= kMaxPrekeyId;
}

int stored(SignalBuffer buffer, signal_buffer** record) {
  *record = buffer.release();
  return SG_SUCCESS;
}

SignalBuffer prekey_record(std::uint32_t id, PrivateKey private_key) {
  const auto pair = to_signal(key_pair_from_private(std::move(private_key)));
  SignalHandle<session_pre_key> prekey;
  require(session_pre_key_create(out(prekey), id, pair.get()) == SG_SUCCESS, "a libsignal prekey");
  SignalBuffer record;
  require(session_pre_key_serialize(out(record), prekey.get()) == SG_SUCCESS, "a libsignal prekey");
  return record;
}

SignalBuffer signed_prekey_record(std::uint32_t id, const KeyPair& key_pair) {
  // Signature and time are for who publishes the key; libsignal only wants them to be there.
  constexpr Signature kNoSignature{};
  const auto pair = to_signal(key_pair);
  SignalHandle<session_signed_pre_key> prekey;
  require(session_signed_pre_key_create(out(prekey), id, 0, pair.get(), kNoSignature.data(), kNoSignature.size()) ==
              SG_SUCCESS,
          "a libsignal prekey");
  SignalBuffer record;
  require(session_signed_pre_key_serialize(out(record), prekey.get()) == SG_SUCCESS, "a libsignal prekey");
  return record;
}

}  // namespace

/// What libsignal calls. An operation is on one session, so the address that comes with each call is ours.
struct SessionBridge::Callbacks {
  template <typename Body>
  static int on(void* user_data, Body body) {
    auto& bridge = *static_cast<SessionBridge*>(user_data);
    return bridge.context_.guarded([&] { return body(bridge); });
  }

  static int load_session(signal_buffer** record, signal_buffer**, const signal_protocol_address*, void* user_data) {
    return on(user_data, [&](SessionBridge& bridge) {
      auto found = bridge.record();
      if (!found.ok()) return bridge.failed(std::move(found).error());
      if (!*found) return 0;
      *record = to_buffer(**found).release();
      return 1;
    });
  }
  static int contains_session(const signal_protocol_address*, void* user_data) {
    return on(user_data, [](SessionBridge& bridge) {
      auto found = bridge.record();
      if (!found.ok()) return bridge.failed(std::move(found).error());
      return *found ? 1 : 0;
    });
  }
  static int store_session(const signal_protocol_address*, std::uint8_t* record, std::size_t size, std::uint8_t*,
                           std::size_t, void* user_data) {
    return on(user_data, [&](SessionBridge& bridge) {
      bridge.set_record({record, size});
      return SG_SUCCESS;
    });
  }

  static int load_prekey(signal_buffer** record, std::uint32_t id, void* user_data) {
    return on(user_data, [&](SessionBridge& bridge) -> int {
      bridge.missing_prekey_ = id;
      if (!may_exist(id)) return SG_ERR_INVALID_KEY_ID;
      auto found = bridge.store_.load_prekey(id);
      if (!found.ok()) return bridge.failed(std::move(found).error());
      if (!*found) return SG_ERR_INVALID_KEY_ID;
      bridge.missing_prekey_.reset();
      bridge.used_prekey_ = id;
      return stored(prekey_record(id, std::move(**found)), record);
    });
  }
  /// libsignal does not remove 0xFFFFFF, which was once a key of last resort: `write` removes what was used.
  static int remove_prekey(std::uint32_t, void*) { return SG_SUCCESS; }

  static int load_signed_prekey(signal_buffer** record, std::uint32_t id, void* user_data) {
    return on(user_data, [&](SessionBridge& bridge) -> int {
      bridge.missing_signed_prekey_ = id;
      if (!may_exist(id)) return SG_ERR_INVALID_KEY_ID;
      auto found = bridge.store_.load_signed_prekey(id);
      if (!found.ok()) return bridge.failed(std::move(found).error());
      if (!*found) return SG_ERR_INVALID_KEY_ID;
      bridge.missing_signed_prekey_.reset();
      return stored(signed_prekey_record(id, **found), record);
    });
  }

  static int own_identity(signal_buffer** public_data, signal_buffer** private_data, void* user_data) {
    return on(user_data, [&](SessionBridge& bridge) {
      auto pair = bridge.store_.own_identity();
      if (!pair.ok()) return bridge.failed(std::move(pair).error());
      *public_data = to_buffer(typed_key(pair->public_key)).release();
      *private_data = to_buffer(pair->private_key.view()).release();
      return SG_SUCCESS;
    });
  }
  static int own_registration_id(void* user_data, std::uint32_t* id) {
    return on(user_data, [&](SessionBridge& bridge) {
      auto own = bridge.store_.own_registration_id();
      if (!own.ok()) return bridge.failed(std::move(own).error());
      *id = *own;
      return SG_SUCCESS;
    });
  }
  /// Every identity is trusted, as in WhatsApp; a change is told to the caller (wire: messages.md 1.8).
  static int is_trusted(const signal_protocol_address*, std::uint8_t* key, std::size_t size, void* user_data) {
    return on(user_data, [&](SessionBridge& bridge) {
      auto known = bridge.store_.load_identity(bridge.name_);
      if (!known.ok()) return bridge.failed(std::move(known).error());
      bridge.stored_identity_ = *known;
      bridge.identity_ = !*known                                          ? PeerIdentity::kNew
                         : equal(**known, ByteView(key, size).subspan(1)) ? PeerIdentity::kKnown
                                                                          : PeerIdentity::kChanged;
      return 1;
    });
  }
  static int save_identity(const signal_protocol_address*, std::uint8_t* key, std::size_t size, void* user_data) {
    return on(user_data, [&](SessionBridge& bridge) {
      bridge.new_identity_ = to_array<32>(ByteView(key, size).subspan(1));
      return SG_SUCCESS;
    });
  }
};

SessionBridge::SessionBridge(SignalStore& store, SignalContext& context, const SignalAddress& address)
    : store_(store),
      context_(context),
      name_(address),
      address_{address.name.data(), address.name.size(), address.device} {
  require(signal_protocol_store_context_create(out(stores_), context.get()) == SG_SUCCESS, "a libsignal store");
  // What stays null, libsignal never calls in the operations that we use.
  signal_protocol_session_store sessions{};
  sessions.load_session_func = Callbacks::load_session;
  sessions.store_session_func = Callbacks::store_session;
  sessions.contains_session_func = Callbacks::contains_session;
  signal_protocol_pre_key_store prekeys{};
  prekeys.load_pre_key = Callbacks::load_prekey;
  prekeys.remove_pre_key = Callbacks::remove_prekey;
  signal_protocol_signed_pre_key_store signed_prekeys{};
  signed_prekeys.load_signed_pre_key = Callbacks::load_signed_prekey;
  signal_protocol_identity_key_store identities{};
  identities.get_identity_key_pair = Callbacks::own_identity;
  identities.get_local_registration_id = Callbacks::own_registration_id;
  identities.save_identity = Callbacks::save_identity;
  identities.is_trusted_identity = Callbacks::is_trusted;
  sessions.user_data = prekeys.user_data = signed_prekeys.user_data = identities.user_data = this;
  signal_protocol_store_context_set_session_store(stores(), &sessions);
  signal_protocol_store_context_set_pre_key_store(stores(), &prekeys);
  signal_protocol_store_context_set_signed_pre_key_store(stores(), &signed_prekeys);
  signal_protocol_store_context_set_identity_key_store(stores(), &identities);
}

int SessionBridge::failed(Error error) {
  if (!error_) error_ = std::move(error);
  return kCallbackFailed;
}

Result<std::optional<ByteView>> SessionBridge::record() {
  if (!asked_) {
    PONTE_ASSIGN(auto found, store_.load_session(name_));
    if (found) record_.emplace(std::move(*found));
    asked_ = true;
  }
  if (!record_) return std::optional<ByteView>();
  return std::optional<ByteView>(record_->view());
}

void SessionBridge::present(std::optional<ByteView> record) {
  record_.reset();
  if (record) record_.emplace(to_bytes(*record));
  asked_ = true;
}

std::optional<Error> SessionBridge::trouble() {
  context_.rethrow();
  return std::exchange(error_, std::nullopt);
}

std::string SessionBridge::missing_prekey() const {
  if (missing_signed_prekey_) return "signed prekey " + std::to_string(*missing_signed_prekey_);
  return "one-time prekey " + std::to_string(missing_prekey_.value_or(0));
}

void SessionBridge::set_record(ByteView record) {
  new_record_.emplace(to_bytes(record));
}

Status SessionBridge::write() {
  if (new_identity_ && new_identity_ != stored_identity_) PONTE_TRY(store_.store_identity(name_, *new_identity_));
  if (new_record_) PONTE_TRY(store_.store_session(name_, to_bytes(new_record_->view())));
  if (used_prekey_) PONTE_TRY(store_.remove_prekey(*used_prekey_));
  return Status::Ok();
}

}  // namespace ponte::crypto
