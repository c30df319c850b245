#include "protocol/devices/prekeys.h"

#include <algorithm>
#include <utility>

#include "protocol/devices/prekey_check.h"
#include "protocol/devices/prekey_iqs.h"
#include "protocol/devices/signed_prekey.h"
#include "protocol/session/link_state.h"
#include "store/signal_records.h"

namespace ponte::protocol::devices {
namespace {

using Doing = PrekeyUpkeep::Doing;

constexpr Milliseconds kDay = std::chrono::hours(24);
constexpr std::uint64_t kNotFound = 404;
constexpr std::uint64_t kConflict = 409;

Status proceed(Step& step);
Status on_generated(Step& step, const Result<Bytes>& generated);

Result<store::PrekeyState> state_of(Step& step) {
  PONTE_ASSIGN(const auto stored, store::get_prekey_state(step.store));
  return stored.value_or(store::PrekeyState{});
}

Error ids_used_up() {
  return {Errc::kUnavailable, Cause::kCounterExhausted, "prekeys: expected a free id up to 16777215, all are used up"};
}

/// For the log.
void tell(Step& step, std::string_view what, const Error& why) {
  Error told = why;
  told.message.insert(0, std::string(what) + ": ");
  step.emit(event::Refused{std::move(told)});
}

void retry_later(Step& step, std::string_view what, const Error& why) {
  PrekeyUpkeep& upkeep = step.link.prekeys;
  const Milliseconds asked = why.retry_after.value_or(Seconds(0));
  upkeep.retry_at = step.now.mono + std::max(retry_pause(upkeep.failures++), asked);
  tell(step, what, why);
}

/// Something does not fit: the server is asked for all that it has, once on a connection.
void suspect(PrekeyUpkeep& upkeep) {
  if (!upkeep.suspected) upkeep.check_wanted = true;
  upkeep.suspected = true;
}

// ---- how many -------------------------------------------------------------------------------------

/// What follows from the number that the server says it has.
Status weigh(Step& step, std::uint64_t count) {
  PrekeyUpkeep& upkeep = step.link.prekeys;
  PONTE_ASSIGN(const store::PrekeyState state, state_of(step));
  PONTE_ASSIGN(const std::vector<std::uint32_t> ids, store::get_prekey_ids(step.store));
  const auto uploaded =
      static_cast<std::size_t>(std::ranges::lower_bound(ids, state.first_unuploaded_id) - ids.begin());
  const Milliseconds since = step.now.wall - state.checked_at.value_or(step.link.account->paired_at);
  const bool was_used = state.first_unuploaded_id > 1;
  if (was_used && !upkeep.checked && (since >= kDay || since <= -kDay)) upkeep.check_wanted = true;
  // More than there are here, or none although nobody has used them: perhaps it speaks of other keys, or has lost ours.
  if (count > ids.size() || (count == 0 && uploaded > 0)) suspect(upkeep);
  if (count < kThreshold || uploaded < ids.size()) {
    upkeep.refill_wanted = true;
  } else {
    upkeep.failures = 0;
  }
  return Status::Ok();
}

Status ask_count(Step& step) {
  step.link.prekeys.doing = Doing::kCounting;
  return step.send_iq(prekey_query("count"), [](Step& later, const IqAnswer& answer) -> Status {
    PrekeyUpkeep& upkeep = later.link.prekeys;
    upkeep.doing = Doing::kNothing;
    const Result<std::uint64_t> count =
        answer.ok() ? read_prekey_count(*answer) : Result<std::uint64_t>(answer.error());
    if (count.ok()) {
      upkeep.count_wanted = false;
      PONTE_TRY(weigh(later, *count));
    } else {
      retry_later(later, "prekey count", count.error());
    }
    return proceed(later);
  });
}

// ---- more of them ---------------------------------------------------------------------------------

enum class Offer {
  kFirst,
  kAgain,    ///< the server may have taken them already
  kReplace,  ///< the server has something under these ids
};

/// What is stored up to `end` was offered, and the server has taken it.
Status on_uploaded(Step& step, std::uint32_t end, Offer offered) {
  PrekeyUpkeep& upkeep = step.link.prekeys;
  upkeep.failures = 0;
  PONTE_ASSIGN(store::PrekeyState state, state_of(step));
  if (offered == Offer::kReplace) {
    std::erase_if(upkeep.replace_ids, [end](std::uint32_t id) { return id < end; });
  } else {
    state.first_unuploaded_id = end;
    store::put_prekey_state(step.store, state);
  }
  PONTE_ASSIGN(const std::vector<std::uint32_t> ids, store::get_prekey_ids(step.store));
  const bool more = !ids.empty() && ids.back() >= state.first_unuploaded_id;
  upkeep.refill_wanted = more || !upkeep.replace_ids.empty();
  // How many of those the server still has to hand out it alone knows.
  if (!upkeep.refill_wanted && offered != Offer::kFirst) upkeep.count_wanted = true;
  return proceed(step);
}

Status on_refused(Step& step, const Error& why, Offer offered) {
  PrekeyUpkeep& upkeep = step.link.prekeys;
  retry_later(step, "prekey upload", why);
  if (offered == Offer::kReplace) {
    // Later the server may have handed out some of them.
    upkeep.replace_ids.clear();
    upkeep.refill_wanted = false;
    upkeep.count_wanted = true;
  }
  return proceed(step);
}

/// Precondition: there are some, by id.
Status offer(Step& step, const std::vector<PublicPrekey>& prekeys, Offer offered) {
  step.link.prekeys.doing = Doing::kUploading;
  const std::uint32_t end = prekeys.back().id + 1;
  return step.send_iq(
      upload_iq(step.link.credentials, prekeys), [end, offered](Step& later, const IqAnswer& answer) -> Status {
        later.link.prekeys.doing = Doing::kNothing;
        return answer.ok() ? on_uploaded(later, end, offered) : on_refused(later, answer.error(), offered);
      });
}

Status make_more(Step& step, const store::PrekeyState& state) {
  PrekeyUpkeep& upkeep = step.link.prekeys;
  GeneratePrekeys work;
  work.first_id = state.next_id;
  work.count = state.first_unuploaded_id == 1 ? kFirstUpload : kTopUp;
  // An id is never offered twice: where the last ids do not fill a batch, the batch is smaller.
  work.count = std::min(work.count, kMaxPrekeyId + 1 - state.next_id);
  if (work.count == 0) {
    upkeep.refill_wanted = false;
    tell(step, "prekey upload", ids_used_up());
    return proceed(step);
  }
  step.random.fill(work.seed);
  upkeep.doing = Doing::kGenerating;
  step.start_work(work, on_generated);
  return Status::Ok();
}

/// The first of the stored prekeys that one upload can carry: of those to be replaced, or else of those that are not
/// acknowledged.
Result<std::vector<PublicPrekey>> to_be_offered(Step& step, const store::PrekeyState& state) {
  const std::vector<std::uint32_t>& replace = step.link.prekeys.replace_ids;
  const std::uint32_t first = replace.empty() ? state.first_unuploaded_id : replace.front();
  PONTE_ASSIGN(const auto stored, store::get_prekeys(step.store, first, kMaxPrekeyId + 1));
  std::vector<PublicPrekey> prekeys;
  for (const store::Prekey& prekey : stored) {
    if (prekeys.size() == kFirstUpload) break;
    if (replace.empty() || std::ranges::binary_search(replace, prekey.id))
      prekeys.push_back({prekey.id, prekey.pair.public_key});
  }
  return prekeys;
}

/// Offers what is stored, by the ids it has: others in between may have been consumed, or handed out. Where there is
/// nothing, more is made.
Status refill(Step& step) {
  std::vector<std::uint32_t>& replace = step.link.prekeys.replace_ids;
  PONTE_ASSIGN(const store::PrekeyState state, state_of(step));
  PONTE_ASSIGN(std::vector<PublicPrekey> prekeys, to_be_offered(step, state));
  if (prekeys.empty() && !replace.empty()) {
    replace.clear();
    PONTE_ASSIGN(prekeys, to_be_offered(step, state));
  }
  if (prekeys.empty()) return make_more(step, state);
  return offer(step, prekeys, replace.empty() ? Offer::kAgain : Offer::kReplace);
}

Status store_and_offer(Step& step, ByteView key_pairs) {
  // Ids are given now: some may have been handed out while these keys were made.
  PONTE_ASSIGN(store::PrekeyState state, state_of(step));
  std::vector<PublicPrekey> prekeys;
  for (std::size_t at = 0; at + 64 <= key_pairs.size() && state.next_id <= kMaxPrekeyId; at += 64) {
    const crypto::KeyPair pair{Secret<32>::from(key_pairs.subspan(at, 32)),
                               to_array<32>(key_pairs.subspan(at + 32, 32))};
    prekeys.push_back({state.next_id++, pair.public_key});
    store::put_prekey(step.store, prekeys.back().id, pair);
  }
  if (prekeys.empty()) return make_more(step, state);
  store::put_prekey_state(step.store, state);
  return offer(step, prekeys, Offer::kFirst);
}

Status on_generated(Step& step, const Result<Bytes>& generated) {
  step.link.prekeys.doing = Doing::kNothing;
  if (generated.ok()) return store_and_offer(step, *generated);
  retry_later(step, "prekeys", generated.error());
  return proceed(step);
}

// ---- whether the server has the same --------------------------------------------------------------

Status on_digest(Step& step, const wire::Node& iq) {
  PrekeyUpkeep& upkeep = step.link.prekeys;
  Result<KeyDigest> digest = parse_key_digest(iq);
  PrekeyFindings found;
  if (digest.ok()) {
    PONTE_ASSIGN(found, compare_prekeys(step, *digest));
  } else {
    found.differences.push_back(digest.error());
  }
  for (Error& difference : found.differences) step.emit(event::Refused{std::move(difference)});
  if (found.offer_signed) upkeep.signed_prekey_wanted = true;
  if (found.other_device && !std::exchange(upkeep.repaired, true)) {
    upkeep.refill_wanted = true;
    upkeep.replace_ids = std::move(digest->prekey_ids);
    std::ranges::sort(upkeep.replace_ids);
  }
  // What is to be repaired is looked at again at the next login.
  if (found.other_device) return Status::Ok();
  PONTE_ASSIGN(store::PrekeyState state, state_of(step));
  state.checked_at = step.now.wall;
  store::put_prekey_state(step.store, state);
  return Status::Ok();
}

/// The server has nothing of this device (any more): everything that is stored counts as not uploaded.
Status on_nothing_there(Step& step, const Error& why) {
  PrekeyUpkeep& upkeep = step.link.prekeys;
  tell(step, "prekey digest", why);
  PONTE_ASSIGN(store::PrekeyState state, state_of(step));
  state.checked_at = step.now.wall;
  if (!std::exchange(upkeep.repaired, true)) {
    upkeep.refill_wanted = true;
    state.first_unuploaded_id = 1;
  }
  store::put_prekey_state(step.store, state);
  return Status::Ok();
}

Status ask_digest(Step& step) {
  step.link.prekeys.doing = Doing::kChecking;
  step.link.prekeys.check_wanted = false;
  step.link.prekeys.checked = true;
  return step.send_iq(prekey_query("digest"), [](Step& later, const IqAnswer& answer) -> Status {
    later.link.prekeys.doing = Doing::kNothing;
    if (answer.ok()) {
      PONTE_TRY(on_digest(later, *answer));
    } else if (answer.code() == kNotFound) {
      PONTE_TRY(on_nothing_there(later, answer.error()));
    } else {
      tell(later, "prekey digest", answer.error());
    }
    return proceed(later);
  });
}

// ---- the signed prekey ----------------------------------------------------------------------------

/// The server may hand `key` out from now on; it counts when the result is here.
Status offer_signed(Step& step, store::SignedPrekey key) {
  PrekeyUpkeep& upkeep = step.link.prekeys;
  upkeep.doing = Doing::kRotating;
  upkeep.signed_prekey_wanted = false;
  const wire::Node iq = rotate_iq(key);
  return step.send_iq(iq, [key = std::move(key)](Step& later, const IqAnswer& answer) mutable -> Status {
    PrekeyUpkeep& after = later.link.prekeys;
    after.doing = Doing::kNothing;
    if (!answer.ok()) {
      tell(later, "signed prekey", answer.error());
      if (answer.code() == kConflict) suspect(after);
      const Milliseconds asked = answer.error().retry_after.value_or(Seconds(0));
      after.rotate_at = later.now.mono + std::max(kDay, asked);
    } else if (key.id != later.link.credentials.signed_prekey.id) {
      PONTE_TRY(adopt_successor(later, std::move(key)));
    }
    return proceed(later);
  });
}

Status rotate(Step& step) {
  PrekeyUpkeep& upkeep = step.link.prekeys;
  const bool due = until_rotation(step.link.credentials, *step.link.account, step.now.wall) == Milliseconds(0);
  PONTE_ASSIGN(std::optional<store::SignedPrekey> successor, find_successor(step));
  if (successor) return offer_signed(step, std::move(*successor));
  if (!due) {
    const store::SignedPrekey& current = step.link.credentials.signed_prekey;
    return offer_signed(step, {current.id, current.pair.copy(), current.signature});
  }
  Result<store::SignedPrekey> made = make_successor(step);
  if (made.ok()) return offer_signed(step, std::move(made).value());
  tell(step, "signed prekey", made.error());
  upkeep.signed_prekey_wanted = false;
  upkeep.rotate_at = step.now.mono + kRotationInterval;
  return Status::Ok();
}

Status rotate_when_due(Step& step) {
  PrekeyUpkeep& upkeep = step.link.prekeys;
  if (upkeep.signed_prekey_wanted) return rotate(step);
  if (upkeep.rotate_at) return Status::Ok();
  const Milliseconds left = until_rotation(step.link.credentials, *step.link.account, step.now.wall);
  if (left == Milliseconds(0)) return rotate(step);
  upkeep.rotate_at = step.now.mono + left;
  return Status::Ok();
}

// ---- one thing after the other --------------------------------------------------------------------

Status proceed(Step& step) {
  const PrekeyUpkeep& upkeep = step.link.prekeys;
  if (step.link.phase != Phase::kOnline || upkeep.doing != Doing::kNothing) return Status::Ok();
  if (upkeep.count_wanted && !upkeep.retry_at) return ask_count(step);
  if (upkeep.check_wanted) return ask_digest(step);
  if (upkeep.refill_wanted && !upkeep.retry_at) return refill(step);
  return rotate_when_due(step);
}

}  // namespace

Status ensure_prekeys(Step& step) {
  step.link.prekeys.count_wanted = true;
  return proceed(step);
}

Status on_prekey_notification(Step& step, const wire::Node& notification) {
  PrekeyUpkeep& upkeep = step.link.prekeys;
  if (step.link.phase != Phase::kOnline) return Status::Ok();
  if (notification.find("digest") != nullptr) {
    suspect(upkeep);
    return proceed(step);
  }
  // While an upload is on its way the number is from before it.
  if (notification.find("count") == nullptr || upkeep.doing == Doing::kUploading || upkeep.doing == Doing::kGenerating)
    return Status::Ok();
  const Result<std::uint64_t> count = read_prekey_count(notification);
  if (!count.ok()) {
    step.emit(event::Refused{count.error()});
    return Status::Ok();
  }
  PONTE_TRY(weigh(step, *count));
  return proceed(step);
}

Status on_prekey_deadline(Step& step) {
  PrekeyUpkeep& upkeep = step.link.prekeys;
  const auto due = [&step](const std::optional<Mono>& at) { return at && *at <= step.now.mono; };
  if (!due(upkeep.retry_at) && !due(upkeep.rotate_at)) return Status::Ok();
  if (due(upkeep.retry_at)) upkeep.retry_at.reset();
  if (due(upkeep.rotate_at)) upkeep.rotate_at.reset();
  return proceed(step);
}

Milliseconds retry_pause(unsigned failures) {
  constexpr Seconds kLongest{610};
  Seconds pause{1};
  Seconds next{2};
  for (unsigned i = 0; i < failures && pause < kLongest; ++i) pause = std::exchange(next, pause + next);
  return pause;
}

Result<HandedPrekey> hand_out_prekey(Step& step) {
  PONTE_ASSIGN(store::PrekeyState state, state_of(step));
  if (state.next_id > kMaxPrekeyId) return ids_used_up();
  const crypto::KeyPair pair = crypto::generate_key_pair(step.random);
  const HandedPrekey out{state.next_id++, pair.public_key};
  store::put_handed_prekey(step.store, out.id, pair.private_key);
  store::put_prekey_state(step.store, state);
  return out;
}

}  // namespace ponte::protocol::devices
