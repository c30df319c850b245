#include "protocol/appstate/mutation.h"

#include "base/writer.h"
#include "crypto/cbc.h"
#include "crypto/compare.h"
#include "crypto/digest.h"

namespace ponte::protocol::appstate {
namespace {

constexpr std::size_t kMacSize = 32;
constexpr std::size_t kIvSize = 16;

Error malformed(std::string what) {
  return {Errc::kMalformed, Cause::kProtobufMalformed, "app state: " + std::move(what)};
}

Error mismatch(std::string what) {
  return {Errc::kUntrusted, Cause::kAppStateMismatch, "app state: " + std::move(what)};
}

}  // namespace

Result<SealedRecord> SealedRecord::read(Operation operation, const proto::SyncdRecord& record) {
  const ByteView index = as_bytes(record.index().blob());
  const ByteView value = as_bytes(record.value().blob());
  if (index.size() != kMacSize) {
    return malformed("expected an index MAC of 32 bytes, got " + std::to_string(index.size()));
  }
  if (value.size() < kMacSize) {
    return malformed("expected a value of 32 bytes or more, got " + std::to_string(value.size()));
  }
  return SealedRecord{operation, to_array<kMacSize>(index), value.first(value.size() - kMacSize),
                      to_array<kMacSize>(value.last(kMacSize)), as_bytes(record.key_id().id())};
}

Result<SealedRecord> SealedRecord::read(const proto::SyncdMutation& mutation) {
  const bool removes = mutation.operation() == proto::SyncdMutation::REMOVE;
  return read(removes ? Operation::kRemove : Operation::kSet, mutation.record());
}

Result<proto::SyncActionData> open_record(const SealedRecord& record, const MutationKeys& keys) {
  const Mac expected = value_mac(keys, record.operation, record.key_id, record.ciphertext);
  if (!crypto::equal_constant_time(expected, record.value_mac)) {
    return mismatch("the MAC of a value of " + std::to_string(record.ciphertext.size()) + " bytes is another");
  }
  if (record.ciphertext.size() < kIvSize) {
    return mismatch("expected an IV of 16 bytes, got " + std::to_string(record.ciphertext.size()));
  }
  const auto iv = to_array<kIvSize>(record.ciphertext.first(kIvSize));
  auto plaintext = crypto::aes256_cbc_decrypt(keys.value_encryption, iv, record.ciphertext.subspan(kIvSize));
  if (!plaintext.ok()) return mismatch("a value does not decrypt: " + plaintext.error().message);
  proto::SyncActionData data;
  if (!data.ParseFromArray(plaintext->data(), static_cast<int>(plaintext->size()))) {
    return malformed("a value of " + std::to_string(plaintext->size()) + " bytes does not parse");
  }
  if (!crypto::equal_constant_time(index_mac(keys, as_bytes(data.index())), record.index_mac)) {
    return mismatch("the MAC of an index of " + std::to_string(data.index().size()) + " bytes is another");
  }
  return data;
}

proto::SyncdMutation seal_record(Operation operation, const proto::SyncActionData& data, ByteView key_id,
                                 const MutationKeys& keys, RandomSource& random) {
  const auto iv = random.array<kIvSize>();
  const std::string plaintext = data.SerializeAsString();
  const Bytes ciphertext = concat({iv, crypto::aes256_cbc_encrypt(keys.value_encryption, iv, as_bytes(plaintext))});
  proto::SyncdMutation out;
  out.set_operation(operation == Operation::kRemove ? proto::SyncdMutation::REMOVE : proto::SyncdMutation::SET);
  proto::SyncdRecord& record = *out.mutable_record();
  record.mutable_index()->set_blob(to_text(index_mac(keys, as_bytes(data.index()))));
  record.mutable_value()->set_blob(to_text(concat({ciphertext, value_mac(keys, operation, key_id, ciphertext)})));
  record.mutable_key_id()->set_id(to_text(key_id));
  return out;
}

Mac index_mac(const MutationKeys& keys, ByteView index) {
  return crypto::hmac_sha256(keys.index.view(), index);
}

Mac value_mac(const MutationKeys& keys, Operation operation, ByteView key_id, ByteView ciphertext) {
  const ByteArray<1> code = {static_cast<std::uint8_t>(operation)};
  const auto length = big_endian_array<8>(code.size() + key_id.size());
  const auto whole = crypto::hmac_sha512(keys.value_mac.view(), concat({code, key_id, ciphertext, length}));
  return to_array<kMacSize>(ByteView(whole).first(kMacSize));
}

}  // namespace ponte::protocol::appstate
