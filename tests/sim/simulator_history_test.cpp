// What the simulator's phones tell their companions of the past, and the files that it is in.
#include "crypto/aead.h"
#include "crypto/cbc.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "history.pb.h"
#include "protocol/wire/inflate.h"
#include "simulator/history_plan.h"
#include "simulator_messages.h"

namespace ponte::test::by_hand {
namespace {

constexpr std::size_t kLimit = 64u << 20;

struct SimulatorHistory : SimulatorMessages {
  void SetUp() override {}  // tests link themselves

  /// The next message about the account.
  std::optional<proto::ProtocolMessage> told() {
    const auto opened = device.read("peer_msg");
    if (!opened) return std::nullopt;
    EXPECT_EQ(opened->failure, "");
    EXPECT_EQ(opened->stanza.attribute("category"), "peer");
    EXPECT_EQ(opened->stanza.jid("from"), lid(kOwnNumber));
    return opened->message.protocol_message();
  }
  /// All chunks that it was told of.
  std::vector<proto::HistorySyncNotification> notifications() {
    std::vector<proto::HistorySyncNotification> out;
    while (const auto message = told()) {
      if (message->type() == proto::ProtocolMessage::HISTORY_SYNC_NOTIFICATION) {
        out.push_back(message->history_sync_notification());
      }
    }
    return out;
  }
  /// The file as a media host would give it; empty where it does not.
  Bytes download(const std::string& path, unsigned* status = nullptr) {
    unsigned said = 0;
    const auto* blob = server.world().blobs.request(path, said);
    if (status != nullptr) *status = said;
    return blob != nullptr && said == 200 ? blob->bytes : Bytes();
  }
  /// Checks and opens a sealed file. What is wrong with it, or its plaintext in `out`.
  std::string open(const Bytes& file, const proto::HistorySyncNotification& told_of, Bytes& out) {
    if (file.size() <= 10) return "too short";
    if (to_text(crypto::sha256(file)) != told_of.file_enc_sha256()) return "sealed hash";
    ByteArray<112> keys;
    crypto::hkdf_sha256(as_bytes(told_of.media_key()), {}, as_bytes("WhatsApp History Keys"), keys);
    const ByteView view(keys);
    const auto iv = to_array<16>(view.first(16));
    const ByteView sealed = ByteView(file).first(file.size() - 10);
    const auto mac = crypto::hmac_sha256(view.subspan(48, 32), concat({iv, sealed}));
    if (!equal(ByteView(mac).first(10), ByteView(file).last(10))) return "mac";
    auto plain = crypto::aes256_cbc_decrypt(Secret<32>(to_array<32>(view.subspan(16, 32))), iv, sealed);
    if (!plain.ok()) return plain.error().message;
    if (to_text(crypto::sha256(*plain)) != told_of.file_sha256()) return "plain hash";
    if (plain->size() != told_of.file_length()) return "length";
    out = std::move(*plain);
    return "";
  }
  /// The chunk of a notification; what is wrong with it in `problem`.
  proto::HistorySync chunk(const proto::HistorySyncNotification& told_of, std::string* problem = nullptr) {
    Bytes stream = to_bytes(told_of.initial_hist_bootstrap_inline_payload());
    std::string wrong;
    if (stream.empty()) wrong = open(download(told_of.direct_path()), told_of, stream);
    proto::HistorySync out;
    if (wrong.empty()) {
      const auto plain = wire::inflate_zlib(stream, kLimit);
      if (!plain.ok()) wrong = plain.error().message;
      if (plain.ok() && !out.ParseFromArray(plain->data(), static_cast<int>(plain->size()))) wrong = "no HistorySync";
    }
    if (problem != nullptr) {
      *problem = wrong;
    } else {
      EXPECT_EQ(wrong, "");
    }
    return out;
  }
  /// A message to its own phone about the account; the id.
  void ask_phone(const proto::ProtocolMessage& content, const std::string& id) {
    proto::Message message;
    *message.mutable_protocol_message() = content;
    device.begin({lid(kOwnNumber)});
    const auto ack = device.post(Node("message")
                                     .with("id", id)
                                     .with("to", lid(kOwnNumber))
                                     .with("type", "text")
                                     .with("category", "peer")
                                     .child(device.enc(lid(kOwnNumber), message))
                                     .child(Node("device-identity").bytes(Bytes{1})));
    EXPECT_FALSE(ack->attribute("error"));
  }
};

TEST_F(SimulatorHistory, TellsANewCompanionWhatWasPlanned) {
  admin("history", {{"onLogin", true}, {"chats", 4}, {"groups", 1}, {"messages", 30}, {"chunks", 2}});
  admin("app-state-key-share", {{"onLogin", true}});
  device.link(kOwnNumber);
  EXPECT_EQ(told()->type(), proto::ProtocolMessage::INITIAL_SECURITY_NOTIFICATION_SETTING_SYNC);
  const auto share = told();
  EXPECT_EQ(share->type(), proto::ProtocolMessage::APP_STATE_SYNC_KEY_SHARE);
  EXPECT_EQ(share->app_state_sync_key_share().keys(0).key_data().key_data().size(), 32u);
  const auto chunks = notifications();
  ASSERT_EQ(chunks.size(), 4u);
  EXPECT_EQ(chunks[0].sync_type(), proto::INITIAL_BOOTSTRAP);
  EXPECT_FALSE(chunks[0].initial_hist_bootstrap_inline_payload().empty());
  EXPECT_EQ(chunks[1].sync_type(), proto::PUSH_NAME);
  EXPECT_EQ(chunks[2].sync_type(), proto::RECENT);
  EXPECT_EQ(chunks[3].progress(), 100u);
  const proto::HistorySync bootstrap = chunk(chunks[0]);
  EXPECT_EQ(bootstrap.conversations_size(), 5);
  EXPECT_EQ(bootstrap.phone_number_to_lid_mappings_size(), 5) << "the four, and the account itself";
  EXPECT_EQ(chunk(chunks[1]).pushnames_size(), 4);
  device.client->hang_up();
  device.log_in();
  EXPECT_FALSE(device.read("peer_msg").has_value()) << "once";
  EXPECT_EQ(violations(), "");
}

TEST_F(SimulatorHistory, HasEveryMessageOnce) {
  device.link(kOwnNumber);
  admin("history", {{"number", kOwnNumber}, {"chats", 7}, {"messages", 101}, {"chunks", 5}, {"textBytes", 200}});
  std::set<std::string> ids;
  std::size_t messages = 0;
  for (const auto& told_of : notifications()) {
    const proto::HistorySync part = chunk(told_of);
    for (const auto& conversation : part.conversations()) {
      std::uint64_t before = ~std::uint64_t{0};
      for (const auto& entry : conversation.messages()) {
        const auto& message = entry.message();
        EXPECT_EQ(message.key().remote_jid(), conversation.id());
        EXPECT_LT(message.message_timestamp(), before) << "newest first";
        before = message.message_timestamp();
        const auto& content = message.message();
        EXPECT_GE(content.conversation().size() + content.extended_text_message().text().size(), 200u);
        ids.insert(message.key().id());
        ++messages;
      }
    }
  }
  EXPECT_EQ(messages, 7u * 101u);
  EXPECT_EQ(ids.size(), messages);
}

TEST_F(SimulatorHistory, IsAllFilesWhereToldSo) {
  device.link(kOwnNumber);
  admin("history", {{"number", kOwnNumber}, {"inline", false}});
  for (const auto& told_of : notifications()) {
    EXPECT_TRUE(told_of.initial_hist_bootstrap_inline_payload().empty());
    chunk(told_of);
  }
}

TEST_F(SimulatorHistory, OnlyWhoAskedForAllGetsAll) {
  admin("history", {{"onLogin", true}, {"full", true}});
  device.link(kOwnNumber);  // did not ask
  const auto chunks = notifications();
  EXPECT_EQ(chunks.back().sync_type(), proto::RECENT);
  admin("history", {{"number", kOwnNumber}, {"full", true}});
  EXPECT_EQ(notifications().back().sync_type(), proto::FULL);
}

TEST_F(SimulatorHistory, GoesWrongAsTold) {
  device.link(kOwnNumber);
  const std::vector<std::pair<std::string, std::string>> cases = {{"long-length", "length"},
                                                                  {"short-length", "length"},
                                                                  {"bad-mac", "mac"},
                                                                  {"bad-plain-hash", "plain hash"},
                                                                  {"bad-sealed-hash", "sealed hash"},
                                                                  {"wrong-key", "mac"},
                                                                  {"empty", "too short"},
                                                                  {"forbidden", "too short"},
                                                                  {"not-found", "too short"},
                                                                  {"gone", "too short"},
                                                                  {"no-protobuf", "no HistorySync"},
                                                                  {"truncated", ""},
                                                                  {"no-zlib", ""},
                                                                  {"bomb", ""}};
  for (const auto& [defect, expected] : cases) {
    admin("history",
          {{"number", kOwnNumber}, {"defect", defect}, {"damagedChunk", 1}, {"bombBytes", kLimit + 1}, {"chunks", 2}});
    const auto chunks = notifications();
    ASSERT_EQ(chunks.size(), 4u) << defect;
    std::string problem;
    chunk(chunks[2], &problem);
    EXPECT_NE(problem, "") << defect;
    if (!expected.empty()) {
      EXPECT_EQ(problem, expected) << defect;
    }
    chunk(chunks[3]);
  }
  admin("history", {{"number", kOwnNumber}, {"defect", "never-told"}, {"damagedChunk", 1}, {"chunks", 2}});
  EXPECT_EQ(notifications().size(), 3u);
}

TEST_F(SimulatorHistory, TheMediaHostSaysWhatIsGone) {
  device.link(kOwnNumber);
  for (const auto& [defect, expected] : std::vector<std::pair<std::string, unsigned>>{
           {"forbidden", 403}, {"not-found", 404}, {"gone", 410}, {"unavailable", 503}}) {
    admin("history", {{"number", kOwnNumber}, {"defect", defect}, {"inline", false}});
    const auto chunks = notifications();
    unsigned status = 0;
    download(chunks[0].direct_path(), &status);
    EXPECT_EQ(status, expected);
    download(chunks[0].direct_path(), &status);
    EXPECT_EQ(status, defect == "unavailable" ? 200u : expected) << "it is there the second time";
  }
  unsigned status = 0;
  download("/v/elsewhere", &status);
  EXPECT_EQ(status, 404u);
}

TEST_F(SimulatorHistory, APhoneSendsOlderMessagesOnDemand) {
  device.link(kOwnNumber);
  admin("history", {{"number", kOwnNumber}, {"chats", 2}, {"messages", 80}});
  const auto chunks = notifications();
  const auto newest = chunk(chunks[0]).conversations(1);
  proto::ProtocolMessage request;
  request.set_type(proto::ProtocolMessage::PEER_DATA_OPERATION_REQUEST_MESSAGE);
  auto& asked = *request.mutable_peer_data_operation_request_message();
  asked.set_peer_data_operation_request_type(proto::HISTORY_SYNC_ON_DEMAND);
  auto& older = *asked.mutable_history_sync_on_demand_request();
  older.set_chat_jid(newest.id());
  older.set_oldest_msg_id(newest.messages(0).message().key().id());
  older.set_on_demand_msg_count(50);
  older.set_support_inline_response(true);
  ask_phone(request, "3EB0AABB");
  const auto answers = notifications();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].sync_type(), proto::ON_DEMAND);
  EXPECT_EQ(answers[0].peer_data_request_session_id(), "3EB0AABB");
  const proto::HistorySync part = chunk(answers[0]);
  ASSERT_EQ(part.conversations_size(), 1);
  EXPECT_EQ(part.conversations(0).id(), newest.id());
  EXPECT_EQ(part.conversations(0).messages_size(), 50);
  older.set_oldest_msg_id("3EB0FFFF");
  ask_phone(request, "3EB0AABC");
  EXPECT_TRUE(notifications().empty()) << "phones do not answer what they do not know";
}

