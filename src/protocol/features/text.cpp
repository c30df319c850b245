#include "protocol/features/text.h"

#include <map>

#include "protocol/features/answers.h"
#include "protocol/messages/kept.h"
#include "protocol/messages/lid_map.h"
#include "protocol/messages/message_id.h"
#include "protocol/messages/reading.h"
#include "protocol/messages/send_queue.h"

namespace ponte::protocol::features {
namespace {

using namespace messages;

/// `conversation`, or `extendedTextMessage` where it needs context.
Result<proto::Message> text_message(Step& step, const OutgoingText& text) {
  proto::Message message;
  message.mutable_message_context_info()->set_message_secret(to_text(step.random.array<32>()));
  if (!text.reply_to && text.mentions.empty() && !text.mention_all) {
    message.set_conversation(text.text);
    return message;
  }
  proto::ExtendedTextMessage& extended = *message.mutable_extended_text_message();
  extended.set_text(text.text);
  for (const wire::Jid& mentioned : text.mentions)
    extended.mutable_context_info()->add_mentioned_jid(mentioned.without_device().to_string());
  if (text.mention_all) extended.mutable_context_info()->set_non_jid_mentions(1);
  if (text.reply_to) {
    PONTE_TRY(quote(step, text.reply_chat.value_or(text.to), *text.reply_to, *extended.mutable_context_info()));
    if (text.reply_chat) extended.mutable_context_info()->set_remote_jid(text.reply_chat->without_device().to_string());
  }
  return message;
}

Result<Draft> draft_of(Step& step, const command::SendText& request) {
  const OutgoingText& text = request.text;
  const bool writable = is_user(text.to) || is_group(text.to);
  if (!writable || !is_nameable(text.to))
    return Error{Errc::kInvalidArgument, Cause::kInvalidNumber, "send: not the address of somebody, nor of a group"};
  if (text.id && !is_message_id(*text.id))
    return Error{Errc::kInvalidArgument, Cause::kInvalidRequest, "send: the id is not 1 to 128 printable characters"};
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  Draft draft;
  draft.tickets = {request.ticket};
  draft.id = text.id ? *text.id : message_id(step.link.server_time(step.now), own.pn, step.random.array<16>());
  draft.to = plain(text.to).without_device();
  draft.source = text.source;
  PONTE_ASSIGN(const proto::Message message, text_message(step, text));
  draft.content = to_bytes(message.SerializeAsString());
  return draft;
}

}  // namespace

Status send_text(Step& step, const command::SendText& request) {
  const auto refuse = [&](const Error& why) {
    step.emit(event::SendEnded{request.ticket, why});
    return Status::Ok();
  };
  if (const auto why = not_connected(step)) return refuse(*why);
  if (request.text.id) {
    // The same id again is the same message.
    PONTE_ASSIGN(auto sent, sent_before(step, *request.text.id));
    if (sent) {
      step.emit(event::SendEnded{request.ticket, std::move(*sent)});
      return Status::Ok();
    }
  }
  auto draft = draft_of(step, request);
  if (!draft.ok()) return draft.error().code == Errc::kStorage ? Status(draft.error()) : refuse(draft.error());
  const Status queued = enqueue(step, std::move(*draft));
  if (queued.ok() || queued.error().cause != Cause::kOverloaded) return queued;
  return refuse(queued.error());
}

Status mark_read(Step& step, const command::MarkRead& request) {
  if (const auto why = not_connected(step)) return answer(step, request.ticket, *why);
  const Status read = mark_as_read(step, request.chat, request.ids);
  if (!read.ok() && read.error().code == Errc::kStorage) return read;
  return answer(step, request.ticket, read);
}

Status send_chat_state(Step& step, const command::SendChatState& request) {
  if (const auto why = not_connected(step)) return answer(step, request.ticket, *why);
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  PONTE_ASSIGN(const auto other, other_address(step, request.to));
  const wire::Jid to = is_pn(request.to) && other ? *other : request.to;
  wire::Node state(request.state == ChatState::kPaused ? "paused" : "composing");
  state.with("media", request.state == ChatState::kRecording ? "audio" : "");
  wire::Node node("chatstate");
  node.with("to", to.without_device());
  node.with("from", (is_lid(to) && own.lid ? *own.lid : own.pn).without_device());
  node.child(std::move(state));
  PONTE_TRY(step.send(node));
  return answer(step, request.ticket, Status::Ok());
}

}  // namespace ponte::protocol::features
