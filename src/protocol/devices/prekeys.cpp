#include "protocol/devices/prekeys.h"

#include <algorithm>

#include "base/writer.h"
#include "crypto/curve25519.h"
#include "protocol/session/link_state.h"
#include "store/records.h"
#include "store/signal_records.h"

namespace ponte::protocol::devices {
namespace {

/// A key to upload. Ids need not follow on each other: one between may have gone out in a retry receipt.
struct Offered {
  std::uint32_t id = 0;
  crypto::PublicKey key{};
};

/// The keys and whatever of the device goes with them.
wire::Node upload_iq(const store::Credentials& credentials, const std::vector<Offered>& offered) {
  wire::Node list("list");
  for (const Offered& prekey : offered) {
    list.child(wire::Node("key")
                   .child(wire::Node("id").bytes(big_endian_array<3>(prekey.id)))
                   .child(wire::Node("value").bytes(prekey.key)));
  }
  const store::SignedPrekey& signed_prekey = credentials.signed_prekey;
  return wire::server_iq("encrypt", "set")
      .child(wire::Node("registration").bytes(big_endian_array<4>(credentials.registration_id)))
      .child(wire::Node("type").bytes(ByteArray<1>{0x05}))
      .child(wire::Node("identity").bytes(credentials.identity.public_key))
      .child(std::move(list))
      .child(wire::Node("skey")
                 .child(wire::Node("id").bytes(big_endian_array<3>(signed_prekey.id)))
                 .child(wire::Node("value").bytes(signed_prekey.pair.public_key))
                 .child(wire::Node("signature").bytes(signed_prekey.signature)));
}

/// Offers what is left of [state.first_unuploaded_id, state.next_id); only the server's result makes them count.
Status offer(Step& step, const store::PrekeyState& state, const std::vector<Offered>& offered) {
  const std::uint32_t offered_up_to = state.next_id;
  return step.send_iq(upload_iq(step.link.credentials, offered),
                      [offered_up_to](Step& later, const IqAnswer& answer) -> Status {
                        later.link.prekey_upload_running = false;
                        // Refused or unanswered: the same keys are offered at the next occasion.
                        if (!answer.ok()) return Status::Ok();
                        PONTE_ASSIGN(auto stored, store::get_prekey_state(later.store));
                        store::PrekeyState now_uploaded = stored.value_or(store::PrekeyState{});
                        now_uploaded.first_unuploaded_id = offered_up_to;
                        store::put_prekey_state(later.store, now_uploaded);
                        return Status::Ok();
                      });
}

/// Offers again what an earlier connection made but the server never acknowledged.
Status offer_made_before(Step& step, const store::PrekeyState& state) {
  PONTE_ASSIGN(const auto prekeys, store::get_prekeys(step.store, state.first_unuploaded_id, state.next_id));
  std::vector<Offered> offered;
  offered.reserve(prekeys.size());
  for (const store::Prekey& prekey : prekeys)
    offered.push_back({prekey.id, crypto::key_pair_from_private(prekey.private_key.copy()).public_key});
  return offer(step, state, offered);
}

Status upload(Step& step, std::uint64_t server_count) {
  if (step.link.prekey_upload_running) return Status::Ok();
  PONTE_ASSIGN(const auto stored, store::get_prekey_state(step.store));
  const store::PrekeyState state = stored.value_or(store::PrekeyState{});
  step.link.prekey_upload_running = true;
  if (state.first_unuploaded_id != state.next_id) return offer_made_before(step, state);

  GeneratePrekeys work;
  work.first_id = state.next_id;
  work.count = server_count == 0 && state.next_id == 1 ? kFirstUpload : kTopUp;
  // An id is never offered twice: where the last ids do not fill a batch, the batch is smaller.
  work.count = std::min(work.count, kMaxPrekeyId + 1 - work.first_id);
  if (work.count == 0) {
    step.link.prekey_upload_running = false;
    return Status::Ok();
  }
  step.random.fill(work.seed);
  step.link.prekey_work = step.link.next_work_id++;
  step.out.push_back(StartWork{step.link.prekey_work, step.link.epoch, work});
  return Status::Ok();
}

}  // namespace

Status ensure_prekeys(Step& step) {
  return step.send_iq(wire::server_iq("encrypt", "get").child(wire::Node("count")),
                      [](Step& later, const IqAnswer& answer) -> Status {
                        if (!answer.ok()) return Status::Ok();
                        const wire::Node* count = answer->find("count");
                        if (count == nullptr) return Status::Ok();
                        return on_server_prekey_count(later, count->number("value").value_or(0));
                      });
}

Status on_server_prekey_count(Step& step, std::uint64_t count) {
  if (step.link.phase != Phase::kOnline || count >= kThreshold) return Status::Ok();
  return upload(step, count);
}

Result<bool> on_prekeys_generated(Step& step, WorkId work, const Result<Bytes>& generated) {
  if (work != step.link.prekey_work || step.link.phase != Phase::kOnline) return false;
  step.link.prekey_work = 0;
  if (!generated.ok()) {
    // The next count that the server tells asks again.
    step.link.prekey_upload_running = false;
    return true;
  }
  const ByteView key_pairs = *generated;
  PONTE_ASSIGN(const auto stored, store::get_prekey_state(step.store));
  store::PrekeyState state = stored.value_or(store::PrekeyState{});
  std::vector<Offered> offered;
  for (std::size_t at = 0; at + 64 <= key_pairs.size(); at += 64) {
    offered.push_back({state.next_id, to_array<32>(key_pairs.subspan(at + 32, 32))});
    store::put_prekey(step.store, state.next_id++, Secret<32>::from(key_pairs.subspan(at, 32)));
  }
  store::put_prekey_state(step.store, state);
  PONTE_TRY(offer(step, state, offered));
  return true;
}

Result<HandedPrekey> hand_out_prekey(Step& step) {
  PONTE_ASSIGN(const auto stored, store::get_prekey_state(step.store));
  store::PrekeyState state = stored.value_or(store::PrekeyState{});
  if (state.next_id > kMaxPrekeyId)
    return Error{Errc::kUnavailable, Cause::kCounterExhausted, "prekeys: all ids are used up"};
  const crypto::KeyPair pair = crypto::generate_key_pair(step.random);
  const HandedPrekey handed{state.next_id, pair.public_key};
  if (state.first_unuploaded_id == state.next_id) ++state.first_unuploaded_id;
  ++state.next_id;
  store::put_handed_prekey(step.store, handed.id, pair.private_key);
  store::put_prekey_state(step.store, state);
  return handed;
}

}  // namespace ponte::protocol::devices
