#include "crypto/signal/sender_key_states.h"

#include <sender_key.h>
#include <sender_key_record.h>
#include <sender_key_state.h>

#include "base/reader.h"
#include "crypto/signal/errors.h"

namespace ponte::crypto {
namespace {

constexpr std::string_view kRecordName = "sender key record";
constexpr std::uint8_t kStateTag = 0x0A;  // repeated bytes, field 1

std::optional<std::uint64_t> varint(Reader& reader) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = reader.u8();
    if (!byte) return std::nullopt;
    value |= static_cast<std::uint64_t>(*byte & 0x7F) << shift;
    if ((*byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

/// A record is protobuf, a repeated field and nothing else: what stands for one state is a record of its own, and
/// records joined are one (wire: messages.md 1.5).
Result<std::vector<ByteView>> split(ByteView record) {
  std::vector<ByteView> out;
  Reader reader(record);
  while (!reader.at_end()) {
    const std::size_t begin = reader.position();
    const auto tag = reader.u8();
    const auto size = varint(reader);
    if (tag != kStateTag || !size || !reader.take(*size)) return damaged_record(SG_ERR_INVALID_PROTO_BUF, kRecordName);
    out.push_back(record.subspan(begin, reader.position() - begin));
  }
  return out;
}

Result<SenderKeyState> parse(ByteView bytes, const SignalContext& context) {
  SignalHandle<sender_key_record> record;
  int code = sender_key_record_deserialize(out(record), bytes.data(), bytes.size(), context.get());
  sender_key_state* state = nullptr;
  if (code >= 0) code = sender_key_record_get_sender_key_state(record.get(), &state);
  if (code < 0) return damaged_record(code, kRecordName);
  SenderKeyState parsed;
  parsed.id = sender_key_state_get_key_id(state);
  parsed.iteration = sender_chain_key_get_iteration(sender_key_state_get_chain_key(state));
  parsed.signing_key = from_signal(sender_key_state_get_signing_key_public(state));
  parsed.own = sender_key_state_get_signing_key_private(state) != nullptr;
  parsed.record = bytes;
  return parsed;
}

}  // namespace

Result<std::vector<SenderKeyState>> sender_key_states(ByteView record, const SignalContext& context) {
  PONTE_ASSIGN(const auto parts, split(record));
  std::vector<SenderKeyState> out;
  for (ByteView part : parts) {
    PONTE_ASSIGN(SenderKeyState state, parse(part, context));
    out.push_back(state);
  }
  return out;
}

}  // namespace ponte::crypto
