#include "protocol/noise/channel.h"

namespace ponte::protocol::noise {
namespace {

constexpr std::uint64_t kCounterLimit = std::uint64_t{1} << 32;

Error exhausted(const char* direction) {
  return {Errc::kUnavailable, Cause::kCounterExhausted,
          std::string("2^32 frames were ") + direction + " under one key; a new connection is needed"};
}

}  // namespace

Channel::Channel(const TransportKeys& keys, Role role) : Channel(keys, role, Counters{}) {}

Channel::Channel(const TransportKeys& keys, Role role, Counters start)
    : write_(role == Role::kClient ? keys.client_write : keys.client_read),
      read_(role == Role::kClient ? keys.client_read : keys.client_write),
      counters_(start) {}

Result<Bytes> Channel::encrypt(ByteView plaintext) {
  if (counters_.write >= kCounterLimit) return exhausted("sent");
  return write_.seal(nonce(static_cast<std::uint32_t>(counters_.write++)), plaintext, {});
}

Result<Bytes> Channel::decrypt(ByteView ciphertext) {
  if (counters_.read >= kCounterLimit) return exhausted("received");
  return read_.open(nonce(static_cast<std::uint32_t>(counters_.read++)), ciphertext, {});
}

}  // namespace ponte::protocol::noise