TEST_F(SimulatorHistory, APhoneMakesALostChunkAnew) {
  device.link(kOwnNumber);
  admin("history", {{"number", kOwnNumber}, {"chunks", 3}, {"defect", "gone"}, {"damagedChunk", 2}});
  notifications();
  proto::ProtocolMessage request;
  request.set_type(proto::ProtocolMessage::PEER_DATA_OPERATION_REQUEST_MESSAGE);
  auto& asked = *request.mutable_peer_data_operation_request_message();
  asked.set_peer_data_operation_request_type(proto::HISTORY_SYNC_CHUNK_RETRY);
  asked.mutable_history_sync_chunk_retry_request()->set_sync_type(proto::RECENT);
  asked.mutable_history_sync_chunk_retry_request()->set_chunk_order(2);
  ask_phone(request, "3EB0AABD");
  const auto answers = notifications();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(chunk(answers[0]).chunk_order(), 2u);
}

TEST_F(SimulatorHistory, APhoneResendsWhatItsCompanionCouldNotRead) {
  device.link(kOwnNumber);
  const json sent = admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "unreadable here"}});
  device.open();
  proto::ProtocolMessage request;
  request.set_type(proto::ProtocolMessage::PEER_DATA_OPERATION_REQUEST_MESSAGE);
  auto& asked = *request.mutable_peer_data_operation_request_message();
  asked.set_peer_data_operation_request_type(proto::PLACEHOLDER_MESSAGE_RESEND);
  auto& key = *asked.add_placeholder_message_resend_request()->mutable_message_key();
  key.set_id(sent["id"].get<std::string>());
  key.set_remote_jid(lid(kPeer).to_string());
  ask_phone(request, "3EB0AABE");
  const auto answer = told();
  ASSERT_TRUE(answer.has_value());
  const auto& response = answer->peer_data_operation_request_response_message();
  EXPECT_EQ(response.stanza_id(), "3EB0AABE");
  proto::WebMessageInfo info;
  ASSERT_TRUE(info.ParseFromString(
      response.peer_data_operation_result(0).placeholder_message_resend_response().web_message_info_bytes()));
  EXPECT_EQ(info.message().conversation(), "unreadable here");
  EXPECT_EQ(info.key().id(), sent["id"].get<std::string>());
}

