// HandshakeMessage and CertChain (wire: pairing.md 2.2, 2.5).
#include <algorithm>
#include <cstdint>

#include "base/utc.h"
#include "certificate.pb.h"
#include "crypto/curve25519.h"
#include "handshake.pb.h"
#include "ponte/decode_protobuf.h"
#include "protocol/noise/certificate.h"

namespace ponte::tool {
namespace {

using Certificate = proto::CertChain::NoiseCertificate;

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kSignatureSize = 64;

Error not_this(std::string reason) {
  return {Errc::kMalformed, Cause::kProtobufMalformed, std::move(reason)};
}

void draw_encrypted(std::string_view name, std::string_view value, Outline& out) {
  if (!value.empty()) out.field(name, std::to_string(value.size()) + " bytes, encrypted");
}

void draw_unknown(std::string_view unknown, Outline& out) {
  if (!unknown.empty()) out.field("other fields", std::to_string(unknown.size()) + " bytes");
}

template <typename Hello>
Status draw_hello(std::string_view title, const Hello& hello, Outline& out) {
  if (hello.ephemeral().size() != kKeySize) {
    return not_this("expected an ephemeral key of 32 bytes, came " + std::to_string(hello.ephemeral().size()));
  }
  out.begin(title);
  out.hex("ephemeral", as_bytes(hello.ephemeral()));
  draw_encrypted("static", hello.static_(), out);
  draw_encrypted("payload", hello.payload(), out);
  draw_unknown(hello.unknown_fields(), out);
  out.end();
  return Status::Ok();
}

std::string utc(std::uint64_t unix_seconds) {
  const std::string number = std::to_string(unix_seconds);
  const auto text = utc_text(static_cast<std::int64_t>(std::min<std::uint64_t>(unix_seconds, INT64_MAX)));
  return text ? *text + " (" + number + ")" : number + " (no date)";
}

/// A certificate whose shape is right.
Result<Certificate::Details> details_of(const Certificate& certificate, const std::string& name) {
  Certificate::Details details;
  if (certificate.signature().size() != kSignatureSize) return not_this("no signature of 64 bytes in the " + name);
  if (!details.ParseFromString(certificate.details()) || details.key().size() != kKeySize) {
    return not_this("no details with a key of 32 bytes in the " + name);
  }
  return details;
}

void draw_certificate(std::string_view title, const Certificate::Details& details, Outline& out) {
  out.begin(title);
  out.number("serial", details.serial());
  out.number("issuer serial", details.issuer_serial());
  out.hex("key", as_bytes(details.key()));
  out.field("not before", utc(details.not_before()));
  out.field("not after", utc(details.not_after()));
  out.end();
}

std::string verdict(const crypto::PublicKey& signer, const Certificate& certificate) {
  const bool valid = crypto::xeddsa_verify(signer, as_bytes(certificate.details()), as_bytes(certificate.signature()));
  return valid ? "valid" : "NOT VALID";
}

}  // namespace

Status draw_handshake_message(ByteView bytes, Outline& out) {
  proto::HandshakeMessage message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return not_this("no protobuf");
  const int parts = message.has_client_hello() + message.has_server_hello() + message.has_client_finish();
  if (parts != 1 || !message.unknown_fields().empty()) {
    return not_this("expected one of clientHello, serverHello, clientFinish and nothing else");
  }
  if (message.has_client_hello()) return draw_hello("HandshakeMessage: ClientHello", message.client_hello(), out);
  if (message.has_server_hello()) return draw_hello("HandshakeMessage: ServerHello", message.server_hello(), out);
  const auto& finish = message.client_finish();
  if (finish.static_().empty() || finish.payload().empty()) return not_this("clientFinish lacks static or payload");
  out.begin("HandshakeMessage: ClientFinish");
  draw_encrypted("static", finish.static_(), out);
  draw_encrypted("payload", finish.payload(), out);
  draw_unknown(finish.unknown_fields(), out);
  out.end();
  return Status::Ok();
}

Status draw_certificate_chain(ByteView bytes, Outline& out) {
  proto::CertChain chain;
  if (!chain.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return not_this("no protobuf");
  if (!chain.has_leaf() || !chain.has_intermediate()) return not_this("expected a leaf and an intermediate");
  PONTE_ASSIGN(const auto leaf, details_of(chain.leaf(), "leaf"));
  PONTE_ASSIGN(const auto intermediate, details_of(chain.intermediate(), "intermediate"));

  const auto intermediate_key = to_array<kKeySize>(as_bytes(intermediate.key()));
  out.begin("CertChain");
  draw_certificate("leaf", leaf, out);
  draw_certificate("intermediate", intermediate, out);
  out.begin("checks");
  out.field("intermediate signature",
            verdict(protocol::noise::kWhatsAppRootKey, chain.intermediate()) + " under WhatsApp's root");
  out.field("leaf signature", verdict(intermediate_key, chain.leaf()) + " under the intermediate");
  out.field("issuer serials", intermediate.issuer_serial() == 0 && leaf.issuer_serial() == intermediate.serial()
                                  ? "match"
                                  : "DO NOT MATCH");
  out.end();
  out.end();
  return Status::Ok();
}

}  // namespace ponte::tool
