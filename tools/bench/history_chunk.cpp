#include "bench/history_chunk.h"

#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "base/bytes.h"
#include "history.pb.h"

namespace ponte::bench {
namespace {

constexpr std::uint64_t kNewest = 1'748'000'000;
constexpr std::uint64_t kMessagesOfChat = 200;

/// xorshift64*: the same for every run.
class Numbers {
 public:
  std::uint64_t next(std::uint64_t below) {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return (state_ * 0x2545F4914F6CDD1DULL >> 11) % below;
  }
  std::string bytes(std::size_t count) {
    std::string out(count, 0);
    for (char& byte : out) byte = static_cast<char>(next(256));
    return out;
  }

 private:
  std::uint64_t state_ = 0x9E3779B97F4A7C15ULL;
};

/// Deflates into a file as it comes.
class Deflater {
 public:
  explicit Deflater(const std::string& path) : file_(path, std::ios::binary) {
    if (!file_ || deflateInit(&stream_, Z_DEFAULT_COMPRESSION) != Z_OK)
      throw std::runtime_error("cannot write " + path);
  }
  ~Deflater() { deflateEnd(&stream_); }
  void write(const std::string& text) {
    total_ += text.size();
    run(text, Z_NO_FLUSH);
  }
  std::uint64_t finish() {
    run("", Z_FINISH);
    if (!file_.flush()) throw std::runtime_error("cannot write a chunk of history");
    return total_;
  }

 private:
  void run(const std::string& text, int flush) {
    std::vector<char> out(64 << 10);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uInt>(text.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(out.data());
      stream_.avail_out = static_cast<uInt>(out.size());
      deflate(&stream_, flush);
      file_.write(out.data(), static_cast<std::streamsize>(out.size() - stream_.avail_out));
    } while (stream_.avail_out == 0);
  }

  std::ofstream file_;
  z_stream stream_{};
  std::uint64_t total_ = 0;
};

std::string words(Numbers& numbers) {
  static const char* const kWords[] = {"the",  "of",       "and", "a",     "to",      "in",  "is",     "you",   "that",
                                       "it",   "he",       "was", "for",   "on",      "are", "as",     "with",  "his",
                                       "they", "tomorrow", "at",  "train", "meeting", "see", "thanks", "lunch", "ok"};
  std::string out;
  for (std::uint64_t i = 0, count = 3 + numbers.next(15); i < count; ++i) {
    if (i != 0) out += ' ';
    out += kWords[numbers.next(std::size(kWords))];
  }
  return out;
}

void fill(proto::Message& message, Numbers& numbers) {
  switch (numbers.next(20)) {
    case 0: {
      auto& image = *message.mutable_image_message();
      image.set_mimetype("image/jpeg");
      image.set_direct_path("/v/t62.7118-24/" + std::to_string(numbers.next(1u << 31)) + "_n.enc?ccb=11-4&oh=01&oe=67");
      image.set_media_key(numbers.bytes(32));
      image.set_file_sha256(numbers.bytes(32));
      image.set_file_enc_sha256(numbers.bytes(32));
      image.set_file_length(numbers.next(1u << 20));
      image.set_jpeg_thumbnail(numbers.bytes(700));
      return;
    }
    case 1:
    case 2:
    case 3: {
      auto& text = *message.mutable_extended_text_message();
      text.set_text(words(numbers));
      text.mutable_context_info()->set_stanza_id("3EB0" + std::to_string(numbers.next(1u << 31)));
      text.mutable_context_info()->mutable_quoted_message()->set_conversation(words(numbers));
      return;
    }
    default: message.set_conversation(words(numbers));
  }
}

std::string number_of(std::uint64_t user) {
  return std::to_string(15550000000 + user) + "@s.whatsapp.net";
}

proto::Conversation conversation(std::uint64_t number, std::uint64_t messages, Numbers& numbers) {
  const bool group = number % 5 == 0;
  proto::Conversation out;
  out.set_id(group ? "12036300" + std::to_string(number) + "@g.us" : number_of(number));
  if (group) out.set_name("Group " + std::to_string(number));
  for (std::uint64_t i = 0; i < messages; ++i) {
    auto& info = *out.add_messages()->mutable_message();
    auto& key = *info.mutable_key();
    key.set_remote_jid(out.id());
    key.set_from_me(numbers.next(3) == 0);
    key.set_id("3EB0" + std::to_string(number) + "A" + std::to_string(numbers.next(1u << 31)) + std::to_string(i));
    if (group && !key.from_me()) key.set_participant(number_of(numbers.next(40)));
    fill(*info.mutable_message(), numbers);
    info.set_message_timestamp(kNewest - i * 600 - numbers.next(600));
    if (key.from_me()) info.set_status(proto::WebMessageInfo::READ);
    if (!key.from_me()) info.set_push_name("Name " + std::to_string(number % 40));
    if (numbers.next(2) == 0) info.set_message_secret(numbers.bytes(32));
  }
  out.set_conversation_timestamp(kNewest);
  return out;
}

}  // namespace

std::uint64_t write_history_chunk(const std::string& path, std::uint64_t messages) {
  Numbers numbers;
  Deflater out(path);
  std::uint64_t chats = 0;
  for (std::uint64_t left = messages; left > 0; ++chats) {
    const std::uint64_t here = std::min(left, kMessagesOfChat);
    proto::HistorySync part;
    *part.add_conversations() = conversation(chats, here, numbers);
    out.write(part.SerializeAsString());
    left -= here;
  }
  proto::HistorySync last;
  last.set_sync_type(proto::RECENT);
  for (std::uint64_t user = 0; user < chats; ++user) {
    auto& mapping = *last.add_phone_number_to_lid_mappings();
    mapping.set_pn_jid(number_of(user));
    mapping.set_lid_jid(std::to_string(900'000'000'000'000 + user) + "@lid");
  }
  out.write(last.SerializeAsString());
  return out.finish();
}

}  // namespace ponte::bench
