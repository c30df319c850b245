#include "ponte/decode.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "support/vectors.h"

namespace ponte::tool {
namespace {

using test::bit_flips;
using test::load_vectors;
using test::truncations;
using test::vector_bytes;
using test::vector_text;

std::string decoded(ByteView input) {
  const auto result = decode_any(input);
  return result.ok() ? *result : "error: " + result.error().message;
}
std::string decoded(std::string_view text) {
  return decoded(as_bytes(text));
}

std::string from_vector(const std::string& file, std::string_view key) {
  return decoded(vector_text(load_vectors(file), key));
}

void expect_contains(const std::string& text, std::initializer_list<std::string_view> parts) {
  for (const auto part : parts) EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
}

TEST(Decode, ReadsAPrefixedQrText) {
  const std::string text = from_vector("tools/decode.vec", "qr");
  expect_contains(
      text, {"QR text, prefixed\n", "2@REFREFREF", "0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20",
             "7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13", "1 (Chrome)"});
}

TEST(Decode, ReadsABareQrTextAndTheOldForm) {
  const std::string qr = vector_text(load_vectors("tools/decode.vec"), "qr");
  const std::string bare = qr.substr(qr.find('#') + 1);
  expect_contains(decoded(bare + "\n"), {"QR text, bare\n", "2@REFREFREF"});
  expect_contains(decoded(bare.substr(0, bare.size() - 2)), {"QR text, bare\n", "four-field form"});
}

TEST(Decode, NeverShowsTheAdvSecret) {
  const std::string text = from_vector("tools/decode.vec", "qr");
  expect_contains(text, {"32 bytes, not shown"});
  EXPECT_EQ(text.find("VVVV"), std::string::npos);
  EXPECT_EQ(text.find("5555"), std::string::npos);
}

TEST(Decode, SaysWhatIsWrongWithAQrText) {
  std::string qr = vector_text(load_vectors("tools/decode.vec"), "qr");
  expect_contains(decoded(qr + ",x"), {"error: ", "five fields", "came 6"});
  qr.replace(qr.find(",e06Q"), 5, ",!06Q");
  expect_contains(decoded(qr), {"error: ", "field 3 is no base64 of 32 bytes"});
}

TEST(Decode, ReadsAStanza) {
  expect_contains(decoded("00f8071911fa000308ff0530590598740414"),
                  {"stanza\n", "<iq to=\"@s.whatsapp.net\" id=\"3059059874\" type=\"result\"/>"});
  expect_contains(from_vector("wire/stanzas.vec", "compressed_of_third"), {"stanza, compressed\n", "3059059874"});
  expect_contains(from_vector("wire/success.vec", "node"), {"stanza without flag byte\n", "<success t=\"1752021890\""});
}

TEST(Decode, ReadsTheProtobufsInAStanza) {
  expect_contains(from_vector("wire/pairing_frames.vec", "pair_success"),
                  {"<pair-success>", "in <device-identity>", "ADVSignedDeviceIdentityHMAC", "key index"});
  expect_contains(from_vector("wire/pairing_frames.vec", "reply"),
                  {"in <device-identity>", "ADVSignedDeviceIdentity\n", "device signature"});
}

TEST(Decode, ReadsHandshakeMessages) {
  expect_contains(
      from_vector("noise/xx_production.vec", "client_hello"),
      {"HandshakeMessage: ClientHello\n", "8537e1daadfb8e9ff8491896f5733008bad4967c2ba97670f69cf3053762ea4d"});
  expect_contains(from_vector("noise/xx_production.vec", "server_hello"),
                  {"HandshakeMessage: ServerHello\n", "48 bytes, encrypted", "257 bytes, encrypted"});
  expect_contains(from_vector("noise/xx_production.vec", "client_finish"),
                  {"HandshakeMessage: ClientFinish\n", "48 bytes, encrypted", "21 bytes, encrypted"});
}

TEST(Decode, ReadsTheStartOfAStream) {
  const std::string hello = vector_text(load_vectors("noise/xx_production.vec"), "client_hello");
  expect_contains(decoded("57410603000024" + hello),
                  {"start of a client's stream\n", "frame 1, 36 bytes", "HandshakeMessage: ClientHello"});
  expect_contains(decoded("45440001000003aabbcc57410603000024" + hello + "0000"),
                  {"routing info", "aabbcc", "frame 1, 36 bytes", "2 bytes of an incomplete frame"});
}

TEST(Decode, ReadsFramesWithoutPrologue) {
  const std::string hello = vector_text(load_vectors("noise/xx_production.vec"), "client_hello");
  expect_contains(decoded("000024" + hello + "0000020102"),
                  {"frame 1, 36 bytes", "HandshakeMessage: ClientHello", "frame 2, 2 bytes", "encrypted, most likely"});
}

TEST(Decode, ReadsTheProductionCertificateChain) {
  expect_contains(from_vector("noise/xx_production.vec", "chain"),
                  {"CertChain\n", "329", "5854d333d8e13975abd6597bbaddd49d6935ced25c93a44bd3ade508f2bec330",
                   "2025-03-24T21:00:00Z", "2025-07-28T21:00:00Z", "2027-03-07T23:59:59Z",
                   "valid under WhatsApp's root", "valid under the intermediate", "match"});
}

TEST(Decode, SaysWhenACertificateIsForged) {
  Bytes chain = vector_bytes(load_vectors("noise/xx_production.vec"), "chain");
  chain[20] ^= 1;  // in the leaf's key
  const std::string text = decoded(chain);
  expect_contains(text, {"CertChain\n", "NOT VALID under the intermediate"});
  EXPECT_EQ(text.find("NOT VALID under WhatsApp's root"), std::string::npos);

  Bytes other = vector_bytes(load_vectors("noise/xx_production.vec"), "chain");
  other[other.size() - 1] ^= 1;  // in the intermediate's signature
  expect_contains(decoded(other), {"NOT VALID under WhatsApp's root"});
}

TEST(Decode, ReadsClientPayloads) {
  expect_contains(from_vector("tools/decode.vec", "registration"),
                  {"ClientPayload: registration\n", "WEB", "2.3000.", "12345678", "registration data", "DeviceProps",
                   "\"Linux\"", "CHROME"});
  expect_contains(from_vector("tools/decode.vec", "login"),
                  {"ClientPayload: login\n", "551199887766", "33", "WIFI_UNKNOWN", "USER_ACTIVATED"});
}

TEST(Decode, ReadsTheOtherProtobufs) {
  expect_contains(from_vector("tools/decode.vec", "device_props"), {"DeviceProps\n", "CHROME"});
  expect_contains(from_vector("tools/decode.vec", "device_identity"), {"ADVDeviceIdentity\n", "key index", "7"});
  expect_contains(from_vector("tools/decode.vec", "signed_device_identity"), {"ADVSignedDeviceIdentity\n"});
  expect_contains(from_vector("tools/decode.vec", "signed_device_identity_hmac"), {"ADVSignedDeviceIdentityHMAC\n"});
  expect_contains(decoded("08011001"), {"ClientPairingProps\n", "chats use LIDs"});
}

TEST(Decode, TakesHexInAnyLayoutAndRawBytes) {
  const std::string expected = decoded("00f8071911fa000308ff0530590598740414");
  EXPECT_EQ(decoded("0x00F8071911FA000308FF0530590598740414"), expected);
  EXPECT_EQ(decoded(" 00 f8 07 19 11 fa 00 03\n08 ff 05 30 59 05 98 74 04 14\r\n"), expected);
  EXPECT_EQ(decoded(from_hex("00f8071911fa000308ff0530590598740414").value()), expected);
}

TEST(Decode, NamesWhatWasTriedWhereNothingFits) {
  expect_contains(decoded("deadbeef"), {"error: nothing fits these 4 bytes:", "\n  stanza: ", "\n  CertChain: ",
                                        "\n  HandshakeMessage: ", "\n  ClientPayload: ", "\n  frames: "});
  expect_contains(decoded("hello there"), {"error: nothing fits this text", "\n  hex: ", "\n  QR text: "});
  expect_contains(decoded("abc"), {"error: "});
  expect_contains(decoded(" \n"), {"error: nothing to decode"});
  expect_contains(decoded(""), {"error: nothing to decode"});
  EXPECT_EQ(decode_any(as_bytes("deadbeef")).error().code, Errc::kMalformed);
}

TEST(Decode, SurvivesDamagedInput) {
  for (const char* file : {"tools/decode.vec", "noise/xx_production.vec", "wire/pairing_frames.vec"}) {
    const VecFile vectors = load_vectors(file);
    for (const VecLine& line : vectors.lines()) {
      const auto bytes = from_hex(line.value);
      if (!bytes.ok()) continue;
      for (const Bytes& cut : truncations(*bytes)) EXPECT_FALSE(decoded(cut).empty());
      for (const Bytes& flipped : bit_flips(*bytes, 7)) EXPECT_FALSE(decoded(flipped).empty());
    }
  }
}

}  // namespace
}  // namespace ponte::tool
