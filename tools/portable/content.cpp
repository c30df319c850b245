#include "portable/content.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/reader.h"
#include "base/secret.h"
#include "base/writer.h"
#include "store/chat_keys.h"
#include "store/keys.h"

namespace ponte::portable {
namespace {

namespace keys = store::keys;

constexpr std::size_t kPrefixSize = 1 + 2 + 4;

bool is_event(std::string_view row) {
  return row == keys::kEventPrefix || row == keys::kToldLink;
}

bool is_webhook(std::string_view row) {
  return row == keys::kWebhookPrefix || row == keys::kWebhookProgressPrefix || row == keys::kDeadLetterPrefix ||
         row == keys::kDeliveryAttemptPrefix;
}

bool is_chat(std::string_view row) {
  return std::any_of(keys::kChatTable.begin(), keys::kChatTable.end(),
                     [row](const keys::Row& chat) { return chat.key == row; });
}

Part part_of(std::string_view row) {
  if (is_event(row)) return Part::kEvents;
  if (is_webhook(row)) return Part::kWebhooks;
  return is_chat(row) ? Part::kChats : Part::kDevice;
}

/// An instance's id names owners of records.
bool is_uuid(std::string_view id) {
  return id.size() == 36 && id.find_first_not_of("0123456789abcdef-") == id.npos;
}

}  // namespace

Error malformed(std::string what) {
  return {Errc::kMalformed, Cause::kInvalidField, std::move(what)};
}

store::Owner owner_of(Part part, std::string_view instance_id) {
  switch (part) {
    case Part::kWebhooks: return keys::webhooks_owner(instance_id);
    case Part::kEvents: return keys::events_owner(instance_id);
    case Part::kChats: return keys::chats_owner(instance_id);
    default: assert(part == Part::kDevice); return store::Owner(instance_id);
  }
}

bool belongs(Part part, std::string_view key) {
  if (part == Part::kSchema) return key.empty();
  if (part == Part::kInstance) return is_uuid(key);
  // Any owner but the service's.
  const keys::Row* row = keys::row_of("instance", key);
  return row != nullptr && part_of(row->key) == part;
}

bool is_bulk(Part part) {
  return part == Part::kEvents || part == Part::kChats;
}

Bytes write_item(Part part, std::string_view key, ByteView value) {
  assert(key.size() <= kLongestKey && value.size() <= kLongestValue);
  Writer writer;
  writer.u8(static_cast<std::uint8_t>(part));
  writer.big_endian(key.size(), 2);
  writer.big_endian(value.size(), 4);
  writer.bytes(as_bytes(key));
  writer.bytes(value);
  return std::move(writer).take();
}

ContentReader::~ContentReader() {
  wipe(pending_);
}

void ContentReader::feed(ByteView chunk) {
  // What was read goes, wiped, and what is still to be read moves on: no growing buffer leaves copies behind.
  Bytes rest;
  rest.reserve(pending_.size() - read_ + chunk.size());
  append(rest, ByteView(pending_).subspan(read_));
  append(rest, chunk);
  wipe(pending_);
  pending_ = std::move(rest);
  read_ = 0;
}

Status ContentReader::check_order(const Item& item) {
  if (!last_part_) {
    if (item.part != Part::kSchema) return malformed("it does not begin with the version of its records");
  } else if (*last_part_ == Part::kSchema) {
    if (item.part != Part::kInstance) return malformed("the record of the instance is not where it belongs");
  } else if (std::pair(item.part, std::string_view(item.key)) <= std::pair(*last_part_, std::string_view(last_key_))) {
    return malformed("its records are not in order");
  }
  last_part_ = item.part;
  last_key_ = item.key;
  return Status::Ok();
}

Result<std::optional<Item>> ContentReader::next() {
  Reader reader(ByteView(pending_).subspan(read_));
  if (reader.remaining() < kPrefixSize) return std::optional<Item>();
  const std::uint8_t part = *reader.u8();
  const std::size_t key_size = *reader.big_endian(2);
  const std::size_t value_size = *reader.big_endian(4);
  if (part > static_cast<std::uint8_t>(Part::kChats))
    return malformed("expected a part from 0 to 5, got " + std::to_string(part));
  if (key_size > kLongestKey || value_size > kLongestValue) {
    return malformed("expected a record of at most " + std::to_string(kLongestValue) +
                     " bytes under a key of at most " + std::to_string(kLongestKey) + ", got " +
                     std::to_string(value_size) + " under " + std::to_string(key_size));
  }
  if (reader.remaining() < key_size + value_size) return std::optional<Item>();
  Item item;
  item.part = static_cast<Part>(part);
  item.key = to_text(*reader.take(key_size));
  item.value = to_bytes(*reader.take(value_size));
  if (!belongs(item.part, item.key)) {
    wipe(item.value);
    return malformed("a record of part " + std::to_string(part) + " has a key that is none of that part's");
  }
  if (Status ordered = check_order(item); !ordered.ok()) {
    wipe(item.value);
    return std::move(ordered).error();
  }
  read_ += reader.position();
  return std::optional(std::move(item));
}

Status ContentReader::finish() const {
  if (read_ != pending_.size()) return malformed("it ends within a record");
  if (!last_part_ || *last_part_ == Part::kSchema) return malformed("it ends before the record of the instance");
  return Status::Ok();
}

}  // namespace ponte::portable
