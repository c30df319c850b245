#include "protocol/features/media.h"

#include <memory>
#include <utility>

#include "e2e.pb.h"
#include "protocol/features/answers.h"
#include "protocol/media/asked_files.h"
#include "protocol/media/download.h"
#include "protocol/media/location.h"
#include "store/message_records.h"

namespace ponte::protocol::features {
namespace {

using media::MediaType;
using messages::Ticket;

Error not_available() {
  return {Errc::kNotFound, Cause::kMediaNotAvailable, "the message is not kept, or has no file that can be fetched"};
}

/// Hands the file that a message carries to `use(type, file)`; false where it carries none.
template <typename Use>
bool with_file(proto::Message& message, const Use& use) {
  if (message.has_image_message()) {
    use(MediaType::kImage, *message.mutable_image_message());
  } else if (message.has_video_message()) {
    use(MediaType::kVideo, *message.mutable_video_message());
  } else if (message.has_ptv_message()) {
    use(MediaType::kVideo, *message.mutable_ptv_message());
  } else if (message.has_audio_message()) {
    use(MediaType::kAudio, *message.mutable_audio_message());
  } else if (message.has_document_message()) {
    use(MediaType::kDocument, *message.mutable_document_message());
  } else if (message.has_sticker_message()) {
    use(MediaType::kSticker, *message.mutable_sticker_message());
  } else {
    return false;
  }
  return true;
}

/// A file that somebody waits for.
struct Fetch {
  Ticket ticket = 0;
  store::MessageRecord record;
  bool asked = false;  ///< the phone was asked for it
};

Status tell(Step& step, Ticket ticket, Result<Bytes> bytes) {
  step.emit(event::MediaFetched{ticket, std::move(bytes)});
  return Status::Ok();
}

struct Located {
  MediaType type = MediaType::kDocument;
  media::MediaReference file;
};

Result<Located> locate(const store::MessageRecord& record) {
  proto::Message message;
  if (!message.ParseFromArray(record.content.data(), static_cast<int>(record.content.size()))) return not_available();
  std::optional<Result<Located>> out;
  const bool there = with_file(message, [&out](MediaType type, const auto& file) {
    std::optional<std::uint64_t> length;
    if (file.has_file_length()) length = file.file_length();
    std::string path = file.direct_path();
    if (path.empty()) path = media::direct_path_of(file.url()).value_or("");
    auto reference = media::make_reference(path, as_bytes(file.media_key()), as_bytes(file.file_enc_sha256()),
                                           as_bytes(file.file_sha256()), length);
    out = reference.ok() ? Result<Located>(Located{type, std::move(*reference)}) : Result<Located>(reference.error());
  });
  if (!there) return not_available();
  return std::move(*out);
}

/// The file has moved: whoever asks next finds it there.
Status keep_path(Step& step, store::MessageRecord& record, const std::string& path) {
  proto::Message message;
  if (!message.ParseFromArray(record.content.data(), static_cast<int>(record.content.size()))) return Status::Ok();
  with_file(message, [&path](MediaType, auto& file) { file.set_direct_path(path); });
  record.content = to_bytes(message.SerializeAsString());
  const auto changed = store::change_message(step.chats, record.name(), [&record](store::MessageRecord& kept) {
    // Edited or revoked meanwhile: it is another file, or none.
    if (!kept.content.empty() && kept.edited_at == record.edited_at) kept.content = record.content;
  });
  return changed.ok() ? Status::Ok() : Status(changed.error());
}

Status start(Step& step, std::unique_ptr<Fetch> fetch);

Status ask_again(Step& step, std::unique_ptr<Fetch> fetch, Secret<32> media_key) {
  const store::MessageRecord& record = fetch->record;
  const auto chat = wire::Jid::parse(record.chat);
  if (!chat) return tell(step, fetch->ticket, not_available());
  media::RetriedMessage message{record.id, *chat, record.from_me, std::nullopt};
  if (!record.from_me && record.name().sender != record.chat)
    message.participant = wire::Jid::parse(record.name().sender);
  fetch->asked = true;
  return media::ask_for_file(
      step, message,
      {std::move(media_key), [fetch = std::move(fetch)](Step& later, Result<std::string> path) mutable -> Status {
         if (!path.ok()) return tell(later, fetch->ticket, path.error());
         PONTE_TRY(keep_path(later, fetch->record, *path));
         return start(later, std::move(fetch));
       }});
}

Status start(Step& step, std::unique_ptr<Fetch> fetch) {
  Result<Located> located = locate(fetch->record);
  if (!located.ok()) return tell(step, fetch->ticket, located.error());
  Secret<32> key = located->file.media_key.copy();
  return media::download(
      step, std::move(located->file), located->type,
      [fetch = std::move(fetch), key = std::move(key)](Step& later, Result<Bytes> bytes) mutable -> Status {
        const bool lost =
            !bytes.ok() && (bytes.error().cause == Cause::kMediaGone || bytes.error().cause == Cause::kMediaDamaged);
        if (!lost || fetch->asked) return tell(later, fetch->ticket, std::move(bytes));
        return ask_again(later, std::move(fetch), std::move(key));
      });
}

}  // namespace

Status fetch_media(Step& step, const command::FetchMedia& request) {
  if (const auto why = not_connected(step)) return tell(step, request.ticket, *why);
  PONTE_ASSIGN(auto record, store::get_message(step.chats, request.message));
  if (!record) return tell(step, request.ticket, not_available());
  return start(step, std::make_unique<Fetch>(Fetch{request.ticket, std::move(*record)}));
}

}  // namespace ponte::protocol::features
