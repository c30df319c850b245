#include "protocol/noise/certificate.h"

#include <functional>

#include "base/hex.h"
#include "support/chain_builder.h"
#include "support/vector_cases.h"

namespace ponte::protocol::noise {
namespace {

using test::ChainBuilder;
using test::VectorCase;

VectorCase production() {
  return test::load_cases("noise/certificate_chain.vec").at(0);
}

Wall at(std::uint64_t unix_seconds) {
  return ChainBuilder::wall(unix_seconds);
}

/// The production chain with parts of it replaced.
Bytes production_chain(const std::function<void(proto::CertChain&)>& damage) {
  proto::CertChain chain;
  const Bytes bytes = production().bytes("chain");
  EXPECT_TRUE(chain.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  damage(chain);
  return to_bytes(chain.SerializeAsString());
}

Result<CertificateChain> verify_production(ByteView chain, Wall wall = at(1'750'000'000)) {
  return verify_chain(chain, kWhatsAppRootKey, production().array<32>("leaf_key"), wall);
}

Result<CertificateChain> verify(const ChainBuilder& chain, Wall wall = ChainBuilder::inside()) {
  return verify_chain(chain.bytes(), chain.root.public_key, chain.server_static.public_key, wall);
}

void expect_refused(const Result<CertificateChain>& verified, Errc code, Cause cause) {
  ASSERT_FALSE(verified.ok());
  EXPECT_EQ(verified.error().code, code) << verified.error().message;
  EXPECT_EQ(verified.error().cause, cause) << verified.error().message;
}

TEST(CertificateChain, AcceptsTheProductionChain) {
  const VectorCase vector = production();
  EXPECT_EQ(to_hex(kWhatsAppRootKey), vector.text("root"));
  const auto chain = verify_production(vector.bytes("chain"));
  ASSERT_TRUE(chain.ok()) << chain.error().message;
  const auto expect_equal = [&](const Certificate& certificate, const std::string& name) {
    EXPECT_EQ(certificate.serial, vector.number(name + "_serial"));
    EXPECT_EQ(certificate.issuer_serial, vector.number(name + "_issuer_serial"));
    EXPECT_EQ(to_hex(certificate.key), vector.text(name + "_key"));
    EXPECT_EQ(certificate.not_before, vector.number(name + "_not_before"));
    EXPECT_EQ(certificate.not_after, vector.number(name + "_not_after"));
  };
  expect_equal(chain->leaf, "leaf");
  expect_equal(chain->intermediate, "intermediate");
}

TEST(CertificateChain, RefusesEveryBitFlipOfTheProductionChain) {
  for (const Bytes& damaged : test::bit_flips(production().bytes("chain"))) {
    const auto chain = verify_production(damaged);
    ASSERT_FALSE(chain.ok());
    EXPECT_TRUE((chain.error().code == Errc::kMalformed && chain.error().cause == Cause::kCertificateMalformed) ||
                (chain.error().code == Errc::kUntrusted && chain.error().cause == Cause::kCertificateSignature))
        << chain.error().message;
  }
}

TEST(CertificateChain, RefusesEveryTruncationOfTheProductionChain) {
  for (const Bytes& damaged : test::truncations(production().bytes("chain"))) {
    expect_refused(verify_production(damaged), Errc::kMalformed, Cause::kCertificateMalformed);
  }
}

TEST(CertificateChain, RefusesEveryBitFlipOfDetailsAndSignatures) {
  const VectorCase vector = production();
  const auto expect_signature = [](const Bytes& chain) {
    const auto verified = verify_production(chain);
    ASSERT_FALSE(verified.ok());
    // A flip may also break the details' own shape, which is looked at before the signature.
    EXPECT_TRUE(verified.error().cause == Cause::kCertificateSignature ||
                verified.error().cause == Cause::kCertificateMalformed);
  };
  for (const Bytes& details : test::bit_flips(vector.bytes("leaf_details"))) {
    expect_signature(production_chain([&](auto& chain) { chain.mutable_leaf()->set_details(to_text(details)); }));
  }
  for (const Bytes& details : test::bit_flips(vector.bytes("intermediate_details"))) {
    expect_signature(
        production_chain([&](auto& chain) { chain.mutable_intermediate()->set_details(to_text(details)); }));
  }
  for (const Bytes& signature : test::bit_flips(vector.bytes("leaf_signature"))) {
    expect_refused(verify_production(
                       production_chain([&](auto& chain) { chain.mutable_leaf()->set_signature(to_text(signature)); })),
                   Errc::kUntrusted, Cause::kCertificateSignature);
  }
  for (const Bytes& signature : test::bit_flips(vector.bytes("intermediate_signature"))) {
    expect_refused(verify_production(production_chain(
                       [&](auto& chain) { chain.mutable_intermediate()->set_signature(to_text(signature)); })),
                   Errc::kUntrusted, Cause::kCertificateSignature);
  }
}

TEST(CertificateChain, RefusesSwappedSignatures) {
  const Bytes swapped = production_chain([](auto& chain) {
    chain.mutable_leaf()->mutable_signature()->swap(*chain.mutable_intermediate()->mutable_signature());
  });
  expect_refused(verify_production(swapped), Errc::kUntrusted, Cause::kCertificateSignature);
}

TEST(CertificateChain, RefusesTheOtherSignBit) {
  for (const bool leaf : {true, false}) {
    const Bytes flipped = production_chain([&](auto& chain) {
      std::string& signature = *(leaf ? chain.mutable_leaf() : chain.mutable_intermediate())->mutable_signature();
      signature[63] = static_cast<char>(signature[63] ^ 0x80);
    });
    expect_refused(verify_production(flipped), Errc::kUntrusted, Cause::kCertificateSignature);
  }
}

TEST(CertificateChain, RefusesAnotherRoot) {
  const auto vector = production();
  expect_refused(verify_chain(vector.bytes("chain"), test::key_pair_of(0x31).public_key, vector.array<32>("leaf_key"),
                              at(1'750'000'000)),
                 Errc::kUntrusted, Cause::kCertificateSignature);
}

TEST(CertificateChain, RefusesALeafForAnotherKey) {
  const auto vector = production();
  for (const Bytes& other : test::bit_flips(vector.bytes("leaf_key"), 17)) {
    expect_refused(verify_chain(vector.bytes("chain"), kWhatsAppRootKey, to_array<32>(other), at(1'750'000'000)),
                   Errc::kUntrusted, Cause::kCertificateKeyMismatch);
  }
}

TEST(CertificateChain, NamesTheClockAndTheWindowOfAnExpiredLeaf) {
  const auto expired = verify_production(production().bytes("chain"), at(1'763'838'000));
  expect_refused(expired, Errc::kUntrusted, Cause::kCertificateExpired);
  const std::string& message = expired.error().message;
  for (const char* part : {"leaf", "2025-03-24T21:00:00Z", "2025-07-28T21:00:00Z", "clock says 2025-11-22T19:00:00Z"}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
}

TEST(CertificateChain, NamesTheClockAndTheWindowOfAnEarlyIntermediate) {
  const auto early = verify_production(production().bytes("chain"), at(0));
  expect_refused(early, Errc::kUntrusted, Cause::kCertificateNotYetValid);
  const std::string& message = early.error().message;
  for (const char* part :
       {"intermediate", "2025-03-08T00:00:00Z", "2027-03-07T23:59:59Z", "clock says 1970-01-01T00:00:00Z"}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
}

TEST(CertificateChain, KeepsTheWindowToTheMillisecond) {
  const ChainBuilder chain;
  const Wall first = at(ChainBuilder::kNotBefore);
  const Wall last = at(ChainBuilder::kNotAfter);
  EXPECT_TRUE(verify(chain, first).ok());
  EXPECT_TRUE(verify(chain, last).ok());
  expect_refused(verify(chain, first - Milliseconds(1)), Errc::kUntrusted, Cause::kCertificateNotYetValid);
  expect_refused(verify(chain, last + Milliseconds(1)), Errc::kUntrusted, Cause::kCertificateExpired);
}

TEST(CertificateChain, HoldsTheIntermediateToItsOwnWindow) {
  ChainBuilder chain;
  chain.intermediate.not_after = ChainBuilder::kNotBefore + 10;
  const auto expired = verify(chain, at(ChainBuilder::kNotBefore + 11));
  expect_refused(expired, Errc::kUntrusted, Cause::kCertificateExpired);
  EXPECT_NE(expired.error().message.find("intermediate"), std::string::npos);
  chain = ChainBuilder();
  chain.intermediate.not_before = ChainBuilder::kNotBefore + 10;
  expect_refused(verify(chain, at(ChainBuilder::kNotBefore + 9)), Errc::kUntrusted, Cause::kCertificateNotYetValid);
}

TEST(CertificateChain, BearsDatesBeyondAllCalendars) {
  ChainBuilder chain;
  chain.leaf.not_after = UINT64_MAX;
  EXPECT_TRUE(verify(chain).ok());
  chain.leaf.not_before = UINT64_MAX;
  expect_refused(verify(chain), Errc::kUntrusted, Cause::kCertificateNotYetValid);
  expect_refused(verify(ChainBuilder(), Wall(Seconds(-1))), Errc::kUntrusted, Cause::kCertificateNotYetValid);
  chain.leaf.not_before = 0;
  chain.leaf.not_after = 0;
  expect_refused(verify(chain), Errc::kUntrusted, Cause::kCertificateExpired);
}

TEST(CertificateChain, RefusesAnIntermediateNotIssuedByTheRoot) {
  ChainBuilder chain;
  chain.intermediate.issuer_serial = 1;
  expect_refused(verify(chain), Errc::kUntrusted, Cause::kCertificateIssuer);
}

TEST(CertificateChain, RefusesALeafNotIssuedByTheIntermediate) {
  ChainBuilder chain;
  chain.leaf.issuer_serial = 9;
  expect_refused(verify(chain), Errc::kUntrusted, Cause::kCertificateIssuer);
}

TEST(CertificateChain, ReadsAnAbsentIssuerSerialAsTheRoots) {
  const ChainBuilder builder;
  proto::CertChain chain = builder.message();
  proto::CertChain::NoiseCertificate::Details details;
  ASSERT_TRUE(details.ParseFromString(chain.intermediate().details()));
  details.clear_issuer_serial();
  chain.mutable_intermediate()->set_details(details.SerializeAsString());
  chain.mutable_intermediate()->set_signature(ChainBuilder::sign(builder.root, details.SerializeAsString()));
  const auto verified = verify_chain(to_bytes(chain.SerializeAsString()), builder.root.public_key,
                                     builder.server_static.public_key, ChainBuilder::inside());
  EXPECT_TRUE(verified.ok());
}

TEST(CertificateChain, RefusesALeafSignedByTheRootItself) {
  ChainBuilder builder;
  builder.intermediate_key = test::key_pair_of(0x31);  // signs the leaf; the intermediate keeps its own key
  expect_refused(verify(builder), Errc::kUntrusted, Cause::kCertificateSignature);
}

TEST(CertificateChain, ReportsTheFirstCheckThatFails) {
  // Everything is wrong from the third check on; each repair uncovers the next.
  ChainBuilder chain;
  chain.intermediate.issuer_serial = 1;
  chain.leaf.issuer_serial = 9;
  chain.leaf.key = chain.root.public_key;
  chain.leaf.not_after = chain.leaf.not_before;
  crypto::KeyPair right = std::move(chain.intermediate_key);
  chain.intermediate_key = test::key_pair_of(0x36);
  expect_refused(verify(chain), Errc::kUntrusted, Cause::kCertificateIssuer);
  chain.intermediate.issuer_serial = 0;
  expect_refused(verify(chain), Errc::kUntrusted, Cause::kCertificateSignature);
  chain.intermediate_key = std::move(right);
  expect_refused(verify(chain), Errc::kUntrusted, Cause::kCertificateIssuer);
  chain.leaf.issuer_serial = 7;
  expect_refused(verify(chain), Errc::kUntrusted, Cause::kCertificateKeyMismatch);
  chain.leaf.key = chain.server_static.public_key;
  expect_refused(verify(chain), Errc::kUntrusted, Cause::kCertificateExpired);
}

TEST(CertificateChain, RefusesTheWrongShape) {
  const std::pair<const char*, void (*)(proto::CertChain&)> cases[] = {
      {"no leaf", [](auto& c) { c.clear_leaf(); }},
      {"no intermediate", [](auto& c) { c.clear_intermediate(); }},
      {"leaf without details", [](auto& c) { c.mutable_leaf()->clear_details(); }},
      {"intermediate without details", [](auto& c) { c.mutable_intermediate()->clear_details(); }},
      {"leaf without signature", [](auto& c) { c.mutable_leaf()->clear_signature(); }},
      {"leaf signature of 63 bytes", [](auto& c) { c.mutable_leaf()->mutable_signature()->pop_back(); }},
      {"intermediate signature of 65 bytes",
       [](auto& c) { c.mutable_intermediate()->mutable_signature()->push_back('\0'); }},
      {"details that are no message", [](auto& c) { c.mutable_leaf()->set_details("\x1a\x7f"); }},
      {"details without a key", [](auto& c) { c.mutable_leaf()->set_details(std::string("\x08\x01", 2)); }},
      {"a key of 33 bytes",
       [](auto& c) { c.mutable_intermediate()->set_details("\x1a\x21" + std::string(33, '\x05')); }},
      {"too long", [](auto& c) { c.mutable_leaf()->mutable_details()->append(std::string(5000, '\0')); }},
  };
  for (const auto& [title, damage] : cases) {
    SCOPED_TRACE(title);
    expect_refused(verify_production(production_chain(damage)), Errc::kMalformed, Cause::kCertificateMalformed);
  }
  expect_refused(verify_production({}), Errc::kMalformed, Cause::kCertificateMalformed);
}

}  // namespace
}  // namespace ponte::protocol::noise
