#include "protocol/messages/send_refusal.h"

#include <algorithm>
#include <iterator>

namespace ponte::protocol::messages {
namespace {

struct Row {
  std::uint64_t error;
  Errc code;
  Cause cause;
  const char* meaning;
};

constexpr Row kRows[] = {
    {400, Errc::kRejected, Cause::kSendRefused, "called malformed"},
    {403, Errc::kRejected, Cause::kSendForbidden, "not allowed in this chat"},
    {404, Errc::kRejected, Cause::kSendForbidden, "no such chat"},
    {406, Errc::kRejected, Cause::kSendForbidden, "not a member, or the device is not registered"},
    {421, Errc::kRejected, Cause::kSendStaleAddressing, "the group's addressing has changed"},
    {429, Errc::kRateLimited, Cause::kSendRateLimited, "too many messages"},
    {463, Errc::kRejected, Cause::kSendReachOutLocked, "the account may not begin new chats now, or lacks a token"},
    {475, Errc::kRejected, Cause::kSendNewChatLimit, "the account has begun as many new chats as it may"},
    {479, Errc::kRejected, Cause::kSendRefused, "called invalid"},
    {500, Errc::kUnavailable, Cause::kServerError, "internal server error"},
    {503, Errc::kUnavailable, Cause::kServerError, "service unavailable"},
};

}  // namespace

Error send_refusal(std::uint64_t code) {
  const Row* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.error == code; });
  const std::string text = "send: refused by the server: " + std::to_string(code);
  if (row == std::end(kRows)) return {Errc::kRejected, Cause::kSendRefused, text};
  return {row->code, row->cause, text + ", " + row->meaning};
}

bool is_stale_addressing(std::uint64_t code) {
  return code == 400 || code == 421 || code == 479;
}

Error group_refusal(const Error& why) {
  if (why.code != Errc::kRejected) return why;
  return {Errc::kNotFound, Cause::kSendForbidden, "send: no such group, or not a member: " + why.message};
}

}  // namespace ponte::protocol::messages
