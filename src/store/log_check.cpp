#include "store/log_check.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace ponte::store {
namespace {

constexpr std::size_t kBlockSize = 32768;
constexpr std::size_t kHeaderSize = 7;

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
    table[i] = crc;
  }
  return table;
}();

/// CRC-32C (Castagnoli), rotated and offset as logs store it.
std::uint32_t masked_crc(ByteView bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (std::uint8_t byte : bytes) crc = crc >> 8 ^ kCrcTable[(crc ^ byte) & 0xFF];
  crc = ~crc;
  return (crc >> 15 | crc << 17) + 0xA282EAD8;
}

std::size_t length_at(ByteView block, std::size_t at) {
  return block[at + 4] | std::size_t{block[at + 5]} << 8;
}

bool whole_record_at(ByteView block, std::size_t at) {
  const std::uint8_t type = block[at + 6];
  const std::size_t length = length_at(block, at);
  if (type < 1 || type > 4 || at + kHeaderSize + length > block.size()) return false;  // full, first, middle, last
  const std::uint32_t stored =
      block[at] | block[at + 1] << 8 | block[at + 2] << 16 | std::uint32_t{block[at + 3]} << 24;
  return stored == masked_crc(block.subspan(at + 6, 1 + length));
}

Result<Bytes> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  Bytes content(std::istreambuf_iterator<char>(file), {});
  if (!file.eof() && !file.good()) {
    return Error{Errc::kStorage, Cause::kStoreUnavailable, "cannot read " + path.string()};
  }
  return content;
}

}  // namespace

bool has_record_behind_tear(ByteView log) {
  // Only there does recovery take a record that does not fit for a torn one.
  const ByteView block = log.subspan(log.size() / kBlockSize * kBlockSize);
  std::size_t at = 0;
  while (at + kHeaderSize <= block.size() && at + kHeaderSize + length_at(block, at) <= block.size())
    at += kHeaderSize + length_at(block, at);
  for (++at; at + kHeaderSize <= block.size(); ++at)
    if (whole_record_at(block, at)) return true;
  return false;
}

Status check_logs(const std::string& database) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(database, error)) {
    const std::string name = entry.path().filename();
    if (!name.ends_with(".log") && !name.starts_with("MANIFEST-")) continue;
    PONTE_ASSIGN(const Bytes content, read_file(entry.path()));
    if (has_record_behind_tear(content)) {
      return Error{
          Errc::kStorage, Cause::kStoreCorrupt,
          "file " + entry.path().string() +
              " is damaged: a record does not fit, but whole ones follow it. Restore the data directory from a backup"};
    }
  }
  if (error)
    return {Error{Errc::kStorage, Cause::kStoreUnavailable, "cannot read " + database + ": " + error.message()}};
  return {};
}

}  // namespace ponte::store
