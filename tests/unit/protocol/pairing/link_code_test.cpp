#include "protocol/pairing/link_code.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "protocol/wire/node_codec.h"
#include "support/scripted_random.h"
#include "support/session_fixtures.h"
#include "support/vector_cases.h"

namespace ponte::protocol::pairing {
namespace {

using test::vector_bytes;
using test::vector_text;

class LinkCode : public ::testing::Test {
 protected:
  template <std::size_t N>
  ByteArray<N> array(const char* key) const {
    return to_array<N>(vector_bytes(file_, key));
  }
  Secret<32> secret(const char* key) const { return Secret<32>(array<32>(key)); }
  crypto::KeyPair pair(const char* key) const { return crypto::key_pair_from_private(secret(key)); }
  /// The randomness of the vector's bundle, in the order it is drawn.
  test::ScriptedRandom bundle_random() const {
    test::ScriptedRandom random;
    for (const char* key : {"randomness", "bundle_salt", "bundle_nonce"}) random.add(vector_bytes(file_, key));
    return random;
  }

  VecFile file_ = test::load_vectors("pairing/link_code.vec");
  store::Credentials own_ = test::vector_credentials();
};

TEST_F(LinkCode, SymbolsAreThoseOfTheVectors) {
  for (const auto& vector : test::load_cases("pairing/code_symbols.vec")) {
    EXPECT_EQ(code_symbols(vector.array<5>("bytes")), vector.text("symbols"));
  }
}

TEST_F(LinkCode, EverySymbolStandsForItsFiveBits) {
  for (std::uint8_t value = 0; value < 32; ++value) {
    EXPECT_EQ(code_symbols({0, 0, 0, 0, value}).back(), kCodeAlphabet[value]);
    EXPECT_EQ(code_symbols({static_cast<std::uint8_t>(value << 3), 0, 0, 0, 0}).front(), kCodeAlphabet[value]);
  }
}

TEST_F(LinkCode, ACodeIsReadAsPeopleWriteIt) {
  for (const char* text : {"ABCD1234", "ABCD-1234", "abcd-1234", " a b c d 1 2 3 4 ", "AB-CD-12-34"}) {
    const auto code = parse_code(text);
    ASSERT_TRUE(code.ok()) << text;
    EXPECT_EQ(*code, "ABCD1234");
  }
  EXPECT_EQ(display_code("ABCD1234"), "ABCD-1234");
}

TEST_F(LinkCode, WhatIsNoCodeIsRefusedByName) {
  for (const char* text : {"", "ABCD123", "ABCD12345", "ABCD123O", "ABCD123I", "ABCD123U", "ABCD1230", "ABCD_1234",
                           "ABCD123\xC3\x84", "ABCD\n1234"}) {
    const auto code = parse_code(text);
    ASSERT_FALSE(code.ok()) << text;
    EXPECT_EQ(code.error().code, Errc::kInvalidArgument);
    EXPECT_EQ(code.error().cause, Cause::kInvalidCode);
    EXPECT_NE(code.error().message.find("code: expected 8 symbols"), std::string::npos) << code.error().message;
  }
}

TEST_F(LinkCode, WrapsTheEphemeralOfTheVector) {
  const Secret<32> key = code_key(vector_text(file_, "code"), array<32>("salt"));
  EXPECT_EQ(to_hex(key.view()), vector_text(file_, "key"));
  const crypto::KeyPair ephemeral = pair("ephemeral_private");
  EXPECT_EQ(to_hex(ephemeral.public_key), vector_text(file_, "ephemeral_public"));
  EXPECT_EQ(to_hex(wrap_key(key, array<32>("salt"), array<16>("iv"), ephemeral.public_key)),
            vector_text(file_, "wrapped_ephemeral"));
}

TEST_F(LinkCode, OpensThePhonesEphemeralUnderItsOwnSaltAndIv) {
  const Bytes wrapped = vector_bytes(file_, "wrapped_primary_ephemeral");
  EXPECT_EQ(to_hex(salt_of(wrapped)), vector_text(file_, "primary_salt"));
  const Secret<32> key = code_key("ABCD1234", salt_of(wrapped));
  EXPECT_EQ(to_hex(key.view()), vector_text(file_, "primary_key"));
  EXPECT_EQ(to_hex(unwrap_key(key, wrapped)), vector_text(file_, "primary_ephemeral_public"));
  EXPECT_NE(to_hex(unwrap_key(code_key("ABCD1235", salt_of(wrapped)), wrapped)),
            vector_text(file_, "primary_ephemeral_public"));
}

TEST_F(LinkCode, MakesTheBundleAndTheSecretOfTheVector) {
  test::ScriptedRandom random = bundle_random();
  const auto bundle = make_key_bundle(pair("ephemeral_private"), array<32>("primary_ephemeral_public"), own_.identity,
                                      array<32>("primary_identity"), random);
  ASSERT_TRUE(bundle.ok()) << bundle.error().message;
  EXPECT_EQ(random.remaining(), 0U);
  EXPECT_EQ(to_hex(bundle->wrapped), vector_text(file_, "wrapped_bundle"));
  EXPECT_EQ(to_hex(bundle->adv_secret.view()), vector_text(file_, "adv_secret"));
}

TEST_F(LinkCode, ALowOrderKeyOfThePhoneMakesNoBundle) {
  for (const auto& low : test::load_cases("crypto/low_order.vec")) {
    test::ScriptedRandom random = bundle_random();
    const auto ephemeral = make_key_bundle(pair("ephemeral_private"), low.array<32>("public"), own_.identity,
                                           array<32>("primary_identity"), random);
    ASSERT_FALSE(ephemeral.ok()) << low.title;
    EXPECT_EQ(ephemeral.error().cause, Cause::kWeakKey);
    const auto identity = make_key_bundle(pair("ephemeral_private"), array<32>("primary_ephemeral_public"),
                                          own_.identity, low.array<32>("public"), random);
    ASSERT_FALSE(identity.ok()) << low.title;
    EXPECT_EQ(identity.error().cause, Cause::kWeakKey);
    EXPECT_GT(random.remaining(), 0U) << "nothing is drawn for a bundle that is not made";
  }
}

TEST_F(LinkCode, SaysCompanionHelloAsTheVectorHasIt) {
  const auto expected = wire::decode_frame(vector_bytes(file_, "companion_hello_frame"));
  ASSERT_TRUE(expected.ok());
  const wire::Node* request = expected->find("link_code_companion_reg");
  ASSERT_NE(request, nullptr);
  const Bytes wrapped = vector_bytes(file_, "wrapped_ephemeral");
  EXPECT_EQ(companion_hello(vector_text(file_, "number"), wrapped, own_.noise.public_key, "Chrome (Linux)"), *request);
}

TEST_F(LinkCode, OnlyNamesThatTheServerKnowsAreSaidToIt) {
  for (const char* known : {"Chrome (Linux)", "Chrome (Windows)", "Chrome (Mac OS)"}) {
    EXPECT_EQ(platform_display(known), known);
  }
  for (const char* other : {"", "Ponte", "Chrome (Acme)", "chrome (linux)", "Chrome (Linux) ", "Firefox (Linux)"}) {
    EXPECT_EQ(platform_display(other), "Chrome (Linux)") << other;
  }
}

}  // namespace
}  // namespace ponte::protocol::pairing
