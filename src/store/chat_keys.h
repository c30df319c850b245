// The keys of an instance's chats: what keys.h is for the rest. Their owner is keys::chats_owner(instance).
//
// JIDs and message ids come from peers. Within a key each stands between slashes with whatever is not printable ASCII,
// and '/' and '%', as %XX: no part reaches into another, and every key can be shown.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "store/keys.h"
#include "store/messaging_records.h"

namespace ponte::store::keys {

inline constexpr std::string_view kMessagePrefix = "message/";
inline constexpr std::string_view kMessageIdPrefix = "message_id/";
inline constexpr std::string_view kMessageDayPrefix = "message_day/";
inline constexpr std::string_view kMessageTotals = "message_totals";
inline constexpr std::string_view kChatPrefix = "chat/";
inline constexpr std::string_view kContactPrefix = "contact/";
inline constexpr std::string_view kLabelPrefix = "label/";
inline constexpr std::string_view kLabelChatPrefix = "label_chat/";
inline constexpr std::string_view kChatLabelPrefix = "chat_label/";
inline constexpr std::string_view kHistory = "history";
inline constexpr std::string_view kHistoryJobPrefix = "history_job/";
inline constexpr std::string_view kAskedHistoryPrefix = "history_asked/";

/// Rows of THE table of keys.h, of chats.
inline constexpr std::array kChatTable{
    Row{Scope::kInstance, kMessagePrefix, "MessageRecord",
        "message/<chat>/<Unix milliseconds, 12 hex digits>/<sender, or me>/<id>: in the order of their time"},
    Row{Scope::kInstance, kMessageIdPrefix, "6 bytes, big-endian",
        "message_id/<id>/<chat>/<sender, or me>: the milliseconds in the message's key"},
    Row{Scope::kInstance, kMessageDayPrefix, "MessageDayRecord", "message_day/<yyyymmdd>: how many, of a day in UTC"},
    Row{Scope::kInstance, kMessageTotals, "MessageTotalsRecord", "how many there are"},
    Row{Scope::kInstance, kChatPrefix, "ChatRecord", "chat/<jid>"},
    Row{Scope::kInstance, kContactPrefix, "ContactRecord", "contact/<jid without device>"},
    Row{Scope::kInstance, kLabelPrefix, "LabelRecord", "label/<id>"},
    Row{Scope::kInstance, kLabelChatPrefix, "empty", "label_chat/<id>/<chat>: the chat has the label"},
    Row{Scope::kInstance, kChatLabelPrefix, "empty", "chat_label/<chat>/<id>: the same by chat"},
    Row{Scope::kInstance, kHistory, "HistoryProgressRecord", "how far the history of before has come"},
    Row{Scope::kInstance, kHistoryJobPrefix, "HistoryJobRecord",
        "history_job/<arrival, 8 hex digits>: a part of it that is still to be read"},
    Row{Scope::kInstance, kAskedHistoryPrefix, "HistoryJobRecord",
        "history_asked/<message id>: a part whose file is gone and was asked for again"},
};

/// One part of a key, and back: nullopt for what no part is.
std::string key_part(std::string_view text);
std::optional<std::string> from_key_part(std::string_view part);

/// Times in keys are 0 to 2^48 - 1 milliseconds: what a peer puts before or after is moved there.
Wall key_time(Wall at);

/// The prefix of all messages of a chat, in the order of their time.
std::string messages(std::string_view chat);
/// That of those from `at` on, to be compared with.
std::string messages_from(std::string_view chat, Wall at);
/// `name.sender`: kMe for our own, else the sender's address.
std::string message(const MessageName& name, Wall at);
struct MessagePlace {
  MessageName name;
  Wall at{};
};
/// What a key made by message() says; nullopt for any other key.
std::optional<MessagePlace> message_place(std::string_view key);

/// Prefixes of the messages with that id, in all chats or in one.
std::string message_ids(std::string_view id);
std::string message_ids(std::string_view id, std::string_view chat);
std::string message_id(const MessageName& name);
/// The name in a key made by message_id(); nullopt for any other key.
std::optional<MessageName> message_id_name(std::string_view key);

/// Of the day of `at`, past the year 9999 of the last day of that.
std::string message_day(Wall at);

std::string chat(std::string_view jid);
std::string contact(std::string_view jid);
std::string label(std::string_view id);
/// The prefix of the chats of a label, and of the labels of a chat.
std::string label_chats(std::string_view id);
std::string chat_labels(std::string_view chat);
std::string label_chat(std::string_view id, std::string_view chat);
std::string chat_label(std::string_view chat, std::string_view id);
/// The part behind `prefix`; nullopt where there is none, or more.
std::optional<std::string> last_part(std::string_view key, std::string_view prefix);

std::string asked_history(std::string_view message_id);
std::string history_job(std::uint32_t arrival);
/// The arrival in a key made by history_job(); nullopt for any other key.
std::optional<std::uint32_t> history_job_arrival(std::string_view key);

}  // namespace ponte::store::keys
