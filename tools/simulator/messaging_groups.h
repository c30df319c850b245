// The groups that the simulator's server knows (wire: messages.md 8.6).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "protocol/wire/node.h"
#include "simulator/accounts.h"

namespace ponte::simulator {

/// Under which of their two addresses people are named.
enum class Addressing { kLid, kPn };
/// `lid` or `pn`, as attributes have it.
std::string_view addressing_name(Addressing addressing);

/// One group. Members are phones, by their numbers.
struct Group {
  enum class Rank { kMember, kAdmin, kSuperAdmin };

  protocol::wire::Jid jid;
  std::string subject;
  std::string creator;  ///< number
  Wall created_at{};
  Addressing addressing = Addressing::kLid;
  std::map<std::string, Rank> members;
  unsigned version = 1;  ///< grows with each change of the members

  bool has(const std::string& number) const { return members.count(number) != 0; }
};

/// All groups. One thread. Their ids follow from the seed and from how many there were before.
class Groups {
 public:
  explicit Groups(const Seed& seed) : seed_(seed) {}

  /// The creator is a member and its superadmin.
  Group& create(const std::string& subject, const std::string& creator, Addressing addressing, Wall wall);
  /// By JID; null where there is none.
  Group* find(const protocol::wire::Jid& jid);
  /// By JID or by the part in front of its '@'.
  Group* find(const std::string& text);
  /// Of which the phone is a member, by JID.
  std::vector<const Group*> of(const std::string& number) const;
  const std::map<std::string, std::unique_ptr<Group>>& all() const { return groups_; }
  void clear() { groups_.clear(); }

 private:
  Seed seed_;
  std::uint64_t made_ = 0;
  std::map<std::string, std::unique_ptr<Group>> groups_;  ///< by user part; pointers: they are held on to
};

/// `<group id subject ...><participant/>...</group>`, as an answer to `query`.
protocol::wire::Node group_node(const Group& group, Accounts& accounts);
/// `<participant jid lid|phone_number [type]/>` in the group's addressing.
protocol::wire::Node participant_node(const Group& group, const Account& account);

}  // namespace ponte::simulator
