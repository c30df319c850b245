#include "store/history_records.h"

#include "records.pb.h"
#include "store/chat_keys.h"
#include "store/record_fields.h"

namespace ponte::store {
namespace {

constexpr std::size_t kMostJobs = 1000;

Bytes value_of(const HistoryJob& job) {
  proto::HistoryJobRecord message;
  message.set_notification(to_text(job.notification));
  message.set_at(unix_milliseconds(job.at));
  message.set_attempts(job.attempts);
  message.set_message_id(job.message_id);
  message.set_asked(job.asked);
  return serialize(message);
}

Result<HistoryJob> job_of(const RecordSource& source, std::string_view key, ByteView value,
                          std::optional<std::uint32_t> arrival) {
  proto::HistoryJobRecord message;
  PONTE_TRY(parse_value(source, key, value, message));
  Fields fields;
  fields.present(arrival.has_value(), "arrival");
  fields.present(message.has_notification(), "notification");
  fields.present(message.has_at(), "at");
  PONTE_TRY(fields.finish(source, key));
  return HistoryJob{
      *arrival,       to_bytes(message.notification()), wall_of(message.at()), message.attempts(), message.message_id(),
      message.asked()};
}

Result<HistoryJob> job_of(const RecordSource& source, const Record& record) {
  return job_of(source, record.first, record.second, keys::history_job_arrival(record.first));
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
  if (message.has_days()) progress.days = message.days();
  progress.too_old = message.too_old();
  progress.unreadable = message.unreadable();
  progress.failed = message.failed();
  progress.failure = message.failure();
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
  if (progress.days) message.set_days(*progress.days);
  message.set_too_old(progress.too_old);
  message.set_unreadable(progress.unreadable);
  message.set_failed(progress.failed);
  message.set_failure(progress.failure);
  chats.put(keys::kHistory, serialize(message));
}

Result<std::uint32_t> add_history_job(Transaction& chats, HistoryJob job) {
  PONTE_ASSIGN(const auto last, chats.scan_before(keys::kHistoryJobPrefix, "", 1));
  job.arrival = 1;
  if (!last.empty()) {
    PONTE_ASSIGN(const HistoryJob before, job_of(chats, last.front()));
    job.arrival = before.arrival + 1;
  }
  put_history_job(chats, job);
  chats.require(Durability::kPowerLoss);
  return job.arrival;
}

Result<std::optional<HistoryJob>> get_next_history_job(RecordSource source) {
  PONTE_ASSIGN(const auto first, source.scan_after(keys::kHistoryJobPrefix, "", 1));
  if (first.empty()) return std::optional<HistoryJob>();
  PONTE_ASSIGN(HistoryJob job, job_of(source, first.front()));
  return std::optional(std::move(job));
}

Result<std::size_t> count_history_jobs(RecordSource source) {
  PONTE_ASSIGN(const auto jobs, source.scan_after(keys::kHistoryJobPrefix, "", kMostJobs));
  return jobs.size();
}

void put_history_job(Transaction& chats, const HistoryJob& job) {
  chats.put(keys::history_job(job.arrival), value_of(job));
}

void erase_history_job(Transaction& chats, std::uint32_t arrival) {
  chats.erase(keys::history_job(arrival));
}

Result<std::optional<HistoryJob>> get_asked_history(RecordSource source, std::string_view message_id) {
  const std::string key = keys::asked_history(message_id);
  PONTE_ASSIGN(const auto value, source.get(key));
  if (!value) return std::optional<HistoryJob>();
  PONTE_ASSIGN(HistoryJob job, job_of(source, key, *value, 0));
  return std::optional(std::move(job));
}

void put_asked_history(Transaction& chats, const HistoryJob& job) {
  chats.put(keys::asked_history(job.message_id), value_of(job));
  chats.require(Durability::kPowerLoss);
}

void erase_asked_history(Transaction& chats, std::string_view message_id) {
  chats.erase(keys::asked_history(message_id));
}

}  // namespace ponte::store
