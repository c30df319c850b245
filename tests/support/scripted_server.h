// A linked session whose server is the test: it reads what the session says and answers as the test wants.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "protocol/noise/channel.h"
#include "protocol/session/session.h"
#include "protocol/wire/node_codec.h"
#include "support/faulty_store.h"
#include "support/noise_responder.h"
#include "support/session_fixtures.h"
#include "support/virtual_clock.h"

namespace ponte::test {

/// Nothing is answered unasked, but for pings. Commits are carried out at once, work too unless it is held.
class ScriptedServer {
 public:
  using Node = protocol::wire::Node;

  ScriptedServer() {
    config_.root_key = responder_.chain.root.public_key;
    store::Transaction transaction(store_, kOwner);
    store::put_credentials(transaction, vector_credentials());
    store::Account account;
    account.jid = "551199887766:33@s.whatsapp.net";
    account.signed_device_identity = {1};
    account.paired_at = clock_.now().wall;
    store::put_account(transaction, account);
    store_.commit(transaction.take(), [](const Status&) {});
  }

  /// A new process on a new socket, logged in. What was sent before is forgotten.
  void log_in() {
    sent_.clear();
    works_.clear();
    channel_.reset();
    session_.emplace(config_, store_, kOwner, random_);
    protocol::OpenOptions options;
    options.resumption = protocol::Resumption::kForbidden;
    session_->on_channel_open(options, clock_.now());
    drain();
    shake_hands();
    stanza(Node("success").with("t", std::to_string(unix_seconds(clock_.now().wall))));
  }

  void stanza(const Node& node) {
    session_->on_bytes(*protocol::wire::encode_frame_bytes(*channel_->encrypt(protocol::wire::encode_frame(node))),
                       clock_.now());
    drain();
  }

  /// The oldest iq of namespace `encrypt` that was sent and not taken yet, with this child.
  std::optional<Node> take(std::string_view child) {
    for (auto at = sent_.begin(); at != sent_.end(); ++at) {
      if (at->attribute("xmlns") != "encrypt" || at->find(child) == nullptr) continue;
      Node found = std::move(*at);
      sent_.erase(at);
      return found;
    }
    return std::nullopt;
  }
  /// Answers the iq that `take` gives; false where there is none.
  [[nodiscard]] bool answer(std::string_view child, std::optional<Node> content = std::nullopt) {
    const auto iq = take(child);
    if (!iq) return false;
    Node result = reply(*iq, "result");
    if (content) result.child(std::move(*content));
    stanza(result);
    return true;
  }
  [[nodiscard]] bool refuse(std::string_view child, unsigned code, std::string_view backoff = {}) {
    const auto iq = take(child);
    if (!iq) return false;
    stanza(reply(*iq, "error")
               .child(Node("error").with("code", std::to_string(code)).with("text", "no").with("backoff", backoff)));
    return true;
  }
  [[nodiscard]] bool answer_count(std::size_t count) {
    return answer("count", Node("count").with("value", std::to_string(count)));
  }
  void notify(Node child) {
    stanza(Node("notification")
               .with("from", protocol::wire::server_jid())
               .with("type", "encrypt")
               .with("id", "n" + std::to_string(++notifications_))
               .child(std::move(child)));
  }
  void notify_count(std::string_view value) { notify(Node("count").with("value", value)); }

  /// Lets time pass, stopping at every deadline.
  void run_for(Milliseconds duration) {
    const Mono end = clock_.now().mono + duration;
    for (auto due = session_->next_deadline(); due && *due <= end; due = session_->next_deadline()) {
      clock_.advance_to(*due);
      session_->on_deadline(clock_.now());
      drain();
    }
    clock_.advance_to(end);
  }

  /// Does the oldest work that waits; false where none does.
  bool finish_work(std::optional<Error> failure = std::nullopt) {
    if (works_.empty()) return false;
    const protocol::StartWork work = std::move(works_.front());
    works_.pop_front();
    Result<Bytes> result = failure ? Result<Bytes>(*failure) : Result<Bytes>(protocol::run_work(work.request));
    session_->on_work_done(work.id, work.epoch, std::move(result), clock_.now());
    drain();
    return true;
  }

