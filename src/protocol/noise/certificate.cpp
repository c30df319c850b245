#include "protocol/noise/certificate.h"

#include <algorithm>
#include <chrono>

#include "base/utc.h"
#include "certificate.pb.h"
#include "crypto/compare.h"

namespace ponte::protocol::noise {
namespace {

constexpr std::uint32_t kRootSerial = 0;
constexpr std::size_t kSignatureSize = 64;

Error malformed(std::string message) {
  return {Errc::kMalformed, Cause::kCertificateMalformed, "server certificate: " + std::move(message)};
}
Error untrusted(Cause cause, std::string message) {
  return {Errc::kUntrusted, cause, "server certificate: " + std::move(message)};
}

/// A validity limit or a clock for people; a time that is no date as its number.
std::string time_text(std::int64_t unix_seconds) {
  return utc_text(unix_seconds).value_or("second " + std::to_string(unix_seconds) + " of Unix time");
}

/// A certificate whose shape is right, with the very bytes that were signed.
struct Parsed {
  Certificate certificate;
  std::string details;
  std::string signature;
};

Result<Parsed> parse_certificate(const proto::CertChain::NoiseCertificate& message, const std::string& name) {
  if (message.details().empty()) return malformed("expected details in the " + name + ", got none");
  if (message.signature().size() != kSignatureSize) {
    return malformed("expected a signature of 64 bytes in the " + name + ", got " +
                     std::to_string(message.signature().size()));
  }
  proto::CertChain::NoiseCertificate::Details details;
  if (!details.ParseFromString(message.details())) return malformed("the details of the " + name + " do not parse");
  if (details.key().size() != crypto::PublicKey{}.size()) {
    return malformed("expected a key of 32 bytes in the " + name + ", got " + std::to_string(details.key().size()));
  }
  // proto2: an absent issuer serial reads as 0, as the root's (wire: pairing.md 2.5).
  const Certificate certificate{details.serial(), details.issuer_serial(), to_array<32>(as_bytes(details.key())),
                                details.not_before(), details.not_after()};
  return Parsed{certificate, message.details(), message.signature()};
}

Status check_signature(const Parsed& parsed, const crypto::PublicKey& issuer, const std::string& name) {
  if (crypto::xeddsa_verify(issuer, as_bytes(parsed.details), as_bytes(parsed.signature))) return Status::Ok();
  return untrusted(Cause::kCertificateSignature, "the signature of the " + name + " (serial " +
                                                     std::to_string(parsed.certificate.serial) +
                                                     ") is not its issuer's over these details");
}

Status check_issuer(const Certificate& certificate, std::uint32_t issuer_serial, const std::string& name) {
  if (certificate.issuer_serial == issuer_serial) return Status::Ok();
  return untrusted(Cause::kCertificateIssuer, "expected issuer serial " + std::to_string(issuer_serial) + " in the " +
                                                  name + ", got " + std::to_string(certificate.issuer_serial));
}

Status check_window(const Certificate& certificate, Wall wall, const std::string& name) {
  // notBefore <= now <= notAfter to the millisecond: a started second counts as later than notAfter.
  const auto since_epoch = wall.time_since_epoch();
  const std::int64_t started = std::chrono::floor<Seconds>(since_epoch).count();
  const std::int64_t completed = std::chrono::ceil<Seconds>(since_epoch).count();
  const bool early = started < 0 || static_cast<std::uint64_t>(started) < certificate.not_before;
  const bool late = completed > 0 && static_cast<std::uint64_t>(completed) > certificate.not_after;
  if (!early && !late) return Status::Ok();
  const auto limit_text = [](std::uint64_t limit) {
    return time_text(static_cast<std::int64_t>(std::min<std::uint64_t>(limit, INT64_MAX)));
  };
  return untrusted(early ? Cause::kCertificateNotYetValid : Cause::kCertificateExpired,
                   "the " + name + " (serial " + std::to_string(certificate.serial) + ") is valid from " +
                       limit_text(certificate.not_before) + " to " + limit_text(certificate.not_after) +
                       ", but this machine's clock says " + time_text(started) +
                       (early ? ": not yet valid, or the clock is slow" : ": expired, or the clock is fast"));
}

}  // namespace

const crypto::PublicKey kWhatsAppRootKey = {0x14, 0x23, 0x75, 0x57, 0x4d, 0x0a, 0x58, 0x71, 0x66, 0xaa, 0xe7,
                                            0x1e, 0xbe, 0x51, 0x64, 0x37, 0xc4, 0xa2, 0x8b, 0x73, 0xe3, 0x69,
                                            0x5c, 0x6c, 0xe1, 0xf7, 0xf9, 0x54, 0x5d, 0xa8, 0xee, 0x6b};

Result<CertificateChain> verify_chain(ByteView chain_bytes, const crypto::PublicKey& root,
                                      const crypto::PublicKey& server_static, Wall wall) {
  if (chain_bytes.empty() || chain_bytes.size() > kMaxChainSize) {
    return malformed("expected a chain of 1 to 4096 bytes, got " + std::to_string(chain_bytes.size()));
  }
  proto::CertChain chain;
  if (!chain.ParseFromArray(chain_bytes.data(), static_cast<int>(chain_bytes.size()))) {
    return malformed("expected a CertChain, got " + std::to_string(chain_bytes.size()) + " bytes that are not one");
  }
  const std::string leaf_name = "leaf";
  const std::string intermediate_name = "intermediate";
  PONTE_ASSIGN(const Parsed leaf, parse_certificate(chain.leaf(), leaf_name));
  PONTE_ASSIGN(const Parsed intermediate, parse_certificate(chain.intermediate(), intermediate_name));
  PONTE_TRY(check_signature(intermediate, root, intermediate_name));
  PONTE_TRY(check_issuer(intermediate.certificate, kRootSerial, intermediate_name));
  PONTE_TRY(check_signature(leaf, intermediate.certificate.key, leaf_name));
  PONTE_TRY(check_issuer(leaf.certificate, intermediate.certificate.serial, leaf_name));
  if (!crypto::equal_constant_time(leaf.certificate.key, server_static)) {
    return untrusted(Cause::kCertificateKeyMismatch,
                     "expected the leaf to be for the static key of this handshake, got one for another key");
  }
  PONTE_TRY(check_window(intermediate.certificate, wall, intermediate_name));
  PONTE_TRY(check_window(leaf.certificate, wall, leaf_name));
  return CertificateChain{leaf.certificate, intermediate.certificate};
}

}  // namespace ponte::protocol::noise
