#include "crypto/signal/session_states.h"

#include <session_state.h>

#include "crypto/signal/errors.h"

namespace ponte::crypto {
namespace {

constexpr std::string_view kRecordName = "session record";

Result<SignalHandle<session_record>> parse_record(ByteView bytes, const SignalContext& context) {
  SignalHandle<session_record> record;
  const int code = session_record_deserialize(out(record), bytes.data(), bytes.size(), context.get());
  if (code < 0) return damaged_record(code, kRecordName);
  return record;
}

Result<SignalBuffer> serialize(session_record* record) {
  SignalBuffer bytes;
  const int code = session_record_serialize(out(bytes), record);
  if (code < 0) return damaged_record(code, kRecordName);
  return bytes;
}

}  // namespace

Result<SessionStates> SessionStates::parse(std::optional<ByteView> record, const SignalContext& context) {
  if (!record) return SessionStates(nullptr, context);
  PONTE_ASSIGN(auto parsed, parse_record(*record, context));
  return SessionStates(std::move(parsed), context);
}

template <typename Predicate>
session_state* SessionStates::find(Predicate predicate) const {
  if (!record_) return nullptr;
  if (session_state* current = session_record_get_state(record_.get()); current && predicate(current)) return current;
  for (const session_record_state_node* node = session_record_get_previous_states_head(record_.get()); node != nullptr;
       node = session_record_get_previous_states_next(node)) {
    session_state* state = session_record_get_previous_states_element(node);
    if (predicate(state)) return state;
  }
  return nullptr;
}

session_state* SessionStates::open() const {
  if (!record_) return nullptr;
  session_state* state = session_record_get_state(record_.get());
  const bool open = state != nullptr && session_state_has_sender_chain(state) == 1 &&
                    session_state_get_alice_base_key(state) != nullptr;
  return open ? state : nullptr;
}

session_state* SessionStates::of_base_key(const PublicKey& base_key) const {
  return find([&](session_state* state) {
    const ec_public_key* key = session_state_get_alice_base_key(state);
    return key != nullptr && session_state_get_remote_identity_key(state) != nullptr && from_signal(key) == base_key;
  });
}

session_state* SessionStates::of_ratchet_key(ec_public_key* ratchet_key) const {
  session_state* found =
      find([&](session_state* state) { return session_state_get_receiver_chain_key(state, ratchet_key) != nullptr; });
  if (found == nullptr && record_) found = session_record_get_state(record_.get());
  return found;
}

Result<SignalBuffer> SessionStates::alone(session_state* state) const {
  Record record;
  require(session_record_create(out(record), state, context_->get()) == SG_SUCCESS, "a libsignal record");
  return serialize(record.get());
}

Result<SignalBuffer> SessionStates::merged(session_state* from, ByteView record) {
  if (!record_) return to_buffer(record);
  PONTE_ASSIGN(const Record grown, parse_record(record, *context_));
  session_state* state = session_record_get_state(grown.get());
  if (state == nullptr) return damaged_record(SG_ERR_INVALID_PROTO_BUF, kRecordName);
  // A current state that never sent is what `archived` left behind: not worth one of 40 places.
  if (from == session_record_get_state(record_.get()) || (from == nullptr && open() == nullptr)) {
    session_record_set_state(record_.get(), state);
    return serialize(record_.get());
  }
  for (auto* node = session_record_get_previous_states_head(record_.get()); from != nullptr && node != nullptr;) {
    node = session_record_get_previous_states_element(node) == from
               ? session_record_get_previous_states_remove(record_.get(), node)
               : session_record_get_previous_states_next(node);
  }
  const int code = session_record_promote_state(record_.get(), state);
  if (code < 0) return damaged_record(code, kRecordName);
  return serialize(record_.get());
}

Result<SignalBuffer> SessionStates::archived() {
  const int code = session_record_archive_current_state(record_.get());
  if (code < 0) return damaged_record(code, kRecordName);
  return serialize(record_.get());
}

}  // namespace ponte::crypto
