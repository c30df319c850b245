// The server's answers that messages depend on: who has which devices, and who is in which group
// (wire: messages.md 3.3, 8.6, 8.7).
#pragma once

#include "protocol/wire/node.h"
#include "simulator/iq_answers.h"

namespace ponte::simulator {

/// Namespace `usync`: devices, LIDs and whether somebody is on WhatsApp, by number or by LID.
protocol::wire::Node answer_usync(const protocol::wire::Node& request, Asking& asking);

/// `<key><user jid/>...</key>` of namespace `encrypt`: bundles of devices. One-time prekeys are used up.
protocol::wire::Node answer_bundles(const protocol::wire::Node& request, Asking& asking);

/// Namespace `w:g2`: metadata, and changes of the members.
protocol::wire::Node answer_groups(const protocol::wire::Node& request, Asking& asking);

/// Who changes the members of a group, and how. Everybody in it is told, and who leaves it.
struct MemberChange {
  enum class Kind { kAdd, kRemove };
  Kind kind = Kind::kAdd;
  std::string by;  ///< number
  std::vector<std::string> numbers;
};
void change_members(World& world, Group& group, const MemberChange& change, const Now& now);
/// A new group; its members are told. `numbers`: without the creator.
Group& create_group(World& world, const std::string& subject, const std::string& creator,
                    const std::vector<std::string>& numbers, Addressing addressing, const Now& now);

}  // namespace ponte::simulator
