#include "protocol/devices/prekey_check.h"

#include <algorithm>
#include <string>

#include "protocol/devices/signed_prekey.h"
#include "protocol/session/link_state.h"
#include "store/records.h"

namespace ponte::protocol::devices {
namespace {

constexpr std::uint32_t kEndOfIds = 0x1000000;
/// One answer must not use up the ids: more than any store gets ahead of a copy of it.
constexpr std::uint32_t kFarthestSkip = 0x10000;

Error differs(std::string what) {
  return {Errc::kRejected, Cause::kStanzaUnexpected, "prekeys at the server: " + std::move(what)};
}

enum class SignedPrekeyFound { kOurs, kOther };

Result<SignedPrekeyFound> compare_signed_prekey(Step& step, const KeyDigest& digest) {
  const store::Credentials& own = step.link.credentials;
  if (!signed_by(own.identity.public_key, digest.signed_prekey, digest.signature)) return SignedPrekeyFound::kOther;
  const auto is_that = [&digest](const store::SignedPrekey& one) {
    return one.id == digest.signed_prekey_id && one.pair.public_key == digest.signed_prekey;
  };
  if (is_that(own.signed_prekey)) return SignedPrekeyFound::kOurs;
  PONTE_ASSIGN(std::optional<store::SignedPrekey> successor, find_successor(step));
  if (!successor || !is_that(*successor)) return SignedPrekeyFound::kOther;
  PONTE_TRY(adopt_successor(step, std::move(*successor)));
  return SignedPrekeyFound::kOurs;
}

/// Ids that were given out before this store was put back are not given to other keys.
Status pass_over(Step& step, const std::vector<std::uint32_t>& unknown) {
  PONTE_ASSIGN(const auto stored, store::get_prekey_state(step.store));
  store::PrekeyState state = stored.value_or(store::PrekeyState{});
  const std::uint32_t end = std::min(kEndOfIds, state.next_id + kFarthestSkip);
  const std::uint32_t before = state.next_id;
  for (const std::uint32_t id : unknown) {
    if (id < end) state.next_id = std::max(state.next_id, id + 1);
  }
  if (state.next_id != before) store::put_prekey_state(step.store, state);
  return Status::Ok();
}

}  // namespace

Result<PrekeyFindings> compare_prekeys(Step& step, const KeyDigest& digest) {
  PrekeyFindings found;
  const store::Credentials& own = step.link.credentials;
  if (digest.registration_id != own.registration_id)
    found.differences.push_back(differs("expected our registration id, came another"));
  if (digest.identity != own.identity.public_key)
    found.differences.push_back(differs("expected our identity, came another"));
  if (!found.differences.empty()) {
    found.other_device = true;
    return found;
  }
  PONTE_ASSIGN(const SignedPrekeyFound signed_prekey, compare_signed_prekey(step, digest));
  if (signed_prekey == SignedPrekeyFound::kOther) {
    found.offer_signed = true;
    found.differences.push_back(differs("expected our signed prekey, came another"));
  }

  PONTE_ASSIGN(const std::vector<store::Prekey> stored, store::get_prekeys(step.store, 1, kEndOfIds));
  std::vector<ByteView> keys;
  std::vector<std::uint32_t> unknown;
  for (const std::uint32_t id : digest.prekey_ids) {
    const auto at = std::ranges::lower_bound(stored, id, {}, &store::Prekey::id);
    if (at == stored.end() || at->id != id) {
      unknown.push_back(id);
    } else {
      keys.push_back(at->pair.public_key);
    }
  }
  if (!unknown.empty()) {
    PONTE_TRY(pass_over(step, unknown));
    found.differences.push_back(differs("expected ids that are stored here, of " +
                                        std::to_string(digest.prekey_ids.size()) + " are not " +
                                        std::to_string(unknown.size())));
  } else if (key_digest_hash(digest, keys) != digest.hash) {
    // Nothing can be done: a key under an id of ours cannot be replaced.
    found.differences.push_back(differs("expected the hash of our keys, came another"));
  }
  return found;
}

}  // namespace ponte::protocol::devices
