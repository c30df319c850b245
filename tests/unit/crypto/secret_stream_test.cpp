#include "crypto/secret_stream.h"

#include <gtest/gtest.h>

#include "support/vectors.h"

namespace ponte::crypto {
namespace {

using test::bit_flips;
using test::truncations;

const ByteView kAbout = as_bytes("about it");

Secret<32> key(std::uint8_t byte) {
  ByteArray<32> bytes{};
  bytes.fill(byte);
  return Secret<32>(bytes);
}

struct Sealed {
  StreamHeader header;
  std::vector<Bytes> chunks;
};

Sealed seal_three() {
  SecretStreamSealer sealer(key(7));
  Sealed out{sealer.header(), {}};
  out.chunks.push_back(sealer.seal(as_bytes("first"), kAbout, ChunkKind::kMore));
  out.chunks.push_back(sealer.seal({}, kAbout, ChunkKind::kMore));
  out.chunks.push_back(sealer.seal(as_bytes("last"), kAbout, ChunkKind::kLast));
  return out;
}

TEST(SecretStream, OpensWhatWasSealedInOrder) {
  const Sealed sealed = seal_three();
  SecretStreamOpener opener(key(7), sealed.header);
  const std::vector<std::string> texts{"first", "", "last"};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(sealed.chunks[i].size(), texts[i].size() + kStreamOverhead);
    const auto opened = opener.open(sealed.chunks[i], kAbout);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(to_text(opened->plaintext.view()), texts[i]);
    EXPECT_EQ(opened->kind, i == 2 ? ChunkKind::kLast : ChunkKind::kMore);
  }
}

TEST(SecretStream, RefusesAChunkThatIsAlteredOrNotTheNext) {
  const Sealed sealed = seal_three();
  const auto opens_first = [&](ByteView chunk, ByteView about, const Secret<32>& by, const StreamHeader& header) {
    return SecretStreamOpener(by, header).open(chunk, about).ok();
  };
  const Bytes& first = sealed.chunks[0];
  ASSERT_TRUE(opens_first(first, kAbout, key(7), sealed.header));
  for (const Bytes& damaged : bit_flips(first)) EXPECT_FALSE(opens_first(damaged, kAbout, key(7), sealed.header));
  for (const Bytes& cut : truncations(first)) EXPECT_FALSE(opens_first(cut, kAbout, key(7), sealed.header));
  EXPECT_FALSE(opens_first(sealed.chunks[1], kAbout, key(7), sealed.header));
  EXPECT_FALSE(opens_first(first, as_bytes("about it?"), key(7), sealed.header));
  EXPECT_FALSE(opens_first(first, kAbout, key(8), sealed.header));
  for (const Bytes& header : bit_flips(sealed.header, 8))
    EXPECT_FALSE(opens_first(first, kAbout, key(7), to_array<24>(header)));
}

}  // namespace
}  // namespace ponte::crypto
