// What a message costs beside its sockets and its disk: CPU time inside the session alone, with phones that really
// encrypt on the simulator's core, and a store in memory. libsignal's own share stands in parts_signal.cpp.
#include <benchmark/benchmark.h>

#include "bench/parts.h"
#include "bench/session_line.h"
#include "crypto/system_random.h"
#include "e2e.pb.h"
#include "simulator/phone_messaging.h"

namespace ponte::bench {
namespace {

const Now kStart{Mono(Milliseconds(1'000'000)), Wall(Milliseconds(1'750'000'000'000))};
constexpr char kPeer[] = "5511999990001";
constexpr char kThird[] = "5511999990002";

/// A linked session, and phones to write with.
struct Chatting {
  Chatting() {
    config.root_key = server.root_key();
    config.version = {2, 3000, 1045649367};
    config.device_name = "Chrome (Linux)";
    line = std::make_unique<SessionLine>(config, store, "instance-1", server, random, kStart);
    line->open();
    linked = line->pair_and_log_in();
  }

  simulator::World& world() { return server.world(); }
  simulator::PhoneMessaging& phone(const std::string& number) {
    return world().phones.phone(world().accounts.get(number));
  }
  /// The account that was linked: the one with a companion.
  std::string own_number() {
    for (const auto& [number, account] : world().accounts.all()) {
      if (!account->companions.empty()) return number;
    }
    return "";
  }

  bool write(const std::string& from, const protocol::wire::Jid& chat) {
    proto::Message message;
    message.set_conversation("A text of a length that people write to each other, more or less.");
    simulator::Outgoing outgoing;
    outgoing.chat = chat;
    const std::string bytes = message.SerializeAsString();
    outgoing.message = to_bytes(bytes);
    if (!phone(from).send(outgoing, kStart).ok()) return false;
    world().router.settle(kStart);
    line->settle();
    return true;
  }

  void send(const protocol::wire::Jid& to) {
    protocol::command::SendText command;
    command.text.to = to;
    command.text.text = "A text of a length that people write to each other, more or less.";
    line->run(command);
  }

  crypto::SystemRandom random;
  simulator::SimServer server{{}, random};
  store::MemoryStore store;
  protocol::SessionConfig config;
  std::unique_ptr<SessionLine> line;
  bool linked = false;
};

void received(benchmark::State& state) {
  Chatting chatting;
  if (!chatting.linked) return state.SkipWithError("not linked");
  const auto own = chatting.world().accounts.get(chatting.own_number()).lid(0);
  for (auto _ : state) {
    const double before = chatting.line->session_seconds();
    if (!chatting.write(kPeer, own)) return state.SkipWithError("not sent");
    state.SetIterationTime(chatting.line->session_seconds() - before);
  }
}

void sent(benchmark::State& state) {
  Chatting chatting;
  if (!chatting.linked) return state.SkipWithError("not linked");
  chatting.phone(kPeer);
  const auto to = chatting.world().accounts.get(kPeer).lid(0);
  chatting.send(to);
  const auto read = chatting.phone(kPeer).read().size();
  std::uint64_t count = 0;
  for (auto _ : state) {
    const double before = chatting.line->session_seconds();
    chatting.send(to);
    state.SetIterationTime(chatting.line->session_seconds() - before);
    ++count;
  }
  if (read == 0 || count == 0) state.SkipWithError("the phone has read nothing");
}

void sent_to_group(benchmark::State& state) {
  Chatting chatting;
  if (!chatting.linked) return state.SkipWithError("not linked");
  for (const char* number : {kPeer, kThird}) chatting.phone(number);
  simulator::Group& group = chatting.world().groups.create("Three", kPeer, simulator::Addressing::kLid, kStart.wall);
  for (const std::string& number : {std::string(kThird), chatting.own_number()})
    group.members[number] = simulator::Group::Rank::kMember;
  chatting.send(group.jid);
  for (auto _ : state) {
    const double before = chatting.line->session_seconds();
    chatting.send(group.jid);
    state.SetIterationTime(chatting.line->session_seconds() - before);
  }
  if (chatting.phone(kThird).read().empty()) state.SkipWithError("the phone has read nothing");
}

}  // namespace

void register_message_parts() {
  benchmark::RegisterBenchmark("message, received", received)->UseManualTime();
  benchmark::RegisterBenchmark("text, sent to two phones", sent)->UseManualTime();
  benchmark::RegisterBenchmark("text, sent to a group of three", sent_to_group)->UseManualTime();
}

}  // namespace ponte::bench
