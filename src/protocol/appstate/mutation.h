// One change of app state, sealed and open (wire: messages.md 5.2).
#pragma once

#include "app_state.pb.h"
#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "protocol/appstate/keys.h"
#include "protocol/appstate/lthash.h"

namespace ponte::protocol::appstate {

/// Numbers as the value MAC has them, which are not those of the protobuf.
enum class Operation : std::uint8_t { kSet = 1, kRemove = 2 };

/// A record as the server keeps it. Refers to the message that it was read from.
struct SealedRecord {
  Operation operation = Operation::kSet;
  Mac index_mac{};
  ByteView ciphertext;  ///< IV and what it begins
  Mac value_mac{};
  ByteView key_id;

  /// kMalformed/kProtobufMalformed for an index MAC that is not 32 bytes long, or a value that is shorter: such a
  /// record cannot be counted in the hash.
  static Result<SealedRecord> read(Operation operation, const proto::SyncdRecord& record);
  static Result<SealedRecord> read(const proto::SyncdMutation& mutation);
};

/// What a record says. kUntrusted/kAppStateMismatch where a MAC is wrong or it does not decrypt;
/// kMalformed/kProtobufMalformed where what decrypted is no SyncActionData.
Result<proto::SyncActionData> open_record(const SealedRecord& record, const MutationKeys& keys);

/// Draws 16 bytes.
proto::SyncdMutation seal_record(Operation operation, const proto::SyncActionData& data, ByteView key_id,
                                 const MutationKeys& keys, RandomSource& random);

Mac index_mac(const MutationKeys& keys, ByteView index);
/// Over IV and ciphertext.
Mac value_mac(const MutationKeys& keys, Operation operation, ByteView key_id, ByteView ciphertext);

}  // namespace ponte::protocol::appstate
