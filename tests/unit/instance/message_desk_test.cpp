#include "instance/message_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/system_random.h"
#include "support/virtual_clock.h"

namespace ponte::instance {
namespace {

namespace command = protocol::command;
namespace event = protocol::event;
using ::testing::ElementsAre;

const Jid kAna = *Jid::parse("5511888888888@s.whatsapp.net");
const Jid kTeam = *Jid::parse("120363000000000001@g.us");

template <typename T>
struct Call {
  // Outlives the call: the desk may answer when the test is over.
  const std::shared_ptr<std::optional<Result<T>>> shared = std::make_shared<std::optional<Result<T>>>();
  std::optional<Result<T>>& result = *shared;
  Reply<T> reply() {
    return Reply<T>([shared = shared](Result<T> r) {
      EXPECT_FALSE(*shared) << "answered twice";
      shared->emplace(std::move(r));
    });
  }
  bool done() const { return result.has_value(); }
  Cause cause() const { return result && !result->ok() ? result->error().cause : Cause::kInternal; }
};

class Desk : public ::testing::Test {
 protected:
  /// What the session was handed, in words.
  std::vector<std::string> take() {
    std::vector<std::string> out;
    for (const auto& each : handed) out.push_back(std::visit(Words{}, each));
    handed.clear();
    return out;
  }
  struct Words {
    std::string operator()(const command::SendText& c) const { return "text " + c.text.to.user + " " + c.text.text; }
    std::string operator()(const command::MarkRead& c) const {
      return "read " + c.chat.user + " " + std::to_string(c.ids.size());
    }
    std::string operator()(const command::SendChatState& c) const {
      static constexpr const char* kNames[] = {"composing", "recording", "paused"};
      return std::string(kNames[static_cast<int>(c.state)]) + " " + c.to.user;
    }
    std::string operator()(const command::FetchMedia& c) const { return "media " + c.message.id; }
    std::string operator()(const command::RequestOlder& c) const {
      return "older " + c.chat.user + " " + std::to_string(c.count);
    }
    template <typename Other>
    std::string operator()(const Other&) const {
      return "other";
    }
  };
  template <typename Command>
  Command last() const {
    return std::get<Command>(handed.back());
  }
  TextRequest text(const std::string& words, Milliseconds typing = {}) {
    TextRequest out;
    out.text.to = kAna;
    out.text.text = words;
    out.typing = typing;
    return out;
  }
  void run_for(Milliseconds duration) {
    const Mono end = clock.now().mono + duration;
    for (auto next = desk.next_deadline(); next && *next <= end; next = desk.next_deadline()) {
      clock.advance_to(*next);
      desk.on_time(clock.now().mono);
    }
    clock.advance_to(end);
  }

