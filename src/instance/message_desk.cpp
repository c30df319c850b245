#include "instance/message_desk.h"

#include <algorithm>
#include <utility>

#include "protocol/messages/message_id.h"

namespace ponte::instance {

namespace command = protocol::command;
using protocol::messages::OutgoingText;
using protocol::messages::SentMessage;

namespace {

ChatMessage message_of(const SentMessage& sent, std::string source) {
  ChatMessage out;
  out.id = sent.id;
  out.chat = sent.chat;
  out.sender = sent.sender;
  out.from_me = true;
  out.at = sent.at;
  out.content = sent.content;
  out.source = std::move(source);
  out.state = protocol::messages::MessageState::kServerAck;
  return out;
}

}  // namespace

// ---- requests ---------------------------------------------------------------------------------------

std::optional<Error> MessageDesk::refusal() const {
  if (const auto own = outlet_.own(); !own.ok()) return own.error();
  if (waiting_.size() + delayed_.size() + typing_.size() < kMost) return std::nullopt;
  return Error{Errc::kUnavailable, Cause::kOverloaded, "too many requests of this instance's messages wait"};
}

void MessageDesk::send_text(TextRequest request, Reply<SendOutcome> reply) {
  if (const auto refused = refusal()) return reply.answer(*refused);
  if (request.typing <= Milliseconds(0)) return hand_in(std::move(request.text), std::move(reply));
  const Jid to = request.text.to;
  delayed_.push_back({now() + std::min(request.typing, kLongestTyping), std::move(request.text), std::move(reply)});
  tell_state(to, ChatState::kComposing);
}

void MessageDesk::hand_in(OutgoingText text, Reply<SendOutcome> reply) {
  const auto own = outlet_.own();
  if (!own.ok()) return reply.answer(own.error());
  // Drawn here: whoever waits is told the id also where nothing else is known.
  if (!text.id) text.id = protocol::messages::message_id(clock_.now().wall, *own, random_.array<16>());
  const Ticket ticket = wait(Send{*text.id, text.source, std::move(reply)});
  outlet_.run(command::SendText{ticket, std::move(text)});
}

void MessageDesk::mark_read(ReadRequest request, Reply<std::monostate> reply) {
  if (const auto refused = refusal()) return reply.answer(*refused);
  const Ticket ticket = wait(std::move(reply));
  outlet_.run(command::MarkRead{ticket, std::move(request.chat), std::move(request.ids)});
}

void MessageDesk::show_presence(const PresenceRequest& request, Reply<std::monostate> reply) {
  if (const auto refused = refusal()) return reply.answer(*refused);
  const std::string chat = request.to.to_string();
  typing_.erase(chat);
  if (request.state != ChatState::kPaused && request.duration > Milliseconds(0)) {
    typing_.emplace(chat, Typing{request.to, now() + std::min(request.duration, kLongestTyping)});
  }
  const Ticket ticket = wait(std::move(reply));
  outlet_.run(command::SendChatState{ticket, request.to, request.state});
}

void MessageDesk::request_older(const OlderRequest& request, Reply<std::monostate> reply) {
  if (const auto refused = refusal()) return reply.answer(*refused);
  const Ticket ticket = wait(std::move(reply));
  outlet_.run(command::RequestOlder{ticket, request.chat, request.count});
}

void MessageDesk::fetch_media(store::MessageName message, Reply<Bytes> reply) {
  if (const auto refused = refusal()) return reply.answer(*refused);
  const Ticket ticket = wait(std::move(reply));
  outlet_.run(command::FetchMedia{ticket, std::move(message)});
}

void MessageDesk::tell_state(const Jid& to, ChatState state) {
  outlet_.run(command::SendChatState{++last_, to, state});
}

// ---- answers ----------------------------------------------------------------------------------------

MessageDesk::Ticket MessageDesk::wait(Answer answer) {
  waiting_.emplace(++last_, Waiting{std::move(answer), now() + kAnswerWithin});
  return last_;
}

/// Taken out first: an answer may run code that asks for the next thing.
std::optional<MessageDesk::Answer> MessageDesk::take(Ticket ticket) {
  const auto found = waiting_.find(ticket);
  if (found == waiting_.end()) return std::nullopt;
  Answer answer = std::move(found->second.answer);
  waiting_.erase(found);
  return answer;
}

void MessageDesk::on_event(const protocol::event::SendEnded& event) {
  auto answer = take(event.ticket);
  auto* send = answer ? std::get_if<Send>(&*answer) : nullptr;
  if (send == nullptr) return;
  Result<ChatMessage> sent = event.result.ok() ? Result<ChatMessage>(message_of(*event.result, send->source))
                                               : Result<ChatMessage>(event.result.error());
  send->reply.answer(SendOutcome{send->id, std::move(sent)});
}

void MessageDesk::on_event(const protocol::event::CommandEnded& event) {
  auto answer = take(event.ticket);
  auto* reply = answer ? std::get_if<Reply<std::monostate>>(&*answer) : nullptr;
  if (reply == nullptr) return;
  reply->answer(event.status.ok() ? Result<std::monostate>(std::monostate{})
                                  : Result<std::monostate>(event.status.error()));
}

void MessageDesk::on_event(const protocol::event::MediaFetched& event) {
  auto answer = take(event.ticket);
  auto* reply = answer ? std::get_if<Reply<Bytes>>(&*answer) : nullptr;
  if (reply != nullptr) reply->answer(event.bytes);
}

void MessageDesk::answer(Answer answer, const Error& why) {
  if (auto* send = std::get_if<Send>(&answer)) return send->reply.answer(SendOutcome{send->id, why});
  std::visit(
      [&why](auto& waiting) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(waiting)>, Send>) waiting.answer(why);
      },
      answer);
}

