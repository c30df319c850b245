#include "crypto/signal/sender_key_bridge.h"

namespace ponte::crypto {

/// An operation is on one name, so the one that comes with each call is ours.
struct SenderKeyBridge::Callbacks {
  static int load(signal_buffer** record, signal_buffer**, const signal_protocol_sender_key_name*, void* user_data) {
    auto& bridge = *static_cast<SenderKeyBridge*>(user_data);
    return bridge.context_.guarded([&] {
      auto found = bridge.record();
      if (!found.ok()) return bridge.failed(std::move(found).error());
      if (!*found) return 0;
      *record = to_buffer(**found).release();
      return 1;
    });
  }
  static int store(const signal_protocol_sender_key_name*, std::uint8_t* record, std::size_t size, std::uint8_t*,
                   std::size_t, void* user_data) {
    auto& bridge = *static_cast<SenderKeyBridge*>(user_data);
    return bridge.context_.guarded([&] {
      bridge.set_record({record, size});
      return SG_SUCCESS;
    });
  }
};

SenderKeyBridge::SenderKeyBridge(SignalStore& store, SignalContext& context, const SenderKeyName& name)
    : store_(store),
      context_(context),
      name_(name),
      signal_name_{name.group.data(),
                   name.group.size(),
                   {name.sender.name.data(), name.sender.name.size(), name.sender.device}} {
  require(signal_protocol_store_context_create(out(stores_), context.get()) == SG_SUCCESS, "a libsignal store");
  signal_protocol_sender_key_store keys{};
  keys.store_sender_key = Callbacks::store;
  keys.load_sender_key = Callbacks::load;
  keys.user_data = this;
  signal_protocol_store_context_set_sender_key_store(stores(), &keys);
}

int SenderKeyBridge::failed(Error error) {
  if (!error_) error_ = std::move(error);
  return kCallbackFailed;
}

Result<std::optional<ByteView>> SenderKeyBridge::record() {
  if (!asked_) {
    PONTE_ASSIGN(auto found, store_.load_sender_key(name_));
    if (found) record_.emplace(std::move(*found));
    asked_ = true;
  }
  if (!record_) return std::optional<ByteView>();
  return std::optional<ByteView>(record_->view());
}

void SenderKeyBridge::set_record(ByteView record) {
  record_.emplace(to_bytes(record));
  asked_ = changed_ = true;
}

std::optional<Error> SenderKeyBridge::trouble() {
  context_.rethrow();
  return std::exchange(error_, std::nullopt);
}

Status SenderKeyBridge::write() {
  if (!changed_) return Status::Ok();
  return store_.store_sender_key(name_, to_bytes(record_->view()));
}

}  // namespace ponte::crypto
