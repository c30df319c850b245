// Messages as JSON: `data` of message.exchange, message.status and label.update, and what the endpoints show
// (contract 1.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "instance/types.h"
#include "protocol/messages/types.h"
#include "protocol/session/output.h"

namespace ponte::instance {

inline constexpr char kMessageExchange[] = "message.exchange";
inline constexpr char kMessageStatus[] = "message.status";
inline constexpr char kLabelUpdate[] = "label.update";

/// What the messages of an instance are told with.
struct Telling {
  std::string instance;                ///< its name
  std::string base_url;                ///< PONTE_PUBLIC_URL; empty: media have paths for URLs
  std::optional<std::string> own_jid;  ///< `digits@s.whatsapp.net`, once it is linked
  std::string own_name;                ///< as the account calls itself; empty where not known
  Settings settings;                   ///< which are not told at all
};

/// The event's name, and its `data` as a JSON object. nullopt: watchers are not told. The same values render to the
/// same text.
std::optional<std::pair<std::string, std::string>> render_told(const protocol::Told& told, const Telling& telling);

/// The object `message` of an exchange, with `status` beside what the event has. Never throws; what strangers wrote
/// never breaks the JSON.
std::string message_json(const protocol::messages::ChatMessage& message, const Telling& telling);

/// `data` of message.exchange.
std::string exchange_data(const protocol::messages::ChatMessage& message, const Telling& telling);
std::string exchange_data(const protocol::messages::LostMessage& message, const Telling& telling);
/// `data` of message.status.
std::string status_data(const protocol::messages::StatusChange& change, const Telling& telling);
/// `data` of label.update.
std::string label_data(const protocol::messages::LabelChange& change);

/// Whether watchers are told of a message in that chat (`ignoreGroupMessages`, `ignoreStatus`).
bool is_told(const protocol::messages::Chat& chat, const Settings& settings);

/// How far a message is: `pending` 0, `sent` 1, `delivered` 2, `received` 3, `read` 4, `played` 5, `error` -1.
struct StatusWord {
  std::string_view name;
  int code = 0;
};
StatusWord status_word(const protocol::messages::ChatMessage& message);

/// `data` of message.status has it; `delivered`, `read_self` ...
std::string_view change_name(protocol::messages::StatusChange::Kind kind);

/// Where the decrypted bytes of a message's media are to be had.
std::string media_path(std::string_view instance, std::string_view message_id);

}  // namespace ponte::instance
