#include "protocol/messages/source.h"

namespace ponte::protocol::messages {
namespace {

Error malformed(const std::string& what) {
  return {Errc::kMalformed, Cause::kNodeMalformed, "message: " + what};
}

Result<wire::Jid> address(const wire::Node& message, std::string_view key) {
  const auto jid = message.jid(key);
  if (!jid) return malformed("no address in " + std::string(key));
  if (!is_nameable(*jid)) return malformed("the address in " + std::string(key) + " has other characters than a name");
  return *jid;
}

/// `jid` and what the stanza says in `key` as the other address of the same device; nullopt unless it is one.
std::optional<AddressPair> pair_of(const wire::Node& message, const wire::Jid& jid, std::string_view key) {
  auto other = message.jid(key);
  if (!other || !is_nameable(*other)) return std::nullopt;
  const wire::Jid one = plain(jid);
  const wire::Jid two = plain(*other);
  if (is_pn(one) && is_lid(two)) return AddressPair{one.without_device(), two.without_device()};
  if (is_lid(one) && is_pn(two)) return AddressPair{two.without_device(), one.without_device()};
  return std::nullopt;
}

Source::Kind kind_of(const wire::Jid& from) {
  if (is_group(from)) return Source::Kind::kGroup;
  if (from.server == wire::kBroadcastServer) return Source::Kind::kBroadcast;
  if (is_newsletter(from)) return Source::Kind::kNewsletter;
  return Source::Kind::kUser;
}

/// One to one: from somebody, or a copy of what another device of ours sent.
Status resolve_user(Source& source, const wire::Node& message, const wire::Jid& from, const OwnAddress& own) {
  source.sender = plain(from);
  source.from_me = own.is_own(source.sender);
  if (!source.from_me) {
    source.chat = source.sender.without_device();
    source.sender_pair = pair_of(message, from, is_lid(from) ? "sender_pn" : "sender_lid");
    return Status::Ok();
  }
  if (!message.attribute("recipient")) {
    source.chat = source.sender.without_device();
    return Status::Ok();
  }
  PONTE_ASSIGN(const wire::Jid recipient, address(message, "recipient"));
  source.chat = plain(recipient).without_device();
  const bool lid = is_lid(recipient);
  source.chat_pair = pair_of(message, recipient, lid ? "peer_recipient_pn" : "peer_recipient_lid");
  if (!source.chat_pair) source.chat_pair = pair_of(message, recipient, lid ? "recipient_pn" : "recipient_lid");
  return Status::Ok();
}

}  // namespace

Result<Source> resolve_source(const wire::Node& message, const OwnAddress& own, Wall fallback) {
  Source source;
  source.id = message.attribute("id").value_or("");
  if (!is_message_id(source.id)) return malformed("its id is not 1 to 128 printable characters");
  PONTE_ASSIGN(const wire::Jid from, address(message, "from"));
  source.kind = kind_of(from);
  const auto t = message.number("t");
  constexpr std::uint64_t kEndOfDates = 253'402'300'799;  // 9999-12-31T23:59:59Z
  source.at = t && *t <= kEndOfDates ? Wall(Seconds(static_cast<std::int64_t>(*t))) : fallback;
  source.peer = message.attribute("category") == "peer";
  // Its presence counts, "0" too.
  source.offline = message.attribute("offline").has_value();
  source.push_name = message.attribute("notify").value_or("");
  if (source.push_name == "-") source.push_name.clear();
  source.edit = message.attribute("edit").value_or("");
  switch (source.kind) {
    case Source::Kind::kUser:
      if (!is_user(from) && from.server != "bot") return malformed("its sender is neither a user nor a group");
      PONTE_TRY(resolve_user(source, message, from, own));
      return source;
    case Source::Kind::kNewsletter: source.chat = source.sender = from; return source;
    case Source::Kind::kGroup:
    case Source::Kind::kBroadcast: break;
  }
  PONTE_ASSIGN(const wire::Jid participant, address(message, "participant"));
  source.chat = from;
  source.sender = plain(participant);
  source.from_me = own.is_own(source.sender);
  source.sender_pair = pair_of(message, participant, is_lid(participant) ? "participant_pn" : "participant_lid");
  return source;
}

}  // namespace ponte::protocol::messages
