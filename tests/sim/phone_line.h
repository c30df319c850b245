// A linked session and phones that really encrypt, on the simulator's server.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/hand_made_peer.h"
#include "simulator/admin.h"
#include "simulator/phone_messaging.h"

namespace ponte::test {

/// What a test asks of the phones goes through the admin API, as in end-to-end tests.
class PhoneLine : public MessageLine {
 public:
  using Json = nlohmann::json;

  static inline const std::string kPeer = "5511999990001";
  static inline const std::string kThird = "5511999990002";

  explicit PhoneLine(std::uint64_t seed = 1) : MessageLine(seed) { phone_.number = kNumber; }

  Json admin(const std::string& name, const Json& body) {
    Json answer;
    int status = 0;
    simulator::handle_admin(server_, {"POST", "/admin/" + name, body.dump()}, now(),
                            Reply<simulator::AdminResponse>([&](Result<simulator::AdminResponse> response) {
                              status = response->status;
                              answer = Json::parse(response->body);
                            }));
    EXPECT_EQ(status, 200) << name << ": " << answer.dump();
    settle();
    return answer;
  }

  simulator::Account& phone_account(const std::string& number) { return server_.world().accounts.get(number); }
  simulator::PhoneMessaging& phone(const std::string& number) {
    return server_.world().phones.phone(phone_account(number));
  }
  protocol::wire::Jid lid(const std::string& number) { return phone_account(number).lid(0); }
  protocol::wire::Jid pn(const std::string& number) { return phone_account(number).jid(0); }

  std::vector<std::string> read_by(const std::string& number) {
    std::vector<std::string> out;
    for (const auto& message : phone(number).read()) {
      if (!message.text.empty()) out.push_back(message.text);
    }
    return out;
  }

  protocol::messages::Ticket send(const protocol::wire::Jid& to, const std::string& text,
                                  std::optional<std::string> id = std::nullopt) {
    protocol::command::SendText command;
    command.ticket = ++tickets_;
    command.text.to = to;
    command.text.text = text;
    command.text.id = std::move(id);
    run(command);
    return command.ticket;
  }
  /// How the send ended; null while it has not.
  const Result<protocol::messages::SentMessage>* ended_send(protocol::messages::Ticket ticket) const {
    for (const auto& event : events_) {
      const auto* ended = std::get_if<protocol::event::SendEnded>(&event);
      if (ended != nullptr && ended->ticket == ticket) return &ended->result;
    }
    return nullptr;
  }
  std::string outcome(protocol::messages::Ticket ticket) const {
    const auto* result = ended_send(ticket);
    if (result == nullptr) return "waits";
    return result->ok() ? "sent" : std::string(cause_name(result->error().cause));
  }
  std::vector<protocol::messages::StatusChange> changes() const {
    std::vector<protocol::messages::StatusChange> out;
    for (const auto& event : told<protocol::event::StatusChanged>()) out.push_back(event.change);
    return out;
  }

  /// Its JID.
  protocol::wire::Jid group(const std::vector<std::string>& members, const std::string& addressing = "lid") {
    const Json made =
        admin("group", {{"subject", "Three"}, {"creator", kPeer}, {"members", members}, {"addressing", addressing}});
    return jid_of(made["id"].get<std::string>());
  }

 private:
  protocol::messages::Ticket tickets_ = 0;
};

}  // namespace ponte::test