  /// Messages of event::Refused since the last call.
  std::vector<std::string> refusals() {
    std::vector<std::string> out;
    for (const auto& event : events_) {
      if (const auto* refused = std::get_if<protocol::event::Refused>(&event)) out.push_back(refused->why.message);
    }
    events_.clear();
    return out;
  }

  store::Credentials credentials() const { return std::move(**store::get_credentials({store_, kOwner})); }
  store::PrekeyState state() const { return store::get_prekey_state({store_, kOwner})->value_or(store::PrekeyState{}); }

  static inline const store::Owner kOwner = "instance-1";
  VirtualClock clock_{{Mono(Seconds(1000)), ChainBuilder::inside()}};
  FaultyStore store_;
  SeededRandom random_{1};
  protocol::SessionConfig config_ = vector_config();
  std::optional<protocol::Session> session_;
  std::vector<Node> sent_;  ///< by the session, without pings, acks and app state, of which there is none
  std::vector<protocol::Event> events_;
  std::deque<protocol::StartWork> works_;
  bool hold_work_ = false;

 private:
  static Node reply(const Node& iq, std::string_view type) {
    return Node("iq")
        .with("from", protocol::wire::server_jid())
        .with("type", type)
        .with("id", iq.attribute("id").value_or(""));
  }

  void shake_hands() {
    const Bytes hello = std::exchange(bytes_, {}).at(0);
    constexpr std::size_t kPrologue = 4;
    constexpr std::size_t kLength = 3;
    const auto answer =
        responder_.answer(ByteView(hello).subspan(kPrologue + kLength), responder_.chain.bytes()).SerializeAsString();
    session_->on_bytes(*protocol::wire::encode_frame_bytes(as_bytes(answer)), clock_.now());
    drain();
    const Bytes finish = std::exchange(bytes_, {}).at(0);
    (void)responder_.read_finish(ByteView(finish).subspan(kLength));
    channel_.emplace(responder_.state->split(), protocol::noise::Channel::Role::kServer);
  }

  void drain() {
    while (auto output = session_->poll_output()) {
      if (auto* bytes = std::get_if<protocol::SendBytes>(&*output)) {
        receive(std::move(bytes->bytes));
      } else if (auto* commit = std::get_if<protocol::Commit>(&*output)) {
        store_.commit(std::move(commit->batch), [this](const Status& status) { session_->on_committed(status); });
      } else if (auto* work = std::get_if<protocol::StartWork>(&*output)) {
        works_.push_back(*work);
        if (!hold_work_) finish_work();
      } else if (auto* emit = std::get_if<protocol::Emit>(&*output)) {
        events_.push_back(std::move(emit->event));
      }
    }
  }

  void receive(Bytes bytes) {
    if (!channel_) return bytes_.push_back(std::move(bytes));
    const auto plaintext = channel_->decrypt(ByteView(bytes).subspan(3));
    ASSERT_TRUE(plaintext.ok());
    auto node = protocol::wire::decode_frame(*plaintext);
    ASSERT_TRUE(node.ok());
    if (node->attribute("xmlns") == "w:p") {
      say(reply(*node, "result"));
    } else if (node->attribute("xmlns") == "w:sync:app:state") {
      say(reply(*node, "result").child(*node->find("sync")));
    } else if (node->tag != "ack") {
      sent_.push_back(std::move(*node));
    }
  }

  void say(const Node& node) {
    const Bytes frame = *channel_->encrypt(protocol::wire::encode_frame(node));
    session_->on_bytes(*protocol::wire::encode_frame_bytes(frame), clock_.now());
  }

  NoiseResponder responder_;
  std::optional<protocol::noise::Channel> channel_;
  std::vector<Bytes> bytes_;  ///< messages of the handshake
  unsigned notifications_ = 0;
};

}  // namespace ponte::test
