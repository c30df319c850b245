// Handlers of a session without the session: a logged-in connection whose server, media hosts and clock are the test's.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "protocol/noise/channel.h"
#include "protocol/session/connection.h"
#include "protocol/session/link_state.h"
#include "protocol/session/step.h"
#include "protocol/wire/node_codec.h"
#include "store/keys.h"
#include "support/faulty_store.h"
#include "support/noise_responder.h"
#include "support/scripted_random.h"
#include "support/session_fixtures.h"
#include "support/virtual_clock.h"

namespace ponte::test {

/// Runs steps as a Session does, and carries out what they ask at once: commits, work on a worker, fetches (by `host`),
/// timers as time passes. Iqs are answered by `server` where it has an answer.
class StepLine : public ::testing::Test {
 protected:
  using Body = UniqueFunction<Status(protocol::Step&)>;
  using Answer = Result<protocol::HttpAnswer>;

  StepLine() : config_(vector_config()) {
    config_.root_key = server_side_.chain.root.public_key;
    link_.credentials = vector_credentials();
    store::Account account;
    account.jid = "551199887766:33@s.whatsapp.net";
    account.lid = "777000111222:33@lid";
    link_.account = account;
    connect();
  }

  /// A new connection, logged in. What belonged to the one before is gone.
  void connect() {
    link_.close();
    ++link_.epoch;
    iqs_.reset({1, 2});
    connection_.emplace(config_, link_.credentials.noise, std::nullopt, random_);
    const Bytes hello = value(connection_->first_message({}));
    server_side_.state.reset();
    // wire: pairing.md 1.2: a prologue of four bytes, a length of three.
    const auto answer = server_side_.answer(ByteView(hello).subspan(4 + 3), server_side_.chain.bytes());
    const std::string server_hello = answer.SerializeAsString();
    const auto established = value(connection_->finish(as_bytes(server_hello), {}, ChainBuilder::inside()));
    (void)server_side_.read_finish(ByteView(established.message).subspan(3));
    channel_.emplace(server_side_.state->split(), protocol::noise::Channel::Role::kServer);
    link_.phase = protocol::Phase::kOnline;
  }

  /// One step. Where it fails, nothing of it becomes real and the connection ends, as in a session.
  Status run(Body body) {
    const Status status = step(std::move(body));
    settle();
    return status;
  }

  /// Lets time pass, stopping at every deadline.
  void run_for(Milliseconds duration) {
    const Mono end = clock_.now().mono + duration;
    for (;;) {
      const auto timers = link_.timers.next_deadline();
      const auto iqs = iqs_.next_deadline();
      const auto next = timers && iqs ? std::min(*timers, *iqs) : timers ? timers : iqs;
      if (!next || *next > end || link_.phase == protocol::Phase::kClosed) break;
      clock_.advance_to(*next);
      ++turns_;
      ASSERT_TRUE(run([this](protocol::Step& step) -> Status {
                    PONTE_TRY(iqs_.on_deadline(step));
                    return link_.timers.on_deadline(step);
                  }).ok());
    }
    clock_.advance_to(end);
  }

  /// The server's answer to an iq that was sent.
  Status answer(const protocol::wire::Node& iq, protocol::wire::Node reply) {
    reply.with("id", iq.attribute("id").value());
    return run([this, &reply](protocol::Step& step) -> Status {
      PONTE_ASSIGN(const bool known, iqs_.on_reply(step, reply));
      EXPECT_TRUE(known);
      return Status::Ok();
    });
  }

  /// Stanzas with that tag, among what was sent.
  std::vector<protocol::wire::Node> sent(std::string_view tag) const {
    std::vector<protocol::wire::Node> out;
    for (const auto& node : sent_) {
      if (node.tag == tag) out.push_back(node);
    }
    return out;
  }
  const protocol::event::Ended* ended() const {
    for (const auto& event : events_) {
      if (const auto* found = std::get_if<protocol::event::Ended>(&event)) return found;
    }
    return nullptr;
  }

  static inline const store::Owner kOwner = "instance-1";
  static inline const store::Owner kChats = store::keys::chats_owner(kOwner);

