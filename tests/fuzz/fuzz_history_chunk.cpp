// A chunk of history as its phone, or whoever speaks for it, may make it: read item by item and brought into a store.
#include <cstdlib>

#include "base/reader.h"
#include "protocol/history/chunk_import.h"
#include "protocol/history/chunk_reader.h"
#include "store/chat_records.h"
#include "store/message_records.h"
#include "support/deflate.h"
#include "support/import_line.h"

namespace {

using namespace ponte;
using namespace ponte::protocol::history;

/// Goes to the end of a pass, or to what breaks it off, in bounded turns.
void read(ByteView chunk, ChunkReader::Pass pass) {
  ChunkReader::Limits limits;
  limits.inflate.largest = 4 << 20;
  limits.largest_item = 4096;
  limits.turn = 4096;
  ChunkReader reader(chunk, pass, limits);
  for (;;) {
    const auto found = reader.next();
    if (!found.ok()) {
      const Cause cause = found.error().cause;
      if (cause != Cause::kHistoryMalformed && cause != Cause::kHistoryTooLarge) std::abort();
      return;
    }
    if (reader.bytes().size() > limits.largest_item) std::abort();
    if (*found == ChunkReader::Found::kEnd) return;
    if (*found == ChunkReader::Found::kMessage && pass == ChunkReader::Pass::kFacts) std::abort();
  }
}

/// What is in the store can be read from it, and is there once.
void import(const Bytes& chunk) {
  test::ImportLine line;
  const auto counts = line.import(chunk);
  if (!counts.ok() && counts.error().code != Errc::kMalformed) std::abort();
  const auto owner = test::ImportLine::kChats;
  std::uint64_t messages = 0;
  const auto chats = store::get_chats(line.store_, owner, "", 10'000);
  if (!chats.ok()) std::abort();
  for (const auto& chat : *chats) {
    store::MessageQuery query;
    query.chat = chat.jid;
    query.limit = 10'000;
    const auto page = store::messages_before(line.store_, owner, query);
    if (!page.ok() || page->messages.size() != chat.messages) std::abort();
    messages += chat.messages;
  }
  if (!store::get_contacts(line.store_, owner, "", 10'000).ok()) std::abort();
  if (counts.ok() && counts->messages < messages) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader reader({data, size});
  const auto kind = reader.u8();
  if (!kind) return 0;
  // As it is, or as the plaintext behind the compression, where a fuzzer gets further.
  const Bytes chunk = *kind % 2 == 0 ? to_bytes(reader.rest()) : test::deflate(reader.rest());
  read(chunk, ChunkReader::Pass::kFacts);
  read(chunk, ChunkReader::Pass::kMessages);
  import(chunk);
  return 0;
}
