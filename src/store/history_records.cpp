#include "store/history_records.h"

#include "records.pb.h"
#include "store/chat_keys.h"
#include "store/record_fields.h"

namespace ponte::store {
namespace {

constexpr std::size_t kMostJobs = 1000;

Result<HistoryJob> job_of(const RecordSource& source, std::string_view key, ByteView value) {
  proto::HistoryJobRecord message;
  PONTE_TRY(parse_value(source, key, value, message));
  const auto arrival = keys::history_job_arrival(key);
  Fields fields;
  fields.present(arrival.has_value(), "arrival");
  fields.present(message.has_notification(), "notification");
  fields.present(message.has_at(), "at");
  PONTE_TRY(fields.finish(source, key));
  return HistoryJob{*arrival, to_bytes(message.notification()), wall_of(message.at()), message.attempts()};
}

}  // namespace

Result<std::optional<HistoryProgress>> get_history_progress(RecordSource source) {
  proto::HistoryProgressRecord message;
  PONTE_ASSIGN(const bool found, parse_record(source, keys::kHistory, message));
  if (!found) return std::optional<HistoryProgress>();
  HistoryProgress progress;
  for (const auto& chunks : message.chunks()) progress.chunks[chunks.sync_type()] += chunks.count();
  progress.progress = message.progress();
  progress.messages = message.messages();
  progress.conversations = message.conversations();
  if (message.has_last_at()) progress.last_at = wall_of(message.last_at());
  progress.done = message.done();
  return std::optional(std::move(progress));
}

void put_history_progress(Transaction& chats, const HistoryProgress& progress) {
  proto::HistoryProgressRecord message;
  for (const auto& [type, count] : progress.chunks) {
    auto* chunks = message.add_chunks();
    chunks->set_sync_type(type);
    chunks->set_count(count);
  }
  message.set_progress(progress.progress);
  message.set_messages(progress.messages);
  message.set_conversations(progress.conversations);
  if (progress.last_at) message.set_last_at(unix_milliseconds(*progress.last_at));
  message.set_done(progress.done);
  chats.put(keys::kHistory, serialize(message));
}

Result<std::uint32_t> add_history_job(Transaction& chats, ByteView notification, Wall at) {
  PONTE_ASSIGN(const auto last, chats.scan_before(keys::kHistoryJobPrefix, "", 1));
  HistoryJob job{1, Bytes(notification.begin(), notification.end()), at, 0};
  if (!last.empty()) {
    PONTE_ASSIGN(const HistoryJob before, job_of(chats, last.front().first, last.front().second));
    job.arrival = before.arrival + 1;
  }
  put_history_job(chats, job);
  chats.require(Durability::kPowerLoss);
  return job.arrival;
}

Result<std::optional<HistoryJob>> get_next_history_job(RecordSource source) {
  PONTE_ASSIGN(const auto first, source.scan_after(keys::kHistoryJobPrefix, "", 1));
  if (first.empty()) return std::optional<HistoryJob>();
  PONTE_ASSIGN(HistoryJob job, job_of(source, first.front().first, first.front().second));
  return std::optional(std::move(job));
}

Result<std::size_t> count_history_jobs(RecordSource source) {
  PONTE_ASSIGN(const auto jobs, source.scan_after(keys::kHistoryJobPrefix, "", kMostJobs));
  return jobs.size();
}

void put_history_job(Transaction& chats, const HistoryJob& job) {
  proto::HistoryJobRecord message;
  message.set_notification(to_text(job.notification));
  message.set_at(unix_milliseconds(job.at));
  message.set_attempts(job.attempts);
  chats.put(keys::history_job(job.arrival), serialize(message));
}

void erase_history_job(Transaction& chats, std::uint32_t arrival) {
  chats.erase(keys::history_job(arrival));
}

}  // namespace ponte::store
