#include "protocol/history/jobs.h"

#include <gmock/gmock.h>

#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "protocol/history/older.h"
#include "protocol/messages/lid_map.h"
#include "store/chat_records.h"
#include "store/history_records.h"
#include "store/message_records.h"
#include "store/messaging_records.h"
#include "support/history_chunks.h"
#include "support/step_line.h"

namespace ponte::protocol::history {
namespace {

using test::add_message;
using test::compressed;
using test::HostedChunk;
using testing::ElementsAre;
using wire::Node;

constexpr std::uint64_t kAt = 1'748'000'000;

class HistoryJobs : public test::StepLine {
 protected:
  HistoryJobs() {
    server_ = [](const Node& iq) -> std::optional<Node> {
      if (iq.find("media_conn") == nullptr) return std::nullopt;
      return Node("iq")
          .with("type", "result")
          .child(Node("media_conn").child(Node("host").with("hostname", "a.whatsapp.net")));
    };
    host_ = [this](const HttpFetch& fetch) -> std::optional<Answer> {
      for (const auto& [path, file] : files_) {
        if (fetch.url.find(path) != std::string::npos) return Answer(HttpAnswer{200, file});
      }
      return Answer(HttpAnswer{404, {}});
    };
  }

  void tell(const proto::HistorySyncNotification& notification, const std::string& id) {
    ASSERT_TRUE(run([&](Step& step) { return on_notification(step, notification, id); }).ok());
  }
  void host(const HostedChunk& chunk) { files_[chunk.told.direct_path()] = chunk.file.file; }
  /// Told of and read.
  void import(const proto::HistorySync& sync, proto::HistorySyncType type = proto::RECENT) {
    const HostedChunk chunk(compressed(sync), type, ++serial_);
    host(chunk);
    tell(chunk.told, "MSG" + std::to_string(serial_));
    run_for(Seconds(1));
  }

  store::RecordSource chats() const { return {store_, kChats}; }
  store::HistoryProgress progress() const { return store::get_history_progress(chats()).value().value(); }
  std::size_t jobs() const { return store::count_history_jobs(chats()).value(); }
  std::vector<std::string> texts(const std::string& chat) const {
    std::vector<std::string> out;
    store::MessageQuery query;
    query.chat = chat;
    query.limit = 10'000;
    const store::MessagePage page = store::messages_before(store_, kChats, query).value();
    for (const auto& record : page.messages) {
      proto::Message message;
      EXPECT_TRUE(message.ParseFromArray(record.content.data(), static_cast<int>(record.content.size())));
      out.push_back(message.conversation());
    }
    return out;
  }
  std::vector<std::string> receipts(std::string_view type) const {
    std::vector<std::string> out;
    for (const Node& receipt : sent("receipt")) {
      if (receipt.attribute("type") == type) out.push_back(receipt.attribute("id").value_or(""));
    }
    return out;
  }
  std::size_t refused(Cause cause) const {
    std::size_t count = 0;
    for (const auto& event : events_) {
      const auto* refused = std::get_if<event::Refused>(&event);
      if (refused != nullptr && refused->why.cause == cause) ++count;
    }
    return count;
  }