  VirtualClock clock_{{Mono(Seconds(1000)), ChainBuilder::inside()}};
  FaultyStore store_;
  SeededRandom random_{1};
  protocol::SessionConfig config_;
  protocol::LinkState link_;
  protocol::IqTracker iqs_;

  /// Answers an iq, or leaves it unanswered.
  std::function<std::optional<protocol::wire::Node>(const protocol::wire::Node&)> server_;
  /// Answers a fetch, or leaves it in `waiting_`.
  std::function<std::optional<Answer>(const protocol::HttpFetch&)> host_;
  /// Work is refused while set.
  bool overloaded_ = false;

  std::vector<protocol::wire::Node> sent_;
  std::vector<protocol::HttpFetch> fetched_;  ///< all that were asked for
  std::vector<protocol::StartFetch> waiting_;
  std::vector<protocol::Event> events_;
  std::vector<protocol::Told> told_;
  std::vector<store::Durability> commits_;
  std::size_t turns_ = 0;  ///< deadlines that were met

 private:
  template <typename T>
  static T value(Result<T> result) {
    if (!result.ok()) throw std::runtime_error(result.error().message);
    return std::move(result).value();
  }

  Status step(Body body) {
    const Now now = clock_.now();
    store::Transaction device(store_, kOwner);
    store::Transaction chats(store_, kChats);
    std::deque<protocol::Output> outputs;
    std::vector<protocol::Told> told;
    protocol::Step step{now, device, chats, random_, config_, link_, iqs_, &*connection_, outputs, told};
    if (Status status = body(step); !status.ok()) {
      link_.close();
      return status;
    }
    store::WriteBatch batch = device.take();
    batch.join(chats.take());
    if (!batch.empty()) {
      commits_.push_back(batch.durability);
      Status committed;
      store_.commit(std::move(batch), [&committed](const Status& status) { committed = status; });
      if (!committed.ok()) {
        link_.close();
        return committed;
      }
    }
    std::move(told.begin(), told.end(), std::back_inserter(told_));
    std::move(outputs.begin(), outputs.end(), std::back_inserter(outputs_));
    return Status::Ok();
  }

  void settle() {
    while (!outputs_.empty()) {
      protocol::Output output = std::move(outputs_.front());
      outputs_.pop_front();
      std::visit([this](auto&& value) { carry_out(std::move(value)); }, std::move(output));
    }
  }

  void carry_out(protocol::SendBytes output) {
    const Bytes plaintext = value(channel_->decrypt(ByteView(output.bytes).subspan(3)));
    sent_.push_back(value(protocol::wire::decode_frame(plaintext)));
    if (sent_.back().tag != "iq" || !server_) return;
    const protocol::wire::Node iq = sent_.back();
    if (auto reply = server_(iq)) EXPECT_TRUE(answer(iq, std::move(*reply)).ok());
  }
  void carry_out(protocol::CloseChannel) {}
  void carry_out(protocol::Commit) {}
  void carry_out(protocol::Emit output) { events_.push_back(std::move(output.event)); }
  void carry_out(protocol::StartWork output) {
    Result<Bytes> result = Error{Errc::kUnavailable, Cause::kOverloaded, "the queue is full"};
    if (!overloaded_) result = protocol::run_work(std::move(output.request));
    if (output.epoch != link_.epoch) return;
    EXPECT_TRUE(run([this, &output, &result](protocol::Step& step) {
                  return link_.works.on_answer(step, output.id, result);
                }).ok());
  }
  void carry_out(protocol::StartFetch output) {
    fetched_.push_back(output.request);
    auto answer = host_ ? host_(output.request) : std::nullopt;
    if (!answer) return waiting_.push_back(std::move(output));
    fetched(output, std::move(*answer));
  }

 protected:
  /// What a host has answered to a fetch that waited.
  void fetched(const protocol::StartFetch& fetch, Answer answer) {
    if (fetch.epoch != link_.epoch) return;
    EXPECT_TRUE(run([this, &fetch, &answer](protocol::Step& step) {
                  return link_.fetches.on_answer(step, fetch.id, answer);
                }).ok());
  }

 private:
  NoiseResponder server_side_;
  std::optional<protocol::Connection> connection_;
  std::optional<protocol::noise::Channel> channel_;
  std::deque<protocol::Output> outputs_;
};

}  // namespace ponte::test
