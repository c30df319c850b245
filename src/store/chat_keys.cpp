#include "store/chat_keys.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <vector>

#include "base/hex.h"
#include "base/writer.h"

namespace ponte::store::keys {
namespace {

constexpr std::size_t kTimeDigits = 12;
constexpr std::int64_t kLatest = (std::int64_t{1} << 48) - 1;
constexpr char kHexDigits[] = "0123456789ABCDEF";

bool stands_for_itself(char c) {
  return c > ' ' && c < 0x7F && c != '/' && c != '%';
}

std::string joined(std::string_view prefix, std::initializer_list<std::string_view> parts) {
  std::string key(prefix);
  for (const std::string_view& part : parts) {
    key += part;
    if (&part != parts.end() - 1) key += '/';
  }
  return key;
}

/// The parts behind the prefix; empty where the key has another one.
std::vector<std::string_view> parts_of(std::string_view key, std::string_view prefix) {
  std::vector<std::string_view> parts;
  if (!key.starts_with(prefix)) return parts;
  key.remove_prefix(prefix.size());
  for (std::size_t slash = key.find('/'); slash != key.npos; slash = key.find('/')) {
    parts.push_back(key.substr(0, slash));
    key.remove_prefix(slash + 1);
  }
  parts.push_back(key);
  return parts;
}

std::string time_part(Wall at) {
  return to_hex(big_endian_array<kTimeDigits / 2>(static_cast<std::uint64_t>(unix_milliseconds(key_time(at)))));
}

std::optional<std::uint64_t> from_hex_digits(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string key_part(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), stands_for_itself)) return std::string(text);
  std::string part;
  for (const char c : text) {
    if (stands_for_itself(c)) {
      part += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    part += {'%', kHexDigits[byte >> 4], kHexDigits[byte & 0xF]};
  }
  return part;
}

std::optional<std::string> from_key_part(std::string_view part) {
  std::string text;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '%') {
      text += part[i];
      continue;
    }
    const auto byte = i + 2 < part.size() ? from_hex_digits(part.substr(i + 1, 2)) : std::nullopt;
    if (!byte) return std::nullopt;
    text += static_cast<char>(*byte);
    i += 2;
  }
  // One text has one part: whatever else decodes to it is none.
  if (key_part(text) != part) return std::nullopt;
  return text;
}

Wall key_time(Wall at) {
  return Wall(Milliseconds(std::clamp<std::int64_t>(unix_milliseconds(at), 0, kLatest)));
}

std::string messages(std::string_view chat) {
  return joined(kMessagePrefix, {key_part(chat), ""});
}

std::string messages_from(std::string_view chat, Wall at) {
  return messages(chat) + time_part(at);
}

std::string message(const MessageName& name, Wall at) {
  return joined(kMessagePrefix, {key_part(name.chat), time_part(at), key_part(name.sender), key_part(name.id)});
}

std::optional<MessagePlace> message_place(std::string_view key) {
  const auto parts = parts_of(key, kMessagePrefix);
  if (parts.size() != 4) return std::nullopt;
  const auto chat = from_key_part(parts[0]);
  const auto at = from_hex_digits(parts[1]);
  const auto sender = from_key_part(parts[2]);
  const auto id = from_key_part(parts[3]);
  if (!chat || !at || !sender || !id || *at > static_cast<std::uint64_t>(kLatest)) return std::nullopt;
  MessagePlace place{{*chat, *sender, *id}, Wall(Milliseconds(static_cast<std::int64_t>(*at)))};
  if (time_part(place.at) != parts[1]) return std::nullopt;
  return place;
}

std::string message_ids(std::string_view id) {
  return joined(kMessageIdPrefix, {key_part(id), ""});
}

std::string message_ids(std::string_view id, std::string_view chat) {
  return joined(kMessageIdPrefix, {key_part(id), key_part(chat), ""});
}

std::string message_id(const MessageName& name) {
  return joined(kMessageIdPrefix, {key_part(name.id), key_part(name.chat), key_part(name.sender)});
}

std::optional<MessageName> message_id_name(std::string_view key) {
  const auto parts = parts_of(key, kMessageIdPrefix);
  if (parts.size() != 3) return std::nullopt;
  const auto id = from_key_part(parts[0]);
  const auto chat = from_key_part(parts[1]);
  const auto sender = from_key_part(parts[2]);
  if (!id || !chat || !sender) return std::nullopt;
  return MessageName{*chat, *sender, *id};
}

std::string message_day(Wall at) {
  using std::chrono::days;
  constexpr std::chrono::sys_days kLast = std::chrono::year(9999) / 12 / 31;
  const std::chrono::sys_days day(std::chrono::floor<days>(key_time(at).time_since_epoch()));
  const std::chrono::year_month_day date(std::min(day, kLast));
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04d%02u%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return joined(kMessageDayPrefix, {text.data()});
}

std::string chat(std::string_view jid) {
  return joined(kChatPrefix, {key_part(jid)});
}

std::string contact(std::string_view jid) {
  return joined(kContactPrefix, {key_part(jid)});
}

std::string label(std::string_view id) {
  return joined(kLabelPrefix, {key_part(id)});
}

std::string label_chats(std::string_view id) {
  return joined(kLabelChatPrefix, {key_part(id), ""});
}

std::string chat_labels(std::string_view chat) {
  return joined(kChatLabelPrefix, {key_part(chat), ""});
}

std::string label_chat(std::string_view id, std::string_view chat) {
  return label_chats(id) + key_part(chat);
}

std::string chat_label(std::string_view chat, std::string_view id) {
  return chat_labels(chat) + key_part(id);
}

std::optional<std::string> last_part(std::string_view key, std::string_view prefix) {
  const auto parts = parts_of(key, prefix);
  return parts.size() == 1 ? from_key_part(parts[0]) : std::nullopt;
}

std::string asked_history(std::string_view message_id) {
  return joined(kAskedHistoryPrefix, {key_part(message_id)});
}

std::string history_job(std::uint32_t arrival) {
  return joined(kHistoryJobPrefix, {to_hex(big_endian_array<4>(arrival))});
}

std::optional<std::uint32_t> history_job_arrival(std::string_view key) {
  const auto parts = parts_of(key, kHistoryJobPrefix);
  const auto arrival = parts.size() == 1 ? from_hex_digits(parts[0]) : std::nullopt;
  if (!arrival || *arrival > 0xFFFF'FFFF || history_job(static_cast<std::uint32_t>(*arrival)) != key)
    return std::nullopt;
  return static_cast<std::uint32_t>(*arrival);
}

}  // namespace ponte::store::keys
