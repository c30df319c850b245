#include "instance/webhook_signature.h"

#include "base/hex.h"
#include "base/writer.h"
#include "crypto/base64.h"
#include "crypto/digest.h"

namespace ponte::instance {
namespace {

constexpr std::size_t kIdSize = 16;

}  // namespace

std::string webhook_secret_text(ByteView secret) {
  return "whsec_" + crypto::base64(secret);
}

std::string webhook_message_id(std::string_view instance_id, std::string_view label, std::uint64_t sequence, Wall at) {
  Writer writer;
  writer.big_endian(instance_id.size(), 4);
  writer.bytes(as_bytes(instance_id));
  writer.big_endian(label.size(), 4);
  writer.bytes(as_bytes(label));
  writer.big_endian(sequence, 8);
  writer.big_endian(static_cast<std::uint64_t>(unix_milliseconds(at)), 8);
  return "msg_" + to_hex(ByteView(crypto::sha256(writer.view())).first(kIdSize));
}

std::string webhook_signature(const std::vector<ByteView>& secrets, std::string_view id, std::int64_t unix_seconds,
                              std::string_view body) {
  const std::string head = std::string(id) + "." + std::to_string(unix_seconds) + ".";
  std::string out;
  for (const ByteView secret : secrets) {
    if (!out.empty()) out += " ";
    out += "v1," + crypto::base64(crypto::hmac_sha256(secret, as_bytes(head), as_bytes(body)));
  }
  return out;
}

}  // namespace ponte::instance
