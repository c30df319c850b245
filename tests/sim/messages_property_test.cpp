// Messages through every kind of bad luck: each one surfaces once, or is told to be lost.
#include <gtest/gtest.h>

#include <map>

#include "sim/phone_line.h"
#include "support/sanitized.h"

namespace ponte::test {
namespace {

const std::string kPeer = PhoneLine::kPeer;
const std::string kThird = PhoneLine::kThird;

/// One run: what happens follows from the seed.
class Story {
 public:
  explicit Story(std::uint64_t seed) : random_(seed), line_(seed) {
    line_.log_in();
    line_.admin("phone", {{"number", kPeer}});
    line_.admin("phone", {{"number", kThird}});
    group_ = line_.group({kThird, PhoneLine::kNumber});
  }

  void run(int messages) {
    while (received_ + sent_ < messages) step();
    // Whatever waits to be overtaken is.
    line_.admin("delivery", {{"number", PhoneLine::kNumber}, {"mode", "reorder"}, {"next", 1}});
    line_.admin("send", {{"from", kPeer}, {"to", PhoneLine::kNumber}, {"text", "the last"}});
    line_.admin("delivery", {{"number", PhoneLine::kNumber}, {"mode", "normal"}});
    // Everything that waits comes, and everything that was asked for again is answered.
    for (int i = 0; i < 4; ++i) {
      reconnect();
      line_.run_for(Seconds(90));
    }
  }

  void check() {
    std::map<std::string, int> surfaced;
    std::vector<std::string> order;
    for (const auto& event : line_.told<protocol::event::MessageExchanged>()) {
      ++surfaced[event.message.id];
      if (undisturbed_.contains(event.message.id)) order.push_back(event.message.id);
    }
    std::map<std::string, int> lost;
    for (const auto& event : line_.told<protocol::event::MessageLost>()) ++lost[event.message.id];
    for (const std::string& id : expected_) {
      EXPECT_EQ(surfaced[id] + (lost.contains(id) && surfaced[id] == 0 ? 1 : 0), 1)
          << "message to us " << id << ": " << what_[id];
    }
    std::map<std::string, std::vector<std::string>> got;
    std::map<std::string, std::vector<std::string>> wanted;
    for (const std::string& id : order) got[undisturbed_[id]].push_back(id);
    for (const std::string& id : expected_) {
      if (const auto found = undisturbed_.find(id); found != undisturbed_.end()) wanted[found->second].push_back(id);
    }
    EXPECT_EQ(got, wanted) << "in the order of each chat";
    check_sent();
    // The simulator notes its own damage too.
    for (const auto& violation : line_.server_.world().violations)
      EXPECT_NE(violation.text.find("no message of the Signal protocol"), std::string::npos) << violation.text;
  }

 private:
  unsigned below(unsigned limit) { return random_.array<1>()[0] % limit; }

  void step() {
    const unsigned dice = below(100);
    if (dice < 55) return receive();
    if (dice < 75) return send();
    if (dice < 82) return reconnect();
    if (dice < 88) return kill();
    if (dice < 94) return cut_power();
    if (dice < 97) line_.admin("forget-sessions", {{"number", below(2) == 0 ? kPeer : kThird}});
    line_.run_for(Seconds(1 + below(20)));
  }

  void receive() {
    constexpr const char* kModes[] = {"normal", "normal", "normal", "duplicate", "reorder", "drop"};
    const std::string mode = kModes[below(6)];
    const bool from_third = below(3) == 0;
    const bool to_group = below(3) == 0;
    Json body = {{"from", from_third ? kThird : kPeer}, {"text", "to us " + std::to_string(received_)}};
    body[to_group ? "group" : "to"] = to_group ? group_.to_string() : PhoneLine::kNumber;
    const bool damaged = below(12) == 0;
    if (damaged) body["defect"] = "damaged";
    line_.admin("delivery", {{"number", PhoneLine::kNumber}, {"mode", mode}, {"next", 1}});
    const std::string id = line_.admin("send", body)["ids"][0].get<std::string>();
    ++received_;
    expected_.push_back(id);
    what_[id] = mode + (damaged ? ", damaged" : "") + (to_group ? ", to the group" : "") + ", number " +
                std::to_string(received_);
    const bool smooth = mode == "normal" && !damaged;
    if (smooth) undisturbed_[id] = to_group ? "group" : from_third ? kThird : kPeer;
  }

  void send() {
    const unsigned to = below(3);
    const auto jid = to == 0 ? group_ : to == 1 ? line_.lid(kPeer) : line_.lid(kThird);
    const std::string text = "from us " + std::to_string(sent_++);
    if (line_.session_->phase() != protocol::Phase::kOnline) return reconnect();
    outgoing_[text] = {line_.send(jid, text), to};
  }

  void close() {
    line_.hang_up();
    line_.session_->on_channel_closed(Error{Errc::kUnavailable, Cause::kConnectionClosed, "cut"}, line_.now());
    line_.settle();
  }
  void reconnect() {
    close();
    line_.open();
    line_.run_for(Seconds(12));
  }
  /// The process ends between two inputs.
  void kill() {
    line_.restart();
    line_.run_for(Seconds(12));
  }
  /// The power goes while something is committed: what comes next is not written, and not answered.
  void cut_power() {
    line_.store_.cut_power(1 + below(3));
    if (below(2) == 0) {
      receive();
    } else {
      send();
    }
    line_.store_.lose_power();
    kill();
  }

  void check_sent() {
    std::map<std::string, std::map<std::string, int>> read;
    for (const std::string& number : {kPeer, kThird}) {
      for (const std::string& text : line_.read_by(number)) ++read[number][text];
    }
    for (const auto& [text, send] : outgoing_) {
      const auto& [ticket, to] = send;
      const std::string outcome = line_.outcome(ticket);
      for (const std::string& number : {kPeer, kThird}) {
        const bool addressed = to == 0 || (to == 1) == (number == kPeer);
        if (!addressed) continue;
        EXPECT_LE(read[number][text], 1) << text << " to " << number;
        if (outcome == "sent") EXPECT_EQ(read[number][text], 1) << text << " to " << number;
      }
    }
  }

  using Json = PhoneLine::Json;
  SeededRandom random_;
  PhoneLine line_;
  protocol::wire::Jid group_;
  int received_ = 0;
  int sent_ = 0;
  std::vector<std::string> expected_;
  std::map<std::string, std::string> what_;
  std::map<std::string, std::string> undisturbed_;  ///< id -> chat, of those that nothing was done to
  std::map<std::string, std::pair<protocol::messages::Ticket, unsigned>> outgoing_;
};

/// 10,000 in all, of ten seeds.
constexpr int kMessages = test::kSanitized ? 150 : 1'000;

class MessagesProperty : public ::testing::TestWithParam<int> {};

TEST_P(MessagesProperty, EachSurfacesOnceOrIsToldToBeLost) {
  Story story(static_cast<std::uint64_t>(GetParam()));
  story.run(kMessages);
  story.check();
}

INSTANTIATE_TEST_SUITE_P(Seeds, MessagesProperty, ::testing::Range(1, 11));

}  // namespace
}  // namespace ponte::test
