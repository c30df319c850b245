#include "protocol/history/jobs.h"

#include <algorithm>
#include <utility>

#include "history.pb.h"
#include "protocol/history/chunk_import.h"
#include "protocol/history/older.h"
#include "protocol/media/download.h"
#include "protocol/media/retry.h"
#include "protocol/messages/addresses.h"
#include "protocol/session/link_state.h"
#include "store/history_records.h"

namespace ponte::protocol::history {
namespace {

using proto::HistorySyncNotification;
using store::HistoryJob;
using store::HistoryProgress;

/// Of one part, before it is given up. A try that ends with its connection counts only once the part is read.
constexpr std::uint32_t kMostAttempts = 10;
constexpr Milliseconds kNextTry{Seconds(300)};
constexpr std::uint32_t kAllOfIt = 100;  ///< a phone's progress, in percent

Status take_next(Step& step);
Status read_slice(Step& step, std::uint32_t arrival);

/// A job that is in work, with what it is about.
struct Part {
  HistoryJob job;
  HistorySyncNotification told;
};

Error malformed(const std::string& what) {
  return {Errc::kMalformed, Cause::kHistoryMalformed, "history: " + what};
}

Result<HistoryProgress> progress_of(Step& step) {
  PONTE_ASSIGN(auto progress, store::get_history_progress(step.chats));
  return std::move(progress).value_or(HistoryProgress{});
}

/// The part that is in work on this connection: always the oldest.
Result<std::optional<Part>> part_in_work(Step& step, std::uint32_t arrival) {
  if (step.link.history.job != arrival) return std::optional<Part>();
  PONTE_ASSIGN(auto job, store::get_next_history_job(step.chats));
  if (!job || job->arrival != arrival) return std::optional<Part>();
  Part out{std::move(*job), {}};
  out.told.ParseFromArray(out.job.notification.data(), static_cast<int>(out.job.notification.size()));
  return std::optional(std::move(out));
}

void leave_part(Step& step) {
  step.link.history.job.reset();
  step.link.history.import.reset();
}

/// The next one, in a step of its own.
Status next_part(Step& step, Milliseconds pause = Milliseconds(0)) {
  leave_part(step);
  step.after(pause, take_next);
  return Status::Ok();
}

Status count_failure(Step& step, const Error& why) {
  PONTE_ASSIGN(HistoryProgress progress, progress_of(step));
  ++progress.failed;
  progress.failure = cause_name(why.cause);
  store::put_history_progress(step.chats, progress);
  step.emit(event::Refused{why});
  return Status::Ok();
}

/// What was stored of the part before stays.
Status give_up(Step& step, const Part& part, const Error& why) {
  store::erase_history_job(step.chats, part.job.arrival);
  step.chats.require(store::Durability::kPowerLoss);
  PONTE_TRY(count_failure(step, why));
  PONTE_TRY(tell_older(step, part.job.arrival, why));
  return next_part(step);
}

/// The file is not there, or is another: whoever sent it may put it there again.
Status ask_again(Step& step, Part part, const Error& why) {
  if (part.job.asked || part.told.media_key().size() != 32) return give_up(step, part, why);
  PONTE_ASSIGN(const messages::OwnAddress own, messages::own_address(step));
  const Secret<32> key = Secret<32>::from(as_bytes(part.told.media_key()));
  const media::RetriedMessage message{part.job.message_id, own.pn.without_device(), true, std::nullopt};
  wire::Node receipt = media::server_error_receipt(message, own.pn, key, step.random.array<12>());
  receipt.with("category", "peer");
  PONTE_TRY(step.send(receipt));
  store::erase_history_job(step.chats, part.job.arrival);
  part.job.asked = true;
  part.job.attempts = 0;
  store::put_asked_history(step.chats, part.job);
  PONTE_TRY(count_failure(step, why));
  PONTE_TRY(tell_older(step, part.job.arrival, why));
  return next_part(step);
}

Status begin_reading(Step& step, Part part, Bytes chunk) {
  if (part.job.attempts >= kMostAttempts) return give_up(step, part, malformed("a part was read in vain 10 times"));
  ++part.job.attempts;
  store::put_history_job(step.chats, part.job);
  PONTE_ASSIGN(const HistoryProgress progress, progress_of(step));
  std::optional<Wall> oldest;
  const bool asked_for = part.told.sync_type() == proto::ON_DEMAND;
  if (progress.days && !asked_for) oldest = part.job.at - std::chrono::hours(24) * std::int64_t{*progress.days};
  step.link.history.import = std::make_unique<ChunkImport>(std::move(chunk), oldest);
  step.after(Milliseconds(0), [arrival = part.job.arrival](Step& later) { return read_slice(later, arrival); });
  return Status::Ok();
}

Status try_later(Step& step, Part part, const Error& why) {
  if (++part.job.attempts >= kMostAttempts) return give_up(step, part, why);
  store::put_history_job(step.chats, part.job);
  return next_part(step, kNextTry);
}

Status on_file(Step& step, std::uint32_t arrival, Result<Bytes> chunk) {
  PONTE_ASSIGN(auto part, part_in_work(step, arrival));
  if (!part) return Status::Ok();
  if (chunk.ok()) return begin_reading(step, std::move(*part), std::move(*chunk));
  const Error& why = chunk.error();
  if (why.cause == Cause::kMediaGone || why.cause == Cause::kMediaDamaged)
    return ask_again(step, std::move(*part), why);
  if (why.code == Errc::kMalformed) return give_up(step, *part, why);
  return try_later(step, std::move(*part), why);
}

Status fetch(Step& step, const Part& part) {
  const HistorySyncNotification& told = part.told;
  std::optional<std::uint64_t> length;
  if (told.has_file_length()) length = told.file_length();
  auto file = media::make_reference(told.direct_path(), as_bytes(told.media_key()), as_bytes(told.file_enc_sha256()),
                                    as_bytes(told.file_sha256()), length);
  if (!file.ok()) return give_up(step, part, file.error());
  return media::download(step, std::move(*file), media::MediaType::kHistory,
                         [arrival = part.job.arrival](Step& later, Result<Bytes> chunk) {
                           return on_file(later, arrival, std::move(chunk));
                         });
}

Status take_next(Step& step) {
  if (step.link.history.job || !step.link.account) return Status::Ok();
  PONTE_ASSIGN(auto job, store::get_next_history_job(step.chats));
  if (!job) return Status::Ok();
  step.link.history.job = job->arrival;
  Part part{std::move(*job), {}};
  const Bytes& bytes = part.job.notification;
  if (!part.told.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return give_up(step, part, malformed("a part was told of in what is no protobuf"));
  if (!part.told.has_initial_hist_bootstrap_inline_payload()) return fetch(step, part);
  Bytes chunk = to_bytes(part.told.initial_hist_bootstrap_inline_payload());
  return begin_reading(step, std::move(part), std::move(chunk));
}

bool is_last(const HistorySyncNotification& told) {
  const bool is_bulk = told.sync_type() == proto::RECENT || told.sync_type() == proto::FULL;
  return is_bulk && told.progress() == kAllOfIt;
}

Status finish(Step& step, const Part& part, const ChunkImport::Counts& counts) {
  PONTE_ASSIGN(HistoryProgress progress, progress_of(step));
  ++progress.chunks[static_cast<std::uint32_t>(part.told.sync_type())];
  if (part.told.has_progress()) progress.progress = std::min(part.told.progress(), kAllOfIt);
  progress.conversations += counts.conversations;
  progress.too_old += counts.too_old;
  progress.unreadable += counts.unreadable;
  progress.last_at = step.now.wall;
  progress.done = progress.done || is_last(part.told);
  store::put_history_progress(step.chats, progress);
  store::erase_history_job(step.chats, part.job.arrival);
  // The receipt says that all of it is here for good.
  step.chats.require(store::Durability::kPowerLoss);
  PONTE_ASSIGN(const messages::OwnAddress own, messages::own_address(step));
  PONTE_TRY(step.send(wire::Node("receipt")
                          .with("id", part.job.message_id)
                          .with("type", "hist_sync")
                          .with("to", own.pn.without_device())));
  PONTE_TRY(tell_older(step, part.job.arrival, OlderMessages{counts.messages}));
  return next_part(step);
}

/// New messages count with the step that stores them, so that none is counted twice.
Status count_messages(Step& step, std::uint64_t added) {
  if (added == 0) return Status::Ok();
  PONTE_ASSIGN(HistoryProgress progress, progress_of(step));
  progress.messages += added;
  store::put_history_progress(step.chats, progress);
  return Status::Ok();
}

Status read_slice(Step& step, std::uint32_t arrival) {
  State& state = step.link.history;
  if (state.job != arrival || !state.import) return Status::Ok();
  const std::uint64_t before = state.import->counts().messages;
  const Result<bool> done = state.import->advance(step);
  if (!done.ok() && done.error().code != Errc::kMalformed) return done.error();
  PONTE_TRY(count_messages(step, state.import->counts().messages - before));
  if (done.ok() && !*done) {
    step.after(Milliseconds(0), [arrival](Step& later) { return read_slice(later, arrival); });
    return Status::Ok();
  }
  PONTE_ASSIGN(const auto part, part_in_work(step, arrival));
  if (!part) return next_part(step);
  return done.ok() ? finish(step, *part, state.import->counts()) : give_up(step, *part, done.error());
}

/// Types that say something without any messages.
bool has_part(const HistorySyncNotification& notification) {
  return notification.sync_type() != proto::NO_HISTORY && notification.sync_type() != proto::MESSAGE_ACCESS_STATUS;
}

}  // namespace

Status on_notification(Step& step, const HistorySyncNotification& notification, std::string_view message_id) {
  if (!has_part(notification)) {
    if (notification.sync_type() != proto::NO_HISTORY) return Status::Ok();
    PONTE_ASSIGN(HistoryProgress progress, progress_of(step));
    progress.done = true;
    progress.last_at = step.now.wall;
    store::put_history_progress(step.chats, progress);
    return Status::Ok();
  }
  HistoryJob job;
  job.notification = to_bytes(notification.SerializeAsString());
  job.message_id = message_id;
  job.at = step.link.server_time(step.now);
  PONTE_ASSIGN(const std::uint32_t arrival, store::add_history_job(step.chats, std::move(job)));
  note_older_arrived(step, notification.peer_data_request_session_id(), arrival);
  step.after(Milliseconds(0), take_next);
  return Status::Ok();
}

Status on_online(Step& step) {
  step.after(Milliseconds(0), take_next);
  return Status::Ok();
}

Status on_linked(Step& step) {
  if (!step.link.options.history_days) return Status::Ok();
  PONTE_ASSIGN(HistoryProgress progress, progress_of(step));
  progress.days = *step.link.options.history_days;
  store::put_history_progress(step.chats, progress);
  return Status::Ok();
}

Status on_media_retry(Step& step, const wire::Node& notification) {
  const std::string id = notification.attribute("id").value_or("");
  if (!messages::is_message_id(id)) return Status::Ok();
  PONTE_ASSIGN(auto job, store::get_asked_history(step.chats, id));
  if (!job) return Status::Ok();
  HistorySyncNotification told;
  told.ParseFromArray(job->notification.data(), static_cast<int>(job->notification.size()));
  if (told.media_key().size() != 32) return Status::Ok();
  const auto path = media::read_media_retry(notification, Secret<32>::from(as_bytes(told.media_key())));
  if (!path.ok()) {
    step.emit(event::Refused{path.error()});
    // What the phone does not have it never will.
    if (path.error().cause == Cause::kMediaGone) store::erase_asked_history(step.chats, id);
    return Status::Ok();
  }
  told.set_direct_path(*path);
  job->notification = to_bytes(told.SerializeAsString());
  store::erase_asked_history(step.chats, id);
  PONTE_TRY(store::add_history_job(step.chats, std::move(*job)));
  PONTE_ASSIGN(HistoryProgress progress, progress_of(step));
  if (progress.failed > 0) --progress.failed;
  store::put_history_progress(step.chats, progress);
  step.after(Milliseconds(0), take_next);
  return Status::Ok();
}

}  // namespace ponte::protocol::history
