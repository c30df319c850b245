// The simulator's passkey: what it signs, and what the server accepts of it (wire: pairing.md 7).
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "crypto/base64.h"
#include "crypto/digest.h"
#include "simulator/authenticator.h"
#include "simulator/code_text.h"

namespace ponte::simulator {
namespace {

using nlohmann::json;

constexpr const char* kChallenge = "c2ltdWxhdG9y";
constexpr const char* kOptions =
    R"({"challenge":"c2ltdWxhdG9y","timeout":600000,"rpId":"whatsapp.com","allowCredentials":[],
        "userVerification":"required","extensions":{"uvm":true}})";

struct SimulatorAuthenticator : testing::Test {
  Status check(const std::string& assertion) {
    return authenticator.check(as_bytes(assertion), signed_here->credential_id, kChallenge);
  }
  static std::string encoded(const std::string& text) { return crypto::base64_url(as_bytes(text)); }

  Authenticator authenticator{Seed{3}};
  Result<Assertion> signed_here = authenticator.sign(kOptions);
};

TEST_F(SimulatorAuthenticator, SignsWhatTheServerAccepts) {
  ASSERT_TRUE(signed_here.ok());
  EXPECT_TRUE(check(signed_here->json).ok());
  const json assertion = json::parse(signed_here->json);
  EXPECT_EQ(assertion["type"], "public-key");
  EXPECT_EQ(assertion["id"], crypto::base64_url(signed_here->credential_id));
  const auto client_data = crypto::from_base64_url(assertion["response"]["clientDataJSON"].get<std::string>());
  ASSERT_TRUE(client_data.ok());
  EXPECT_EQ(
      as_text(*client_data),
      R"({"type":"webauthn.get","challenge":"c2ltdWxhdG9y","origin":"https://web.whatsapp.com","crossOrigin":false})");
  const auto data = crypto::from_base64_url(assertion["response"]["authenticatorData"].get<std::string>());
  ASSERT_EQ(data->size(), 37u);
  EXPECT_TRUE(equal(ByteView(*data).first(32), crypto::sha256(as_bytes("whatsapp.com"))));
  EXPECT_EQ((*data)[32] & 0x05, 0x05) << "user present and verified";
}

TEST_F(SimulatorAuthenticator, IsTheSameWithTheSameSeedOnly) {
  EXPECT_EQ(Authenticator(Seed{3}).sign(kOptions)->json, signed_here->json);
  EXPECT_NE(Authenticator(Seed{4}).sign(kOptions)->json, signed_here->json);
}

TEST_F(SimulatorAuthenticator, RefusesOptionsThatAreNone) {
  for (const char* options :
       {"", "{", "[]", "7", "{}", R"({"challenge":"c2lt"})", R"({"rpId":"whatsapp.com"})",
        R"({"challenge":"","rpId":"whatsapp.com"})", R"({"challenge":"a b","rpId":"whatsapp.com"})",
        R"({"challenge":7,"rpId":"whatsapp.com"})", R"({"challenge":"c2lt","rpId":7})"}) {
    const auto refused = authenticator.sign(options);
    ASSERT_FALSE(refused.ok()) << options;
    EXPECT_EQ(refused.error().code, Errc::kInvalidArgument) << options;
  }
}

/// One change to an assertion, and the code of the refusal.
struct Damage {
  const char* name;
  Errc expected;
  void (*apply)(json&);
};

const Damage kDamages[] = {
    {"another id", Errc::kRejected, [](json& a) { a["id"] = "AAAA"; }},
    {"another raw id", Errc::kMalformed, [](json& a) { a["rawId"] = "AAAA"; }},
    {"a padded raw id", Errc::kMalformed, [](json& a) { a["rawId"] = a["rawId"].get<std::string>() + "=="; }},
    {"no raw id", Errc::kMalformed, [](json& a) { a.erase("rawId"); }},
    {"another type", Errc::kRejected, [](json& a) { a["type"] = "password"; }},
    {"no response", Errc::kRejected, [](json& a) { a.erase("response"); }},
    {"a response that is no object", Errc::kRejected, [](json& a) { a["response"] = "x"; }},
    {"no client data", Errc::kRejected, [](json& a) { a["response"].erase("clientDataJSON"); }},
    {"client data that is no JSON", Errc::kRejected, [](json& a) { a["response"]["clientDataJSON"] = "AAAA"; }},
    {"no authenticator data", Errc::kRejected, [](json& a) { a["response"].erase("authenticatorData"); }},
    {"36 bytes of authenticator data", Errc::kRejected,
     [](json& a) { a["response"]["authenticatorData"] = crypto::base64_url(Bytes(36, 0)); }},
    {"no signature", Errc::kRejected, [](json& a) { a["response"].erase("signature"); }},
    {"a short signature", Errc::kRejected,
     [](json& a) { a["response"]["signature"] = crypto::base64_url(Bytes(31, 0)); }},
    {"another signature", Errc::kRejected,
     [](json& a) { a["response"]["signature"] = crypto::base64_url(Bytes(32, 0)); }},
    {"a changed flag", Errc::kRejected,
     [](json& a) {
       Bytes data = *crypto::from_base64_url(a["response"]["authenticatorData"].get<std::string>());
       data[32] ^= 0x08;
       a["response"]["authenticatorData"] = crypto::base64_url(data);
     }},
    {"an unverified user", Errc::kRejected,
     [](json& a) {
       Bytes data = *crypto::from_base64_url(a["response"]["authenticatorData"].get<std::string>());
       data[32] ^= 0x04;
       a["response"]["authenticatorData"] = crypto::base64_url(data);
     }},
};

TEST_F(SimulatorAuthenticator, AcceptsNothingThatWasChanged) {
  for (const Damage& damage : kDamages) {
    json assertion = json::parse(signed_here->json);
    damage.apply(assertion);
    const Status status = check(assertion.dump());
    ASSERT_FALSE(status.ok()) << damage.name;
    EXPECT_EQ(status.error().code, damage.expected) << damage.name << ": " << status.error().message;
  }
  for (const char* text : {"", "{", "[]", "null"}) EXPECT_EQ(check(text).error().code, Errc::kMalformed) << text;
}

TEST_F(SimulatorAuthenticator, AcceptsNothingThatWasSignedForSomethingElse) {
  for (const char* options : {R"({"challenge":"b3RoZXI","rpId":"whatsapp.com"})",
                              R"({"challenge":"c2ltdWxhdG9y","rpId":"web.whatsapp.com"})"}) {
    const auto other = authenticator.sign(options);
    const Status status = authenticator.check(as_bytes(other->json), other->credential_id, kChallenge);
    ASSERT_FALSE(status.ok()) << options;
    EXPECT_EQ(status.error().code, Errc::kRejected) << options;
  }
  const auto stranger = Authenticator(Seed{4}).sign(kOptions);
  EXPECT_EQ(authenticator.check(as_bytes(stranger->json), stranger->credential_id, kChallenge).error().code,
            Errc::kRejected);
  for (const auto& [member, value] : {std::pair("type", "webauthn.create"), {"origin", "https://example.com"}}) {
    json assertion = json::parse(signed_here->json);
    json client_data =
        json::parse(as_text(*crypto::from_base64_url(assertion["response"]["clientDataJSON"].get<std::string>())));
    client_data[member] = value;
    assertion["response"]["clientDataJSON"] = encoded(client_data.dump());
    const Status status = check(assertion.dump());
    ASSERT_FALSE(status.ok()) << member;
    EXPECT_NE(status.error().message.find(member), std::string::npos) << status.error().message;
  }
}

// wire: pairing.md 14.8
TEST(SimulatorCodeText, ShowsFiveBytesAsEightSymbols) {
  EXPECT_EQ(code_text({0x00, 0x00, 0x00, 0x00, 0x00}), "1111-1111");
  EXPECT_EQ(code_text({0xFF, 0xFF, 0xFF, 0xFF, 0xFF}), "ZZZZ-ZZZZ");
  EXPECT_EQ(code_text({0x00, 0x00, 0x00, 0x00, 0x1F}), "1111-111Z");
  EXPECT_EQ(code_text({0x00, 0x00, 0x00, 0x00, 0x01}), "1111-1112");
  EXPECT_EQ(code_text({0x01, 0x23, 0x45, 0x67, 0x89}), "15JM-BSWA");
  EXPECT_EQ(code_text({0xDE, 0xAD, 0xBE, 0xEF, 0x42}), "VTPV-XVT3");
}

TEST(SimulatorCodeText, ReadsWhatPeopleType) {
  EXPECT_EQ(normalized_code("vtpv-xvt3"), "VTPVXVT3");
  EXPECT_EQ(normalized_code("VTPVXVT3"), "VTPVXVT3");
  for (const char* text : {"", "VTPV-XVT", "VTPV-XVT33", "VTPV-XVT0", "VTPV XVT3", "VTPV-XVTO"}) {
    EXPECT_EQ(normalized_code(text), "") << text;
  }
}

}  // namespace
}  // namespace ponte::simulator
