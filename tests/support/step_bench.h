// Steps without a session around them: one part of the protocol, its store, and what it sends and tells.
#pragma once

#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "protocol/session/connection.h"
#include "protocol/session/link_state.h"
#include "protocol/session/step.h"
#include "protocol/wire/node_codec.h"
#include "store/keys.h"
#include "store/memory_store.h"
#include "support/noise_responder.h"
#include "support/scripted_random.h"
#include "support/virtual_clock.h"

namespace ponte::test {

/// A device that is logged in. Each `run` is a step: what it wrote is committed, what it sent and told is kept, unless
/// it failed; then nothing of it is real.
class StepBench : private protocol::StanzaObserver {
 public:
  StepBench() {
    config.root_key = server_.chain.root.public_key;
    config.observer = this;
    clock.set_wall(ChainBuilder::inside());
    link.credentials.noise = key_pair_of(0x41);
    connect();
  }

  /// A new connection, logged in. What belonged to the old one is over.
  void connect() {
    link.close();
    ++link.epoch;
    iqs.reset({1, static_cast<std::uint8_t>(link.epoch)});
    connection_.emplace(config, link.credentials.noise, std::nullopt, random);
    const Bytes hello = connection_->first_message({}).value();
    const auto answer = server_.answer(ByteView(hello).subspan(7), server_.chain.bytes());
    const auto finished =
        connection_->finish(as_bytes(answer.SerializeAsString()), as_bytes("payload"), clock.now().wall);
    if (!finished.ok()) throw std::runtime_error("StepBench: " + finished.error().message);
    link.phase = protocol::Phase::kOnline;
  }

  template <typename Body>
  Status run(Body body) {
    const Now now = clock.now();
    store::Transaction transaction(store, kOwner);
    store::Transaction chats(store, kChats);
    std::deque<protocol::Output> out;
    std::vector<protocol::Told> told_now;
    protocol::Step step{now, transaction, chats, random, config, link, iqs, &*connection_, out, told_now};
    Status status = body(step);
    std::vector<protocol::wire::Node> stanzas = std::exchange(sealing_, {});
    if (!status.ok()) return status;
    store::WriteBatch batch = transaction.take();
    batch.join(chats.take());
    durabilities.push_back(batch.empty() ? std::nullopt : std::optional(batch.durability));
    store.commit(std::move(batch), [](const Status&) {});
    std::move(stanzas.begin(), stanzas.end(), std::back_inserter(sent));
    std::move(told_now.begin(), told_now.end(), std::back_inserter(told));
    for (protocol::Output& output : out) {
      if (auto* emit = std::get_if<protocol::Emit>(&output)) events.push_back(std::move(emit->event));
    }
    return status;
  }

  /// The oldest stanza that was not taken yet; an empty node where there is none.
  protocol::wire::Node take_sent() {
    if (sent.empty()) return {};
    protocol::wire::Node node = std::move(sent.front());
    sent.pop_front();
    return node;
  }
  /// Answers an iq of ours: `child` within a result.
  Status answer(const protocol::wire::Node& iq, protocol::wire::Node child) {
    return reply(protocol::wire::Node("iq").with("type", "result").child(std::move(child)), iq);
  }
  Status refuse(const protocol::wire::Node& iq, const std::string& code) {
    return reply(
        protocol::wire::Node("iq").with("type", "error").child(protocol::wire::Node("error").with("code", code)), iq);
  }
  /// Time passes, and iqs run out.
  Status advance(Milliseconds duration) {
    clock.advance(duration);
    return run([this](protocol::Step& step) { return iqs.on_deadline(step); });
  }

  template <typename Event>
  std::vector<Event> all() const {
    std::vector<Event> out;
    for (const auto& event : events) {
      if (const Event* found = std::get_if<Event>(&event)) out.push_back(*found);
    }
    return out;
  }

  static inline const store::Owner kOwner = "bench";
  static inline const store::Owner kChats = store::keys::chats_owner(kOwner);
  VirtualClock clock;
  store::MemoryStore store;
  SeededRandom random{9};
  protocol::SessionConfig config;
  protocol::LinkState link;
  protocol::IqTracker iqs;
  std::deque<protocol::wire::Node> sent;
  std::vector<protocol::Event> events;
  std::vector<protocol::Told> told;
  std::vector<std::optional<store::Durability>> durabilities;  ///< of each step; nullopt where it wrote nothing

 private:
  void on_stanza(Direction direction, ByteView plaintext) override {
    if (direction == Direction::kOut) sealing_.push_back(protocol::wire::decode_frame(plaintext).value());
  }
  Status reply(protocol::wire::Node node, const protocol::wire::Node& iq) {
    node.with("id", iq.attribute("id").value_or(""));
    return run([&](protocol::Step& step) -> Status {
      PONTE_ASSIGN(const bool expected, iqs.on_reply(step, node));
      return expected ? Status::Ok() : Error{Errc::kInternal, Cause::kInternal, "nobody waits for that answer"};
    });
  }

  NoiseResponder server_;
  std::optional<protocol::Connection> connection_;
  std::vector<protocol::wire::Node> sealing_;
};

}  // namespace ponte::test
