#include "protocol/features/older.h"

#include <utility>

#include "protocol/features/answers.h"
#include "protocol/history/older.h"
#include "protocol/messages/lid_map.h"
#include "protocol/messages/phone_requests.h"
#include "store/message_records.h"

namespace ponte::protocol::features {
namespace {

using history::OlderTime;

struct Asking {
  messages::Ticket ticket = 0;
  history::OldestMessage oldest;
  unsigned count = 0;
};

Status ask(Step& step, Asking asking, OlderTime time) {
  PONTE_ASSIGN(const auto request, history::older_messages_request(step, asking.oldest, asking.count, time));
  const auto sent = messages::send_peer(step, request, {"high_force", true});
  if (!sent.ok()) {
    return sent.error().code == Errc::kStorage ? Status(sent.error()) : answer(step, asking.ticket, sent.error());
  }
  history::expect_older_messages(
      step, *sent, [asking = std::move(asking), time](Step& later, const Result<history::OlderMessages>& came) {
        if (came.ok()) return answer(later, asking.ticket, Status::Ok());
        const bool silent = came.error().cause == Cause::kHistoryUnanswered;
        // Implementations disagree about the time: perhaps this phone reads the other.
        if (silent && time == OlderTime::kSeconds) return ask(later, asking, OlderTime::kMilliseconds);
        return answer(later, asking.ticket, came.error());
      });
  return Status::Ok();
}

}  // namespace

Status request_older(Step& step, const command::RequestOlder& request) {
  if (const auto why = not_connected(step)) return answer(step, request.ticket, *why);
  if (!messages::is_nameable(request.chat)) {
    return answer(step, request.ticket,
                  Error{Errc::kInvalidArgument, Cause::kInvalidNumber, "older messages: no chat"});
  }
  PONTE_ASSIGN(const messages::Chat chat, messages::chat_of(step, request.chat));
  PONTE_ASSIGN(const auto oldest, store::oldest_message(step.chats, chat.jid.to_string()));
  if (!oldest) {
    return answer(step, request.ticket,
                  Error{Errc::kNotFound, Cause::kMessageNotFound,
                        "older messages: none of the chat is known, and they are asked for from the oldest on"});
  }
  return ask(step, {request.ticket, {chat.jid, oldest->id, oldest->from_me, oldest->at}, request.count},
             OlderTime::kSeconds);
}

}  // namespace ponte::protocol::features
