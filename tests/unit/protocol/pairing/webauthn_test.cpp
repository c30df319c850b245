#include "protocol/pairing/webauthn.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "crypto/base64.h"
#include "crypto/digest.h"

namespace ponte::protocol::pairing {
namespace {

using nlohmann::ordered_json;

constexpr const char* kOptions =
    R"({"challenge":"c2ltdWxhdG9y","timeout":600000,"rpId":"whatsapp.com","allowCredentials":[],"userVerification":"required"})";

Bytes authenticator_data(std::uint8_t flags = 0x05, std::string_view relying_party = "whatsapp.com") {
  return concat({crypto::sha256(as_bytes(relying_party)), ByteArray<5>{flags, 0, 0, 0, 1}});
}

ordered_json client_data() {
  return {{"type", "webauthn.get"}, {"challenge", "c2ltdWxhdG9y"}, {"origin", "https://web.whatsapp.com"}};
}

std::string encoded(const ordered_json& json) {
  return crypto::base64_url(as_bytes(json.dump()));
}

ordered_json assertion() {
  return {{"id", "AQID"},
          {"rawId", "AQID"},
          {"type", "public-key"},
          {"authenticatorAttachment", "platform"},
          {"clientExtensionResults", ordered_json::object()},
          {"response",
           {{"clientDataJSON", encoded(client_data())},
            {"authenticatorData", crypto::base64_url(authenticator_data())},
            {"signature", "c2lnbmF0dXJl"},
            {"userHandle", nullptr}}}};
}

RequestOptions options() {
  return *parse_request_options(kOptions);
}

TEST(WebAuthn, ReadsWhatAnAssertionIsHeldAgainst) {
  EXPECT_EQ(options().challenge, "c2ltdWxhdG9y");
  EXPECT_EQ(options().relying_party, "whatsapp.com");
  EXPECT_EQ(parse_request_options(R"({"challenge":"AAAA"})")->relying_party, "whatsapp.com");
}

TEST(WebAuthn, RefusesOptionsThatAreNone) {
  const std::string large = R"({"challenge":"AAAA","x":")" + std::string(17'000, 'x') + "\"}";
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{"), std::string("null"), std::string("{}"), large,
        std::string(R"({"challenge":7})"), std::string(R"({"challenge":""})"), std::string(R"({"challenge":"a+b="})"),
        std::string("{\"challenge\":\"AAAA\xFF\"}"), std::string(20'000, '[')}) {
    const auto parsed = parse_request_options(text);
    ASSERT_FALSE(parsed.ok()) << text.substr(0, 40);
    EXPECT_EQ(parsed.error().cause, Cause::kPairingMalformed);
  }
}

TEST(WebAuthn, HandsOnWhatWhatsAppsPageSendsAndNothingElse) {
  const auto read = read_assertion(assertion().dump(), options());
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->credential_id, (Bytes{1, 2, 3}));
  const auto sent = ordered_json::parse(read->assertion);
  std::vector<std::string> members;
  for (const auto& [name, value] : sent.items()) members.push_back(name);
  EXPECT_EQ(members, (std::vector<std::string>{"id", "rawId", "type", "response"}));
  EXPECT_EQ(sent["response"], assertion()["response"]);
}

TEST(WebAuthn, AUserHandleIsHandedOnOrAbsent) {
  auto with = assertion();
  with["response"]["userHandle"] = "dXNlcg";
  EXPECT_EQ(ordered_json::parse(read_assertion(with.dump(), options())->assertion)["response"]["userHandle"], "dXNlcg");
  auto without = assertion();
  without["response"].erase("userHandle");
  EXPECT_TRUE(read_assertion(without.dump(), options()).ok());
}

struct BadCase {
  const char* member;
  void (*damage)(ordered_json&);
};

TEST(WebAuthn, NamesTheMemberThatIsWrong) {
  const BadCase cases[] = {
      {"rawId: ", [](auto& a) { a.erase("rawId"); }},
      {"rawId: ", [](auto& a) { a["rawId"] = ""; }},
      {"rawId: ", [](auto& a) { a["rawId"] = "AQID="; }},
      {"id: ", [](auto& a) { a["id"] = "AQIE"; }},
      {"id: ", [](auto& a) { a.erase("id"); }},
      {"type: ", [](auto& a) { a["type"] = "password"; }},
      {"response: ", [](auto& a) { a.erase("response"); }},
      {"response: ", [](auto& a) { a["response"] = "x"; }},
      {"response.clientDataJSON: ", [](auto& a) { a["response"].erase("clientDataJSON"); }},
      {"response.clientDataJSON: ", [](auto& a) { a["response"]["clientDataJSON"] = "AAAA"; }},
      {"response.signature: ", [](auto& a) { a["response"]["signature"] = 7; }},
      {"response.userHandle: ", [](auto& a) { a["response"]["userHandle"] = "?"; }},
      {"response.authenticatorData: ", [](auto& a) { a["response"]["authenticatorData"] = "AAAA"; }},
      {"expected it to be for whatsapp.com",
       [](auto& a) { a["response"]["authenticatorData"] = crypto::base64_url(authenticator_data(5, "evil.com")); }},
      {"present", [](auto& a) { a["response"]["authenticatorData"] = crypto::base64_url(authenticator_data(4)); }},
      {"verified", [](auto& a) { a["response"]["authenticatorData"] = crypto::base64_url(authenticator_data(1)); }},
  };
  for (const BadCase& bad : cases) {
    auto damaged = assertion();
    bad.damage(damaged);
    const auto read = read_assertion(damaged.dump(), options());
    ASSERT_FALSE(read.ok()) << bad.member;
    EXPECT_EQ(read.error().code, Errc::kInvalidArgument);
    EXPECT_EQ(read.error().cause, Cause::kInvalidAssertion);
    EXPECT_NE(read.error().message.find(bad.member), std::string::npos) << read.error().message;
  }
}

TEST(WebAuthn, ClientDataMustBeOfThisChallengeAndOrigin) {
  const std::pair<const char*, const char*> cases[] = {
      {"type", "webauthn.create"},
      {"challenge", "b3RoZXI"},
      {"origin", "http://web.whatsapp.com"},
      {"origin", "https://whatsapp.com.evil.com"},
      {"origin", "https://evilwhatsapp.com"},
      {"origin", "https://evil.com/.whatsapp.com"},
      {"origin", "https://evil.com:1@x.whatsapp.com"},
      {"origin", ""},
  };
  for (const auto& [member, value] : cases) {
    auto data = client_data();
    data[member] = value;
    auto damaged = assertion();
    damaged["response"]["clientDataJSON"] = encoded(data);
    const auto read = read_assertion(damaged.dump(), options());
    ASSERT_FALSE(read.ok()) << member << " " << value;
    EXPECT_NE(read.error().message.find(std::string("clientDataJSON.") + member), std::string::npos)
        << read.error().message;
  }
  auto bare = client_data();
  bare["origin"] = "https://whatsapp.com";
  auto good = assertion();
  good["response"]["clientDataJSON"] = encoded(bare);
  EXPECT_TRUE(read_assertion(good.dump(), options()).ok());
}

TEST(WebAuthn, RefusesEveryTruncationAndWhatIsNoJson) {
  const std::string text = assertion().dump();
  for (std::size_t size = 0; size < text.size(); ++size) {
    ASSERT_FALSE(read_assertion(text.substr(0, size), options()).ok()) << size;
  }
  EXPECT_FALSE(read_assertion(std::string(40'000, ' ') + text, options()).ok());
  EXPECT_FALSE(read_assertion(std::string(30'000, '['), options()).ok());
}

}  // namespace
}  // namespace ponte::protocol::pairing
