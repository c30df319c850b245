// Files of media hosts and chunks of history on stdin and stdout, for clients that others wrote
// (tests/interop/history.test.mjs).
//
// A request is a line of JSON, {"op": ..., ...}; so is its answer, {"error": cause} where it was refused. Bytes are
// hex. Ends with its input.
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/hex.h"
#include "protocol/media/envelope.h"
#include "protocol/media/retry.h"
#include "protocol/messages/content.h"
#include "store/chat_records.h"
#include "store/message_records.h"
#include "store/messaging_records.h"
#include "support/deflate.h"
#include "support/import_line.h"

namespace ponte {
namespace {

using nlohmann::json;
using protocol::media::MediaType;

Bytes bytes(const json& value) {
  return from_hex(value.get<std::string>()).value();
}
Secret<32> key_of(const json& request) {
  return Secret<32>::from(bytes(request.at("mediaKey")));
}
json refused(const Error& error) {
  return {{"error", cause_name(error.cause)}, {"message", error.message}};
}

MediaType type_of(const json& request) {
  for (const MediaType type : {MediaType::kImage, MediaType::kVideo, MediaType::kAudio, MediaType::kDocument,
                               MediaType::kHistory, MediaType::kAppState, MediaType::kLinkThumbnail}) {
    if (protocol::media::mms_type(type) == request.at("type")) return type;
  }
  throw std::runtime_error("no such type of media");
}

json seal(const json& request) {
  const auto sealed = protocol::media::seal_file(bytes(request.at("plain")), key_of(request), type_of(request));
  return {{"file", to_hex(sealed.file)},
          {"fileSha256", to_hex(*sealed.digests.plain_sha256)},
          {"fileEncSha256", to_hex(*sealed.digests.sealed_sha256)},
          {"fileLength", *sealed.digests.plain_length}};
}

json open(const json& request) {
  protocol::media::FileDigests expected;
  expected.sealed_sha256 = to_array<32>(bytes(request.at("fileEncSha256")));
  expected.plain_sha256 = to_array<32>(bytes(request.at("fileSha256")));
  expected.plain_length = request.at("fileLength").get<std::uint64_t>();
  const auto plain = protocol::media::open_file(bytes(request.at("file")), key_of(request), type_of(request), expected);
  return plain.ok() ? json{{"plain", to_hex(*plain)}} : refused(plain.error());
}

json messages_of(const test::ImportLine& line, const store::ChatRecord& chat) {
  store::MessageQuery query;
  query.chat = chat.jid;
  query.limit = 100'000;
  json out = json::array();
  const store::MessagePage page = store::messages_before(line.store_, test::ImportLine::kChats, query).value();
  for (const auto& record : page.messages) {
    const auto content = protocol::messages::read_content(record.content).value();
    out.push_back({{"chat", record.chat},
                   {"id", record.id},
                   {"fromMe", record.from_me},
                   {"sender", record.from_me              ? "me"
                              : record.sender_lid.empty() ? record.sender_pn
                                                          : record.sender_lid},
                   {"at", unix_seconds(record.at)},
                   {"pushName", record.push_name},
                   {"type", record.type},
                   {"text", content.text},
                   {"content", to_hex(record.content)}});
  }
  return out;
}

/// All that the store holds once the chunk is in it.
json import(const json& request) {
  test::ImportLine line;
  const auto counts = line.import(bytes(request.at("chunk")));
  if (!counts.ok()) return refused(counts.error());
  const auto& owner = test::ImportLine::kChats;
  json chats = json::array();
  json messages = json::array();
  const auto kept_chats = store::get_chats(line.store_, owner, "", 100'000).value();
  for (const auto& chat : kept_chats) {
    chats.push_back({{"jid", chat.jid},
                     {"name", chat.name},
                     {"unread", chat.unread_count},
                     {"archived", chat.archived},
                     {"pn", chat.pn},
                     {"lid", chat.lid}});
    for (auto& message : messages_of(line, chat)) messages.push_back(std::move(message));
  }
  json contacts = json::array();
  const auto kept_contacts = store::get_contacts(line.store_, owner, "", 100'000).value();
  for (const auto& contact : kept_contacts) {
    contacts.push_back({{"jid", contact.jid}, {"pushName", contact.push_name}, {"fullName", contact.full_name}});
  }
  return {{"chats", chats},
          {"messages", messages},
          {"contacts", contacts},
          {"unreadable", counts->unreadable},
          {"conversations", counts->conversations}};
}

json retry_request(const json& request) {
  const auto node = protocol::media::server_error_receipt(
      {request.at("id").get<std::string>(), *protocol::wire::Jid::parse(request.at("chat").get<std::string>()), true,
       std::nullopt},
      *protocol::wire::Jid::parse(request.at("own").get<std::string>()), key_of(request),
      to_array<12>(bytes(request.at("iv"))));
  return {{"ciphertext", to_hex(*node.find("encrypt")->find("enc_p")->leaf())},
          {"iv", to_hex(*node.find("encrypt")->find("enc_iv")->leaf())}};
}

json retry_answer(const json& request) {
  using protocol::wire::Node;
  const Node node = Node("notification")
                        .with("id", request.at("id").get<std::string>())
                        .child(Node("encrypt")
                                   .child(Node("enc_p").bytes(bytes(request.at("ciphertext"))))
                                   .child(Node("enc_iv").bytes(bytes(request.at("iv")))));
  const auto path = protocol::media::read_media_retry(node, key_of(request));
  return path.ok() ? json{{"directPath", *path}} : refused(path.error());
}

json run(const json& request) {
  const std::map<std::string, json (*)(const json&)> operations = {
      {"seal", seal},
      {"open", open},
      {"import", import},
      {"retryRequest", retry_request},
      {"retryAnswer", retry_answer},
      {"deflate",
       [](const json& what) -> json {
         return {{"bytes", to_hex(test::deflate(bytes(what.at("plain"))))}};
       }},
  };
  const auto found = operations.find(request.at("op").get<std::string>());
  if (found == operations.end()) throw std::runtime_error("no such operation");
  return found->second(request);
}

}  // namespace
}  // namespace ponte

int main() {
  for (std::string line; std::getline(std::cin, line);)
    std::cout << ponte::run(nlohmann::json::parse(line)).dump() << std::endl;
  return 0;
}
