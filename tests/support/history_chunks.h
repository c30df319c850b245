// Chunks of history as a phone makes them.
#pragma once

#include <string>

#include "history.pb.h"
#include "protocol/media/envelope.h"
#include "support/deflate.h"

namespace ponte::test {

inline proto::WebMessageInfo& add_message(proto::Conversation& conversation, const std::string& id,
                                          const std::string& text, std::uint64_t at) {
  proto::WebMessageInfo& info = *conversation.add_messages()->mutable_message();
  info.mutable_key()->set_remote_jid(conversation.id());
  info.mutable_key()->set_id(id);
  info.mutable_message()->set_conversation(text);
  info.set_message_timestamp(at);
  return info;
}

inline Bytes compressed(const proto::HistorySync& sync) {
  return deflate(as_bytes(sync.SerializeAsString()));
}

/// A chunk at a media host, and what the phone says of it.
struct HostedChunk {
  HostedChunk(ByteView chunk, proto::HistorySyncType type, std::uint8_t serial = 1) {
    const Secret<32> key(ByteArray<32>{serial, 77});
    file = protocol::media::seal_file(chunk, key, protocol::media::MediaType::kHistory);
    told.set_sync_type(type);
    told.set_media_key(to_text(key.view()));
    told.set_direct_path("/v/t62.7118-24/" + std::to_string(serial) + ".enc?oh=1");
    told.set_file_enc_sha256(to_text(*file.digests.sealed_sha256));
    told.set_file_sha256(to_text(*file.digests.plain_sha256));
    told.set_file_length(*file.digests.plain_length);
    told.set_chunk_order(serial);
    told.set_progress(100);
  }

  protocol::media::SealedFile file;
  proto::HistorySyncNotification told;
};

}  // namespace ponte::test