TEST_F(SimulatorHistory, APhonePutsAFileThatIsGoneAtTheHostAnew) {
  device.link(kOwnNumber);
  admin("history", {{"number", kOwnNumber}, {"inline", false}, {"defect", "gone"}});
  const auto opened = device.read("peer_msg");
  const auto told_of = opened->message.protocol_message().history_sync_notification();
  EXPECT_TRUE(download(told_of.direct_path()).empty());
  const std::string id = *opened->stanza.attribute("id");
  Secret<32> key;
  crypto::hkdf_sha256(as_bytes(told_of.media_key()), {}, as_bytes("WhatsApp Media Retry Notification"),
                      key.mutable_view());
  crypto::Aes256Gcm cipher(key);
  proto::ServerErrorReceipt request;
  request.set_stanza_id(id);
  const auto ask = [&](const std::string& about, ByteView sealed) {
    device.client->send(
        Node("receipt")
            .with("id", about)
            .with("to", account(kOwnNumber).jid(0))
            .with("type", "server-error")
            .with("category", "peer")
            .child(Node("encrypt").child(Node("enc_p").bytes(sealed)).child(Node("enc_iv").bytes(ByteArray<12>{})))
            .child(Node("rmr").with("jid", lid(kOwnNumber)).with("from_me", "true")));
    return device.take("notification");
  };
  const auto answer = ask(id, cipher.seal({}, as_bytes(request.SerializeAsString()), as_bytes(id)));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->attribute("type"), "mediaretry");
  EXPECT_EQ(answer->attribute("id"), id);
  const Node& encrypt = *answer->find("encrypt");
  const auto plain =
      cipher.open(to_array<12>(*encrypt.find("enc_iv")->leaf()), *encrypt.find("enc_p")->leaf(), as_bytes(id));
  ASSERT_TRUE(plain.ok());
  proto::MediaRetryNotification news;
  ASSERT_TRUE(news.ParseFromArray(plain->data(), static_cast<int>(plain->size())));
  EXPECT_EQ(news.result(), proto::MediaRetryNotification::SUCCESS);
  Bytes stream;
  EXPECT_EQ(open(download(news.direct_path()), told_of, stream), "");
  EXPECT_EQ(ask("3EB0FFFF", Bytes(40))->find("error")->attribute("code"), "2") << "of a message that it does not know";
  EXPECT_EQ(violations(), "");
  EXPECT_FALSE(ask(id, Bytes(40)).has_value());
  EXPECT_NE(violations().find("does not open"), std::string::npos);
}

TEST_F(SimulatorHistory, TheHostThatTheServerNamesIsTheOneThatWasTold) {
  device.link(kOwnNumber);
  admin("media-host", {{"host", "127.0.0.1:7700"}});
  const auto answer = device.client->ask("w:m", "set", Node("media_conn"));
  EXPECT_EQ(answer->find("media_conn")->find("host")->attribute("hostname"), "127.0.0.1:7700");
}

TEST_F(SimulatorHistory, RefusesPlansThatAreNone) {
  device.link(kOwnNumber);
  for (const json& body : std::vector<json>{{{"number", kOwnNumber}, {"defect", "odd"}},
                                            {{"number", kOwnNumber}, {"chunks", 0}},
                                            {{"number", kOwnNumber}, {"chats", 5000}, {"messages", 5000}},
                                            {{"number", "x"}}}) {
    EXPECT_EQ(call("history", body).first, 400) << body.dump();
  }
  EXPECT_EQ(call("history", {{"number", kPeer}}).first, 404) << "it has no companion";
}

}  // namespace
}  // namespace ponte::test::by_hand
