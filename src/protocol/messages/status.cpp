#include "protocol/messages/status.h"

#include <algorithm>
#include <iterator>

#include "protocol/handlers/handlers.h"
#include "protocol/messages/kept.h"
#include "protocol/messages/lid_map.h"
#include "protocol/messages/retry_answer.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::messages {
namespace {

using Kind = StatusChange::Kind;

constexpr std::size_t kMostIds = 1024;

struct Row {
  std::string_view type;
  Kind kind;
};

constexpr Row kRows[] = {
    {"", Kind::kDelivered},
    {"inactive", Kind::kInactive},
    {"sender", Kind::kSender},
    {"read", Kind::kRead},
    {"read-self", Kind::kReadSelf},
    {"played", Kind::kPlayed},
    {"played-self", Kind::kPlayedSelf},
    {"server-error", Kind::kServerError},
};

std::vector<std::string> ids_of(const wire::Node& receipt) {
  std::vector<std::string> ids;
  const auto add = [&ids](const std::optional<std::string>& id) {
    if (id && is_message_id(*id) && ids.size() < kMostIds) ids.push_back(*id);
  };
  add(receipt.attribute("id"));
  if (const wire::Node* list = receipt.find("list")) {
    for (const wire::Node& item : list->children()) add(item.attribute("id"));
  }
  return ids;
}

/// Who says it, and in which chat.
struct Speaker {
  wire::Jid chat;
  wire::Jid actor;
};

std::optional<Speaker> speaker_of(const wire::Node& receipt, const OwnAddress& own) {
  const auto from = receipt.jid("from");
  if (!from || !is_nameable(*from)) return std::nullopt;
  if (is_user(*from)) {
    // One of our own devices speaks of a chat with somebody else.
    const auto recipient = receipt.jid("recipient");
    const bool of_other = own.is_own(*from) && recipient && is_nameable(*recipient);
    return Speaker{of_other ? *recipient : *from, *from};
  }
  const auto participant = receipt.jid("participant");
  if (!participant || !is_nameable(*participant)) return std::nullopt;
  return Speaker{*from, *participant};
}

Status take_change(Step& step, const wire::Node& receipt, Kind kind, const Speaker& speaker) {
  StatusChange change;
  change.kind = kind;
  change.message_ids = ids_of(receipt);
  if (change.message_ids.empty()) return Status::Ok();
  PONTE_ASSIGN(change.chat, chat_of(step, speaker.chat));
  PONTE_ASSIGN(change.actor, party_of(step, speaker.actor));
  const auto t = receipt.number("t");
  change.at = t ? Wall(Seconds(static_cast<std::int64_t>(*t & 0xFFFF'FFFF))) : step.link.server_time(step.now);
  return keep_status(step, std::move(change));
}

/// A group's receipts may come in one stanza: `<participants key="ID"><user jid t/>`.
Status take_participants(Step& step, const wire::Node& receipt, Kind kind) {
  const auto from = receipt.jid("from");
  for (const wire::Node& participants : receipt.children()) {
    const auto id = participants.attribute("key");
    if (participants.tag != "participants" || !id || !from || !is_nameable(*from)) continue;
    for (const wire::Node& user : participants.children()) {
      const auto jid = user.jid("jid");
      if (user.tag != "user" || !jid || !is_nameable(*jid) || !is_user(*jid)) continue;
      wire::Node single("receipt");
      single.with("id", *id).with("t", user.attribute("t").value_or(""));
      PONTE_TRY(take_change(step, single, kind, {*from, *jid}));
    }
  }
  return Status::Ok();
}

}  // namespace

Status receive_receipt(Step& step, const wire::Node& receipt) {
  PONTE_TRY(handlers::send_ack(step, receipt, handlers::AckType::kCopied));
  const std::string type = receipt.attribute("type").value_or("");
  if (type == "retry") return answer_retry(step, receipt);
  const Row* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.type == type; });
  if (row == std::end(kRows)) return Status::Ok();
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  if (receipt.find("participants") != nullptr) return take_participants(step, receipt, row->kind);
  const auto speaker = speaker_of(receipt, own);
  return speaker ? take_change(step, receipt, row->kind, *speaker) : Status::Ok();
}

}  // namespace ponte::protocol::messages
