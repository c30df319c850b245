#include "protocol/messages/message_id.h"

#include <algorithm>

#include "base/hex.h"
#include "base/writer.h"
#include "crypto/base64.h"
#include "crypto/digest.h"
#include "protocol/messages/addresses.h"

namespace ponte::protocol::messages {
namespace {

char upper(char c) {
  return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace

std::string message_id(Wall at, const wire::Jid& own_pn, const ByteArray<16>& random) {
  Bytes input = to_bytes(big_endian_array<8>(static_cast<std::uint64_t>(unix_seconds(at))));
  const std::string user = own_pn.user + "@c.us";
  input.insert(input.end(), user.begin(), user.end());
  input.insert(input.end(), random.begin(), random.end());
  const auto digest = crypto::sha256(input);
  std::string hex = to_hex(ByteView(digest).first(9));
  std::transform(hex.begin(), hex.end(), hex.begin(), upper);
  return "3EB0" + hex;
}

std::string phash(const std::vector<wire::Jid>& devices) {
  std::vector<std::string> names;
  names.reserve(devices.size());
  for (const wire::Jid& device : devices)
    names.push_back(device.user + ".0:" + std::to_string(device.device) + "@" + plain(device).server);
  std::sort(names.begin(), names.end());
  std::string joined;
  for (const std::string& name : names) joined += name;
  const auto digest = crypto::sha256(as_bytes(joined));
  return "2:" + crypto::base64(ByteView(digest).first(6));
}

}  // namespace ponte::protocol::messages
