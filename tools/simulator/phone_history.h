// What a phone tells its companions of the past (wire: messages.md 4). Chats and messages follow from the plan alone,
// so that what is asked for later fits what was told before.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "e2e.pb.h"
#include "history.pb.h"
#include "protocol/wire/jid.h"
#include "simulator/accounts.h"
#include "simulator/history_plan.h"

namespace ponte::simulator {

struct World;
class PhoneMessaging;

/// One message of one chat. `index` counts from the newest, which is 0.
struct HistoryPlace {
  unsigned chat = 0;
  unsigned index = 0;
};

/// The past as the plan has it, seen from the phone.
class History {
 public:
  /// Makes the contacts and groups that are in it.
  History(World& world, Account& account, const HistoryPlan& plan);

  const HistoryPlan& plan() const { return plan_; }
  unsigned chats() const { return plan_.chats + plan_.groups; }
  protocol::wire::Jid chat_jid(unsigned chat) const { return chats_.at(chat); }
  /// The id of a message, and back; nullopt for one that is not of the past.
  std::string id_of(const HistoryPlace& place) const;
  std::optional<HistoryPlace> place_of(std::string_view id) const;
  proto::WebMessageInfo message(const HistoryPlace& place) const;

  /// The newest message of each chat, with who is who.
  proto::HistorySync bootstrap() const;
  /// The push names.
  proto::HistorySync push_names() const;
  /// The `number`th of plan().chunks, counted from 1: a share of the older messages of every chat, newest first.
  proto::HistorySync chunk(unsigned number, bool full) const;
  /// Up to `count` messages of one chat that are older than the place.
  proto::HistorySync older(const HistoryPlace& than, unsigned count) const;

 private:
  proto::Conversation conversation(unsigned chat) const;
  bool is_group(unsigned chat) const { return chat >= plan_.chats; }
  const Account& other(unsigned chat) const;

  World& world_;
  Account& account_;
  HistoryPlan plan_;
  std::vector<protocol::wire::Jid> chats_;
};

/// Tells a companion of it, in messages of the phone: bootstrap, push names, then chunk by chunk.
Status tell_history(World& world, PhoneMessaging& phone, std::uint16_t companion, const HistoryPlan& plan,
                    const Now& now);
/// The keys of the account's app state, to one companion.
Status share_app_state_keys(World& world, PhoneMessaging& phone, std::uint16_t companion, const Now& now);
/// A linked companion is there for the first time and can be written to: it gets what the admin has planned for it.
void greet_companion(World& world, Account& account, std::uint16_t companion, const Now& now);
/// A companion has asked its phone for something (wire: messages.md 2.8, 4.6, 5.1).
void answer_companion(World& world, PhoneMessaging& phone, std::uint16_t companion, const std::string& id,
                      const proto::ProtocolMessage& request, const Now& now);

}  // namespace ponte::simulator
