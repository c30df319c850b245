// What a message says (wire: messages.md 7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace ponte::proto {
class Message;
}

namespace ponte::protocol::messages {

enum class Kind : std::uint8_t {
  kUnknown,   ///< something that this version does not read
  kInternal,  ///< nothing that a user is to see: keys, settings, requests between devices
  kText,
  kImage,
  kVideo,
  kPtv,  ///< a round video note
  kAudio,
  kPtt,  ///< a voice note
  kDocument,
  kSticker,
  kAlbum,  ///< announces the images and videos that follow it
  kContact,
  kContacts,
  kLocation,
  kLiveLocation,
  kReaction,
  kPoll,
  kPollVote,
  kButtons,
  kButtonsResponse,
  kList,
  kListResponse,
  kTemplate,
  kTemplateReply,
  kInteractive,
  kInteractiveResponse,
  kGroupInvite,
  kEvent,
  kEventResponse,
  kEdit,
  kRevoke,
  kPin,
  kKeep,
  kExpiry,  ///< the time after which the chat's messages vanish has changed
};

/// The name of contract 1.3: `text`, `ptt`, `message_revoke` ...; `internal` for kInternal.
std::string_view kind_name(Kind kind);

/// The message that this one is about, as its sender names it.
struct Target {
  std::string id;
  bool from_sender = false;  ///< whoever sent this message wrote that one too
  std::string participant;   ///< JID of its author, in groups where that is another
};

/// A file that was sent. What it is fetched and decrypted with stays with the message.
struct Media {
  std::string mimetype;
  std::string file_name;
  std::uint64_t size = 0;  ///< bytes; 0 where not said, as for all that follow
  std::uint32_t seconds = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t pages = 0;
  bool gif = false;
  bool animated = false;
  Bytes sha256;              ///< of the file; 32 bytes, or none
  bool retrievable = false;  ///< there is a place and a key to fetch it with
};

/// The message that this one answers.
struct Quote {
  std::string id;
  std::string participant;  ///< JID of its author
  Kind kind = Kind::kUnknown;
  std::string text;
};

struct Place {
  double latitude = 0;
  double longitude = 0;
  std::string name;
  std::string address;
  std::string url;
};

struct ContactCard {
  std::string display_name;
  std::string phone_number;  ///< of the vCard's first telephone, digits; empty where there is none
  std::string vcard;
};

/// Something to choose: an option, a button, a row.
struct Choice {
  std::string id;
  std::string title;
  std::string description;
};
struct Section {
  std::string title;
  std::vector<Choice> rows;
};

/// What was chosen of buttons, a list, a template or a flow.
struct Chosen {
  std::string id;
  std::string title;
  std::string description;
  std::optional<std::uint32_t> card;  ///< of a carousel
  std::string flow_name;
  std::string flow_params;  ///< JSON as the sender wrote it
};

struct GroupInvite {
  std::string group_jid;
  std::string code;
  std::string group_name;
  std::optional<Wall> expires_at;
};

struct Event {
  std::string name;
  std::string description;
  std::string join_link;
  std::optional<Place> place;
  std::optional<Wall> starts_at;
  std::optional<Wall> ends_at;
  bool canceled = false;
};

/// Of each kind those members are set that it has. All texts are UTF-8 without NUL.
struct Content {
  Kind kind = Kind::kUnknown;
  /// What a reader reads: the text, a caption, a question, the emoji of a reaction, what was chosen, the new text of an
  /// edit.
  std::string text;
  std::string title;   ///< of buttons, lists, templates and the like, above the text
  std::string footer;  ///< and below it
  std::optional<Media> media;
  std::optional<Place> place;
  std::vector<ContactCard> contacts;
  std::vector<Choice> options;    ///< of a poll, or buttons
  std::uint32_t selectable = 0;   ///< of a poll: how many may be chosen; 0: any
  std::string button;             ///< what opens a list
  std::vector<Section> sections;  ///< of a list
  std::optional<Chosen> chosen;
  std::optional<GroupInvite> invite;
  std::optional<Event> event;
  std::optional<Target> target;    ///< of reactions, votes, edits, revocations, pins ...
  Kind edited_kind = Kind::kText;  ///< of an edit: what the message is now
  bool removes = false;            ///< a reaction taken back, an unpin, an unkeep
  bool encrypted = false;          ///< what it says is sealed with the target's secret, and not read here

  std::optional<Quote> reply;
  std::vector<std::string> mentions;  ///< JIDs
  bool mentions_all = false;
  bool forwarded = false;
  std::uint32_t forwarding_score = 0;
  bool view_once = false;
  std::uint32_t expiration = 0;  ///< seconds after which the message vanishes; of kExpiry: the new value

  bool truncated = false;  ///< something was left out: texts together above kMostText, lists above kMostEntries
};

/// Bytes of all texts of one content.
inline constexpr std::size_t kMostText = 256 * 1024;
inline constexpr std::size_t kMostEntries = 1024;

/// `message`: a serialized Message of e2e.proto, with or without wrappers.
/// kMalformed/kProtobufMalformed where it is none, or nested too deep.
Result<Content> read_content(ByteView message);
/// Its kind alone, without reading the rest.
Kind read_kind(const proto::Message& message);

}  // namespace ponte::protocol::messages