  test::VirtualClock clock;
  crypto::SystemRandom random;
  std::optional<Error> down;
  std::vector<protocol::Command> handed;
  MessageDesk desk{{[this]() -> Result<Jid> {
                      if (down) return *down;
                      return *Jid::parse("5511999999999@s.whatsapp.net");
                    },
                    [this](const protocol::Command& each) { handed.push_back(each); }},
                   clock,
                   random};
};

TEST_F(Desk, ATextIsAnsweredWhenWhatsAppHasTakenIt) {
  Call<SendOutcome> call;
  desk.send_text(text("hello"), call.reply());
  ASSERT_THAT(handed, ::testing::SizeIs(1));
  const auto sent = last<command::SendText>();
  ASSERT_TRUE(sent.text.id);
  EXPECT_EQ(sent.text.id->substr(0, 4), "3EB0");
  EXPECT_FALSE(call.done());
  desk.on_event(event::SendEnded{sent.ticket + 1, Error{}});
  EXPECT_FALSE(call.done()) << "somebody else's";
  protocol::messages::SentMessage taken;
  taken.id = *sent.text.id;
  taken.at = Wall(Seconds(1'777'000'000));
  desk.on_event(event::SendEnded{sent.ticket, taken});
  ASSERT_TRUE(call.done());
  EXPECT_EQ((*call.result)->id, *sent.text.id);
  const ChatMessage& message = *(*call.result)->sent;
  EXPECT_TRUE(message.from_me);
  EXPECT_EQ(message.source, "api");
  EXPECT_EQ(message.at, taken.at);
  desk.on_event(event::SendEnded{sent.ticket, taken});
}

TEST_F(Desk, ARefusalNamesTheMessage) {
  Call<SendOutcome> call;
  TextRequest request = text("hello");
  request.text.id = "mine";
  desk.send_text(std::move(request), call.reply());
  desk.on_event(
      event::SendEnded{last<command::SendText>().ticket, Error{Errc::kRejected, Cause::kSendForbidden, "no"}});
  EXPECT_EQ((*call.result)->id, "mine");
  EXPECT_EQ((*call.result)->sent.error().cause, Cause::kSendForbidden);
}

TEST_F(Desk, WithoutAConnectionNothingIsTried) {
  down = not_connected();
  Call<SendOutcome> send;
  Call<std::monostate> read;
  Call<std::monostate> presence;
  Call<Bytes> media;
  desk.send_text(text("hello", Seconds(3)), send.reply());
  desk.mark_read({kAna, {"1"}}, read.reply());
  desk.show_presence({kAna, ChatState::kComposing, Seconds(5)}, presence.reply());
  desk.fetch_media({"chat", "sender", "id"}, media.reply());
  for (const Cause cause : {send.cause(), read.cause(), presence.cause(), media.cause()})
    EXPECT_EQ(cause, Cause::kNotConnected);
  EXPECT_TRUE(handed.empty());
  EXPECT_FALSE(desk.next_deadline());
}

TEST_F(Desk, TypingIsShownBeforeATextThatIsDelayed) {
  Call<SendOutcome> call;
  desk.send_text(text("hello", Seconds(3)), call.reply());
  EXPECT_THAT(take(), ElementsAre("composing 5511888888888"));
  run_for(Milliseconds(2'999));
  EXPECT_TRUE(take().empty());
  run_for(Milliseconds(1));
  EXPECT_THAT(take(), ElementsAre("paused 5511888888888", "text 5511888888888 hello"));
  EXPECT_FALSE(call.done());
}

TEST_F(Desk, ATextIsDelayedAMinuteAtMost) {
  Call<SendOutcome> call;
  desk.send_text(text("hello", std::chrono::hours(1)), call.reply());
  run_for(Seconds(60));
  EXPECT_THAT(take(), ElementsAre("composing 5511888888888", "paused 5511888888888", "text 5511888888888 hello"));
}

TEST_F(Desk, ATextWhoseConnectionIsLostMeanwhileIsNotTried) {
  Call<SendOutcome> call;
  desk.send_text(text("hello", Seconds(3)), call.reply());
  take();
  down = not_connected();
  run_for(Seconds(3));
  EXPECT_EQ(call.cause(), Cause::kNotConnected);
  EXPECT_TRUE(take().empty());
}

TEST_F(Desk, TypingEndsByItself) {
  Call<std::monostate> call;
  desk.show_presence({kTeam, ChatState::kRecording, Seconds(20)}, call.reply());
  desk.on_event(event::CommandEnded{last<command::SendChatState>().ticket, Status::Ok()});
  EXPECT_TRUE(call.result->ok());
  EXPECT_THAT(take(), ElementsAre("recording 120363000000000001"));
  run_for(Seconds(19));
  EXPECT_TRUE(take().empty());
  run_for(Seconds(1));
  EXPECT_THAT(take(), ElementsAre("paused 120363000000000001"));
  EXPECT_FALSE(desk.next_deadline());
}

TEST_F(Desk, TypingWithoutADurationGoesOn) {
  Call<std::monostate> call;
  desk.show_presence({kAna, ChatState::kComposing, {}}, call.reply());
  desk.on_event(event::CommandEnded{last<command::SendChatState>().ticket, Status::Ok()});
  take();
  EXPECT_FALSE(desk.next_deadline());
}

TEST_F(Desk, TheLastWordOfAChatCounts) {
  std::array<Call<std::monostate>, 3> calls;
  desk.show_presence({kAna, ChatState::kComposing, Seconds(5)}, calls[0].reply());
  run_for(Seconds(4));
  desk.show_presence({kAna, ChatState::kComposing, Seconds(5)}, calls[1].reply());
  run_for(Seconds(4));
  desk.show_presence({kAna, ChatState::kPaused, Seconds(5)}, calls[2].reply());
  EXPECT_THAT(take(), ElementsAre("composing 5511888888888", "composing 5511888888888", "paused 5511888888888"));
  run_for(Seconds(60));
  EXPECT_TRUE(take().empty()) << "none of the earlier ends comes";
}

TEST_F(Desk, WhatIsReadAndWhatIsFetched) {
  Call<std::monostate> read;
  desk.mark_read({kAna, {"1", "2"}}, read.reply());
  desk.on_event(
      event::CommandEnded{last<command::MarkRead>().ticket, Error{Errc::kNotFound, Cause::kMessageNotFound, ""}});
  EXPECT_EQ(read.cause(), Cause::kMessageNotFound);
  Call<Bytes> media;
  desk.fetch_media({"chat", "sender", "id"}, media.reply());
  const auto ticket = last<command::FetchMedia>().ticket;
  desk.on_event(event::CommandEnded{ticket, Status::Ok()});
  EXPECT_FALSE(media.done() && media.result->ok()) << "another kind of answer is none";
  Call<Bytes> again;
  desk.fetch_media({"chat", "sender", "id"}, again.reply());
  desk.on_event(event::MediaFetched{last<command::FetchMedia>().ticket, Bytes{1, 2, 3}});
  EXPECT_EQ(**again.result, (Bytes{1, 2, 3}));
  EXPECT_THAT(take(), ElementsAre("read 5511888888888 2", "media id", "media id"));
}

TEST_F(Desk, OlderMessagesAreAnsweredWhenTheyAreKept) {
  Call<std::monostate> older;
  desk.request_older({kAna, 20}, older.reply());
  const auto ticket = last<command::RequestOlder>().ticket;
  EXPECT_THAT(take(), ElementsAre("older 5511888888888 20"));
  EXPECT_FALSE(older.done());
  desk.on_event(event::CommandEnded{ticket, Status::Ok()});
  EXPECT_TRUE(older.done() && older.result->ok());
}

TEST_F(Desk, ASessionThatIsSilentAnswersAllTheSame) {
  Call<SendOutcome> send;
  Call<std::monostate> read;
  desk.send_text(text("hello"), send.reply());
  const auto ticket = last<command::SendText>().ticket;
  desk.mark_read({kAna, {"1"}}, read.reply());
  run_for(MessageDesk::kAnswerWithin - Milliseconds(1));
  EXPECT_FALSE(send.done() || read.done());
  run_for(Milliseconds(1));
  EXPECT_EQ((*send.result)->sent.error().cause, Cause::kSendUnconfirmed);
  EXPECT_FALSE((*send.result)->id.empty());
  EXPECT_EQ(read.cause(), Cause::kSendTimeout);
  desk.on_event(event::SendEnded{ticket, protocol::messages::SentMessage{}});
}

TEST_F(Desk, TheEndAnswersEverybody) {
  Call<SendOutcome> sent;
  Call<SendOutcome> delayed;
  Call<std::monostate> read;
  Call<Bytes> media;
  desk.send_text(text("one"), sent.reply());
  desk.send_text(text("two", Seconds(9)), delayed.reply());
  desk.mark_read({kAna, {"1"}}, read.reply());
  desk.fetch_media({"chat", "sender", "id"}, media.reply());
  desk.close(Error{Errc::kCancelled, Cause::kLoggedOut, "logged out"});
  EXPECT_EQ((*sent.result)->sent.error().cause, Cause::kLoggedOut) << "it may have left, so its id is told";
  EXPECT_EQ(delayed.cause(), Cause::kLoggedOut);
  EXPECT_EQ(read.cause(), Cause::kLoggedOut);
  EXPECT_EQ(media.cause(), Cause::kLoggedOut);
  EXPECT_FALSE(desk.next_deadline());
  Call<SendOutcome> next;
  desk.send_text(text("three"), next.reply());
  EXPECT_FALSE(next.done());
}

TEST_F(Desk, TooManyAreRefused) {
  std::vector<std::unique_ptr<Call<SendOutcome>>> calls;
  for (std::size_t i = 0; i < MessageDesk::kMost; ++i) {
    calls.push_back(std::make_unique<Call<SendOutcome>>());
    desk.send_text(text("hello", i % 2 == 0 ? Milliseconds(0) : Seconds(30)), calls.back()->reply());
  }
  Call<SendOutcome> more;
  desk.send_text(text("hello"), more.reply());
  EXPECT_EQ(more.cause(), Cause::kOverloaded);
  desk.close(not_connected());
  for (const auto& call : calls) EXPECT_TRUE(call->done());
}

}  // namespace
}  // namespace ponte::instance