// ---- time -------------------------------------------------------------------------------------------

void MessageDesk::on_time(Mono now) {
  std::vector<Jid> paused;
  std::erase_if(typing_, [&](const auto& each) {
    if (each.second.until > now) return false;
    paused.push_back(each.second.to);
    return true;
  });
  const auto due =
      std::stable_partition(delayed_.begin(), delayed_.end(), [now](const Delayed& d) { return d.at > now; });
  std::vector<Delayed> texts(std::make_move_iterator(due), std::make_move_iterator(delayed_.end()));
  delayed_.erase(due, delayed_.end());
  for (const Delayed& each : texts) paused.push_back(each.text.to);
  for (const Jid& chat : paused) {
    if (outlet_.own().ok()) tell_state(chat, ChatState::kPaused);
  }
  for (Delayed& each : texts) hand_in(std::move(each.text), std::move(each.reply));

  std::vector<Ticket> overdue;
  for (const auto& [ticket, waiting] : waiting_) {
    if (waiting.deadline <= now) overdue.push_back(ticket);
  }
  for (const Ticket ticket : overdue) {
    auto late = take(ticket);
    if (!late) continue;
    const bool sends = std::holds_alternative<Send>(*late);
    answer(std::move(*late), {Errc::kTimedOut, sends ? Cause::kSendUnconfirmed : Cause::kSendTimeout,
                              "no answer of WhatsApp within the time limit"});
  }
}

std::optional<Mono> MessageDesk::next_deadline() const {
  std::optional<Mono> next;
  const auto consider = [&next](Mono at) { next = next ? std::min(*next, at) : at; };
  // Tickets and deadlines rise together.
  if (!waiting_.empty()) consider(waiting_.begin()->second.deadline);
  for (const Delayed& each : delayed_) consider(each.at);
  for (const auto& [chat, typing] : typing_) consider(typing.until);
  return next;
}

void MessageDesk::close(const Error& why) {
  typing_.clear();
  for (Delayed& each : std::exchange(delayed_, {})) each.reply.answer(why);
  for (auto& [ticket, waiting] : std::exchange(waiting_, {})) answer(std::move(waiting.answer), why);
}

}  // namespace ponte::instance
