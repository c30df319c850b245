// A chunk of history as large as one asks for.
#pragma once

#include <cstdint>
#include <string>

namespace ponte::bench {

/// Writes a compressed HistorySync with so many messages, from a fixed seed: chats with one and groups under numbers
/// whose LIDs follow at its end; four of five messages are texts of some words, the others have a context or a picture
/// with its thumbnail. Holds one conversation at a time. The size of what is inflated.
std::uint64_t write_history_chunk(const std::string& path, std::uint64_t messages);

}  // namespace ponte::bench