  std::map<std::string, Bytes> files_;
  std::uint8_t serial_ = 0;
};

proto::HistorySync small_chunk() {
  proto::HistorySync sync;
  sync.set_sync_type(proto::RECENT);
  auto* friend_ = sync.add_conversations();
  friend_->set_id("111222333@s.whatsapp.net");
  friend_->set_name("Alice A.");
  friend_->set_unread_count(2);
  friend_->set_archived(true);
  friend_->set_pinned(kAt);
  friend_->set_mute_end_time(kAt + 100);
  friend_->set_ephemeral_expiration(86400);
  friend_->set_end_of_history_transfer_type(proto::Conversation::COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY);
  friend_->set_tc_token("token");
  friend_->set_tc_token_timestamp(kAt);
  add_message(*friend_, "A2", "newest", kAt + 2);
  add_message(*friend_, "A1", "oldest", kAt + 1);
  auto* group = sync.add_conversations();
  group->set_id("120363@g.us");
  group->set_name("subject");
  add_message(*group, "G1", "in the group", kAt).set_participant("111222333@s.whatsapp.net");
  auto* name = sync.add_pushnames();
  name->set_id("111222333@s.whatsapp.net");
  name->set_pushname("Alice");
  // Pairs come behind what they are about.
  auto* pair = sync.add_phone_number_to_lid_mappings();
  pair->set_pn_jid("111222333@s.whatsapp.net");
  pair->set_lid_jid("999@lid");
  sync.set_nct_salt("salt");
  auto* contact = sync.add_inline_contacts();
  contact->set_pn_jid("444@s.whatsapp.net");
  contact->set_lid_jid("555@lid");
  contact->set_full_name("Bob B.");
  contact->set_first_name("Bob");
  return sync;
}

TEST_F(HistoryJobs, BringAChunkIntoTheStore) {
  import(small_chunk());
  EXPECT_THAT(texts("999@lid"), ElementsAre("newest", "oldest"));
  EXPECT_THAT(texts("120363@g.us"), ElementsAre("in the group"));
  EXPECT_TRUE(texts("111222333@s.whatsapp.net").empty()) << "the pair was learnt first";

  const auto chat = store::get_chat(chats(), "999@lid").value().value();
  EXPECT_EQ(chat.unread_count, 2U);
  EXPECT_TRUE(chat.archived);
  EXPECT_EQ(chat.pinned_at, Wall(Seconds(kAt)));
  EXPECT_EQ(chat.muted_until, static_cast<std::int64_t>(kAt + 100) * 1000);
  EXPECT_EQ(chat.ephemeral_expiration, 86400U);
  EXPECT_TRUE(chat.end_of_history);
  EXPECT_EQ(chat.pn, "111222333@s.whatsapp.net");
  EXPECT_EQ(chat.lid, "999@lid");
  EXPECT_EQ(chat.messages, 2U);
  EXPECT_EQ(store::get_chat(chats(), "120363@g.us").value().value().name, "subject");

  const auto alice = store::get_contact(chats(), "999@lid").value().value();
  EXPECT_EQ(alice.push_name, "Alice");
  EXPECT_EQ(alice.full_name, "Alice A.");
  EXPECT_EQ(alice.pn, "111222333@s.whatsapp.net");
  EXPECT_EQ(store::get_contact(chats(), "555@lid").value().value().full_name, "Bob B.");

  const store::RecordSource device(store_, kOwner);
  EXPECT_EQ(store::get_lid_of(device, "111222333").value(), "999");
  EXPECT_EQ(store::get_lid_of(device, "444").value(), "555");
  EXPECT_EQ(to_text(store::get_nct_salt(device).value().value()), "salt");
  EXPECT_EQ(to_text(store::get_privacy_token(device, "999@lid").value().value().token), "token");

  EXPECT_EQ(progress().messages, 3U);
  EXPECT_EQ(progress().conversations, 2U);
  EXPECT_EQ(progress().chunks, (std::map<std::uint32_t, std::uint32_t>{{proto::RECENT, 1}}));
  EXPECT_TRUE(progress().done);
  EXPECT_EQ(jobs(), 0U);
  EXPECT_THAT(receipts("hist_sync"), ElementsAre("MSG1"));
  EXPECT_EQ(sent("receipt")[0].attribute("to"), "551199887766@s.whatsapp.net");
  EXPECT_EQ(commits_.front(), store::Durability::kPowerLoss) << "the job is kept before anything is answered";
  EXPECT_EQ(commits_.back(), store::Durability::kPowerLoss) << "and the receipt says that all is here";
  EXPECT_TRUE(told_.empty()) << "history is no exchange of messages";
}

TEST_F(HistoryJobs, AreTheSameTheSecondTime) {
  import(small_chunk());
  const auto before = store_.scan(kChats, "message/").value();
  import(small_chunk());
  EXPECT_EQ(store_.scan(kChats, "message/").value(), before);
  EXPECT_EQ(progress().messages, 3U);
  EXPECT_EQ(store::get_chat(chats(), "999@lid").value().value().messages, 2U);
}

TEST_F(HistoryJobs, NeverOverwriteWhatIsNewer) {
  ASSERT_TRUE(run([](Step& step) -> Status {
                PONTE_TRY(store::change_chat(step.chats, "120363@g.us", [](store::ChatRecord& chat) {
                  chat.name = "new subject";
                  chat.unread_count = 7;
                }));
                PONTE_TRY(store::change_contact(step.chats, "555@lid",
                                                [](store::ContactRecord& contact) { contact.full_name = "Robert"; }));
                store::put_nct_salt(step.store, to_bytes("newer"));
                return Status::Ok();
              }).ok());
  import(small_chunk());
  const auto group = store::get_chat(chats(), "120363@g.us").value().value();
  EXPECT_EQ(group.name, "new subject");
  EXPECT_EQ(group.unread_count, 7U);
  EXPECT_EQ(store::get_contact(chats(), "555@lid").value().value().full_name, "Robert");
  EXPECT_EQ(store::get_contact(chats(), "555@lid").value().value().first_name, "Bob");
  EXPECT_EQ(to_text(store::get_nct_salt({store_, kOwner}).value().value()), "newer");
}

TEST_F(HistoryJobs, ReadAnInlineChunkWithoutTheNetwork) {
  proto::HistorySyncNotification told;
  told.set_sync_type(proto::INITIAL_BOOTSTRAP);
  told.set_initial_hist_bootstrap_inline_payload(to_text(compressed(small_chunk())));
  tell(told, "MSG");
  run_for(Seconds(1));
  EXPECT_TRUE(fetched_.empty());
  EXPECT_EQ(progress().messages, 3U);
  EXPECT_FALSE(progress().done);
  EXPECT_THAT(receipts("hist_sync"), ElementsAre("MSG"));
}

TEST_F(HistoryJobs, AreTakenInTheOrderOfTheirArrival) {
  host_ = nullptr;
  const HostedChunk first(compressed(small_chunk()), proto::RECENT, 1);
  const HostedChunk second(compressed(small_chunk()), proto::RECENT, 2);
  tell(first.told, "MSG1");
  tell(second.told, "MSG2");
  run_for(Milliseconds(0));
  ASSERT_EQ(waiting_.size(), 1U);
  EXPECT_NE(waiting_[0].request.url.find("/1.enc"), std::string::npos);
  fetched(waiting_[0], HttpAnswer{200, first.file.file});
  run_for(Milliseconds(0));
  ASSERT_EQ(waiting_.size(), 2U);
  EXPECT_THAT(receipts("hist_sync"), ElementsAre("MSG1"));
}

TEST_F(HistoryJobs, GoOnOnTheNextConnection) {
  host_ = nullptr;
  const HostedChunk chunk(compressed(small_chunk()), proto::RECENT);
  tell(chunk.told, "MSG");
  run_for(Milliseconds(0));
  ASSERT_EQ(waiting_.size(), 1U);
  connect();
  host(chunk);
  host_ = [&chunk](const HttpFetch&) { return Answer(HttpAnswer{200, chunk.file.file}); };
  ASSERT_TRUE(run([](Step& step) { return on_online(step); }).ok());
  run_for(Milliseconds(0));
  EXPECT_EQ(progress().messages, 3U);
  EXPECT_EQ(jobs(), 0U);
}

TEST_F(HistoryJobs, LeaveTheLoopToOthersBetweenSlices) {
  proto::HistorySync sync;
  auto* chat = sync.add_conversations();
  chat->set_id("999@lid");
  for (int i = 0; i < 2000; ++i) add_message(*chat, "M" + std::to_string(i), "text", kAt + static_cast<unsigned>(i));
  import(sync);
  EXPECT_EQ(texts("999@lid").size(), 2000U);
  EXPECT_GE(turns_, 9U) << "250 messages a step";
  EXPECT_EQ(progress().messages, 2000U);
}

TEST_F(HistoryJobs, LeaveOutWhatIsOlderThanWhatWasAskedFor) {
  link_.options.history_days = 10;
  ASSERT_TRUE(run([](Step& step) { return on_linked(step); }).ok());
  link_.options.history_days.reset();
  const auto now = static_cast<std::uint64_t>(unix_seconds(clock_.now().wall));
  proto::HistorySync sync;
  auto* chat = sync.add_conversations();
  chat->set_id("999@lid");
  add_message(*chat, "NEW", "new", now - 9 * 86400);
  add_message(*chat, "OLD", "old", now - 11 * 86400);
  import(sync);
  EXPECT_THAT(texts("999@lid"), ElementsAre("new"));
  EXPECT_EQ(progress().too_old, 1U);
  EXPECT_EQ(progress().days, 10U);
  import(sync, proto::ON_DEMAND);
  EXPECT_THAT(texts("999@lid"), ElementsAre("new", "old")) << "somebody asked for it";
}

TEST_F(HistoryJobs, LeaveOutWhatIsUnreadableAndNothingElse) {
  proto::HistorySync sync = small_chunk();
  add_message(*sync.mutable_conversations(0), "", "without an id", kAt);
  sync.add_conversations()->set_id("nobody");
  sync.add_pushnames()->set_pushname("of nobody");
  sync.add_phone_number_to_lid_mappings()->set_pn_jid("1@s.whatsapp.net");
  import(sync);
  EXPECT_EQ(progress().messages, 3U);
  EXPECT_EQ(progress().unreadable, 4U);
  EXPECT_EQ(progress().failed, 0U);
}

TEST_F(HistoryJobs, GiveUpWhatIsNoHistoryAndGoOn) {
  const HostedChunk broken(to_bytes("no zlib stream"), proto::RECENT, ++serial_);
  host(broken);
  tell(broken.told, "BROKEN");
  import(small_chunk());
  EXPECT_EQ(progress().failed, 1U);
  EXPECT_EQ(progress().failure, "HISTORY_MALFORMED");
  EXPECT_EQ(refused(Cause::kHistoryMalformed), 1U);
  EXPECT_EQ(progress().messages, 3U);
  EXPECT_THAT(receipts("hist_sync"), ElementsAre("MSG2"));
  EXPECT_EQ(jobs(), 0U);
}

TEST_F(HistoryJobs, KeepWhatCameBeforeAChunkBreaksOff) {
  Bytes chunk = compressed(small_chunk());
  proto::HistorySync sync = small_chunk();
  const std::string bytes = sync.SerializeAsString();
  const HostedChunk cut(test::deflate(as_bytes(bytes + "\x12\x7f")), proto::RECENT, ++serial_);
  host(cut);
  tell(cut.told, "CUT");
  run_for(Seconds(1));
  EXPECT_EQ(progress().failed, 1U);
  // The first pass saw it: facts are there, messages are not.
  EXPECT_TRUE(store::get_chat(chats(), "999@lid").value().has_value());
}

TEST_F(HistoryJobs, RefuseABomb) {
  const HostedChunk bomb(test::deflate(Bytes(600 << 20, 0)), proto::RECENT, ++serial_);
  host(bomb);
  tell(bomb.told, "BOMB");
  run_for(Seconds(5));
  EXPECT_EQ(progress().failed, 1U);
  EXPECT_EQ(jobs(), 0U);
}

TEST_F(HistoryJobs, AskOnceForAFileThatIsGone) {
  const HostedChunk chunk(compressed(small_chunk()), proto::RECENT);
  tell(chunk.told, "MSG");
  run_for(Seconds(1));
  EXPECT_EQ(jobs(), 0U);
  EXPECT_EQ(progress().failed, 1U);
  EXPECT_EQ(progress().failure, "MEDIA_GONE");
  EXPECT_THAT(receipts("server-error"), ElementsAre("MSG"));
  const Node asked = sent("receipt")[0];
  EXPECT_EQ(asked.attribute("category"), "peer");
  EXPECT_EQ(asked.attribute("to"), "551199887766@s.whatsapp.net");
  EXPECT_EQ(asked.find("rmr")->attribute("jid"), "551199887766@s.whatsapp.net");
  EXPECT_EQ(asked.find("rmr")->attribute("from_me"), "true");

  // The phone puts it there again.
  proto::MediaRetryNotification again;
  again.set_stanza_id("MSG");
  again.set_direct_path("/v/again.enc");
  again.set_result(proto::MediaRetryNotification::SUCCESS);
  Secret<32> key;
  crypto::hkdf_sha256(as_bytes(chunk.told.media_key()), {}, as_bytes("WhatsApp Media Retry Notification"),
                      key.mutable_view());
  const Bytes sealed = crypto::Aes256Gcm(key).seal({}, as_bytes(again.SerializeAsString()), as_bytes("MSG"));
  const Node notification =
      Node("notification")
          .with("id", "MSG")
          .child(Node("encrypt").child(Node("enc_p").bytes(sealed)).child(Node("enc_iv").bytes(Bytes(12, 0))));
  files_["/v/again.enc"] = chunk.file.file;
  ASSERT_TRUE(run([&](Step& step) { return on_media_retry(step, notification); }).ok());
  run_for(Seconds(1));
  EXPECT_EQ(progress().messages, 3U);
  EXPECT_EQ(progress().failed, 0U);
  EXPECT_THAT(receipts("hist_sync"), ElementsAre("MSG"));
}

TEST_F(HistoryJobs, AskNoSecondTime) {
  const HostedChunk chunk(compressed(small_chunk()), proto::RECENT);
  ASSERT_TRUE(run([&](Step& step) -> Status {
                store::HistoryJob job;
                job.notification = to_bytes(chunk.told.SerializeAsString());
                job.message_id = "MSG";
                job.asked = true;
                PONTE_TRY(store::add_history_job(step.chats, job));
                return on_online(step);
              }).ok());
  run_for(Seconds(1));
  EXPECT_TRUE(receipts("server-error").empty());
  EXPECT_EQ(progress().failed, 1U);
}

TEST_F(HistoryJobs, LeaveAnswersAboutOtherFilesAlone) {
  ASSERT_TRUE(run([](Step& step) { return on_media_retry(step, Node("notification").with("id", "OTHER")); }).ok());
  ASSERT_TRUE(run([](Step& step) { return on_media_retry(step, Node("notification")); }).ok());
  EXPECT_TRUE(events_.empty());
}

TEST_F(HistoryJobs, TryAgainLaterWhereNoHostAnswers) {
  bool up = false;
  const HostedChunk chunk(compressed(small_chunk()), proto::RECENT);
  host_ = [&](const HttpFetch&) { return Answer(HttpAnswer{up ? 200 : 503, up ? chunk.file.file : Bytes()}); };
  tell(chunk.told, "MSG");
  run_for(Seconds(80));
  EXPECT_EQ(jobs(), 1U);
  EXPECT_EQ(store::get_next_history_job(chats()).value().value().attempts, 1U);
  up = true;
  run_for(Seconds(300));
  EXPECT_EQ(jobs(), 0U);
  EXPECT_EQ(progress().messages, 3U);
}

TEST_F(HistoryJobs, EndAtSomeTimeWhereNoHostEverAnswers) {
  const HostedChunk chunk(compressed(small_chunk()), proto::RECENT);
  host_ = [](const HttpFetch&) { return Answer(HttpAnswer{503, {}}); };
  tell(chunk.told, "MSG");
  run_for(std::chrono::hours(2));
  EXPECT_EQ(jobs(), 0U);
  EXPECT_EQ(progress().failure, "MEDIA_UNAVAILABLE");
}

TEST_F(HistoryJobs, GiveUpWhatCannotBeFetched) {
  HostedChunk evil(compressed(small_chunk()), proto::RECENT);
  evil.told.set_direct_path("//evil.example/a");
  tell(evil.told, "MSG");
  run_for(Seconds(1));
  EXPECT_TRUE(fetched_.empty());
  EXPECT_EQ(progress().failed, 1U);
}

TEST_F(HistoryJobs, SayThatThereIsNone) {
  proto::HistorySyncNotification told;
  told.set_sync_type(proto::NO_HISTORY);
  tell(told, "MSG");
  EXPECT_TRUE(progress().done);
  EXPECT_EQ(jobs(), 0U);
  told.set_sync_type(proto::MESSAGE_ACCESS_STATUS);
  tell(told, "MSG2");
  EXPECT_EQ(jobs(), 0U);
}

TEST_F(HistoryJobs, AreBegunAgainAfterACommitThatFails) {
  host(HostedChunk(compressed(small_chunk()), proto::RECENT, 1));
  tell(HostedChunk(compressed(small_chunk()), proto::RECENT, 1).told, "MSG");
  // The first notes the try, the second has the facts.
  store_.fail_commit(2);
  Status status;
  while (status.ok() && link_.timers.next_deadline())
    status = run([this](Step& step) { return link_.timers.on_deadline(step); });
  ASSERT_EQ(status.error().cause, Cause::kStoreUnavailable);
  ASSERT_TRUE(store_.try_resume().ok());
  connect();
  ASSERT_TRUE(run([](Step& step) { return on_online(step); }).ok());
  run_for(Seconds(1));
  EXPECT_EQ(progress().messages, 3U);
  EXPECT_EQ(store::get_chat(chats(), "999@lid").value().value().messages, 2U);
  EXPECT_EQ(jobs(), 0U);
}

// ---- on demand --------------------------------------------------------------------------------------

class OlderMessagesTest : public HistoryJobs {
 protected:
  void ask(const std::string& id) {
    ASSERT_TRUE(run([&](Step& step) {
                  expect_older_messages(step, id, [this](Step&, const Result<OlderMessages>& outcome) {
                    outcomes_.push_back(outcome);
                    return Status::Ok();
                  });
                  return Status::Ok();
                }).ok());
  }
  std::vector<Result<OlderMessages>> outcomes_;
};

TEST_F(OlderMessagesTest, AreAskedForByTheOldestThatIsKnown) {
  ASSERT_TRUE(
      run([](Step& step) -> Status {
        const OldestMessage oldest{*wire::Jid::parse("999@lid"), "A1", true, Wall(Milliseconds(kAt * 1000 + 7))};
        PONTE_ASSIGN(const auto message, older_messages_request(step, oldest, 500, OlderTime::kSeconds));
        EXPECT_EQ(message.type(), proto::ProtocolMessage::PEER_DATA_OPERATION_REQUEST_MESSAGE);
        const auto& request = message.peer_data_operation_request_message();
        EXPECT_EQ(request.peer_data_operation_request_type(), proto::HISTORY_SYNC_ON_DEMAND);
        const auto& what = request.history_sync_on_demand_request();
        EXPECT_EQ(what.chat_jid(), "999@lid");
        EXPECT_EQ(what.oldest_msg_id(), "A1");
        EXPECT_TRUE(what.oldest_msg_from_me());
        EXPECT_EQ(what.on_demand_msg_count(), 50);
        EXPECT_EQ(what.oldest_msg_timestamp_ms(), static_cast<std::int64_t>(kAt));
        EXPECT_EQ(what.account_lid(), "777000111222@lid");
        PONTE_ASSIGN(const auto other, older_messages_request(step, oldest, 0, OlderTime::kMilliseconds));
        const auto& in_ms = other.peer_data_operation_request_message().history_sync_on_demand_request();
        EXPECT_EQ(in_ms.oldest_msg_timestamp_ms(), static_cast<std::int64_t>(kAt * 1000 + 7));
        EXPECT_EQ(in_ms.on_demand_msg_count(), 1);
        return Status::Ok();
      }).ok());
}

TEST_F(OlderMessagesTest, AreTheAnswerToTheirRequest) {
  ask("REQUEST");
  HostedChunk other(compressed(small_chunk()), proto::RECENT, 1);
  host(other);
  tell(other.told, "MSG1");
  run_for(Seconds(1));
  EXPECT_TRUE(outcomes_.empty());

  proto::HistorySync sync;
  auto* chat = sync.add_conversations();
  chat->set_id("999@lid");
  add_message(*chat, "OLD", "older", kAt - 1000);
  HostedChunk answer(compressed(sync), proto::ON_DEMAND, 2);
  answer.told.set_peer_data_request_session_id("REQUEST");
  host(answer);
  tell(answer.told, "MSG2");
  run_for(Seconds(1));
  ASSERT_EQ(outcomes_.size(), 1U);
  ASSERT_TRUE(outcomes_[0].ok());
  EXPECT_EQ(outcomes_[0]->messages, 1U);
  run_for(Seconds(120));
  EXPECT_EQ(outcomes_.size(), 1U);
}

TEST_F(OlderMessagesTest, AreWaitedForAMinute) {
  ask("REQUEST");
  run_for(Milliseconds(59'999));
  EXPECT_TRUE(outcomes_.empty());
  run_for(Milliseconds(1));
  ASSERT_EQ(outcomes_.size(), 1U);
  EXPECT_EQ(outcomes_[0].error().code, Errc::kTimedOut);
  EXPECT_EQ(outcomes_[0].error().cause, Cause::kHistoryUnanswered);
}

TEST_F(OlderMessagesTest, MayTakeLongerOnceThePhoneHasAnswered) {
  host_ = nullptr;
  ask("REQUEST");
  HostedChunk answer(compressed(small_chunk()), proto::ON_DEMAND);
  answer.told.set_peer_data_request_session_id("REQUEST");
  tell(answer.told, "MSG");
  run_for(Seconds(61));
  EXPECT_TRUE(outcomes_.empty());
  fetched(waiting_.at(0), HttpAnswer{404, {}});
  run_for(Seconds(1));
  ASSERT_EQ(outcomes_.size(), 1U);
  EXPECT_EQ(outcomes_[0].error().cause, Cause::kMediaGone);
}

}  // namespace
}  // namespace ponte::protocol::history
