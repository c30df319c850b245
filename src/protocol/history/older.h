// Messages from before what the phone has told by itself (wire: messages.md 4.6).
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "e2e.pb.h"
#include "protocol/history/state.h"
#include "protocol/session/step.h"
#include "protocol/wire/jid.h"

namespace ponte::protocol::history {

/// The oldest message of a chat that is known.
struct OldestMessage {
  wire::Jid chat;
  std::string id;
  bool from_me = false;
  Wall at{};
};

inline constexpr std::uint32_t kMostOlderMessages = 50;
inline constexpr Milliseconds kOlderWithin{60'000};

/// In what the phone is told the time; implementations disagree. Seconds first, then milliseconds where nothing comes.
enum class OlderTime { kSeconds, kMilliseconds };

/// What asks for at most `count` messages before `oldest`. Goes out as a peer message, `push_priority` high_force and
/// privacy sensitive. Precondition: step.link.account.
Result<proto::ProtocolMessage> older_messages_request(Step& step, const OldestMessage& oldest, std::uint32_t count,
                                                      OlderTime time);

/// Waits for what comes of the request that went out as `message_id`: `handler` is told when the messages are in the
/// store, why they could not be had, or kTimedOut/kHistoryUnanswered where the phone has said nothing for kOlderWithin.
/// It is never called where the connection ends before.
void expect_older_messages(Step& step, const std::string& message_id, OlderHandler handler);

// For jobs.cpp. A part that answers a request has come; it is in the store, or was given up.
void note_older_arrived(Step& step, std::string_view message_id, std::uint32_t job);
Status tell_older(Step& step, std::uint32_t job, const Result<OlderMessages>& outcome);

}  // namespace ponte::protocol::history
