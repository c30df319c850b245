#include "protocol/history/inflate_stream.h"

#include "support/deflate.h"
#include "support/vectors.h"

namespace ponte::protocol::history {
namespace {

/// All that comes, in pieces of `piece` bytes.
Result<Bytes> inflate_all(ByteView compressed, std::size_t piece, const InflateLimits& limits = {}) {
  InflateStream stream(compressed, limits);
  Bytes out;
  Bytes buffer(piece);
  for (;;) {
    PONTE_ASSIGN(const std::size_t count, stream.read(buffer));
    if (count == 0) return out;
    append(out, ByteView(buffer).first(count));
  }
}

TEST(InflateStream, GivesThePlaintextInPiecesOfAnySize) {
  const VecFile vectors = test::load_vectors("media/envelope.vec");
  const Bytes compressed = test::vector_bytes(vectors, "history_zlib");
  for (const std::size_t piece : {1, 2, 7, 64, 4096}) {
    const auto plain = inflate_all(compressed, piece);
    ASSERT_TRUE(plain.ok()) << plain.error().message;
    EXPECT_EQ(*plain, test::vector_bytes(vectors, "history"));
  }
  const auto nothing = inflate_all(test::deflate({}), 10);
  ASSERT_TRUE(nothing.ok());
  EXPECT_TRUE(nothing->empty());
}

TEST(InflateStream, RefusesWhatIsCutOffOrDamagedOrLonger) {
  const Bytes plain(5000, 'a');
  const Bytes compressed = test::deflate(plain);
  for (const Bytes& damaged : test::truncations(compressed)) {
    const auto out = inflate_all(damaged, 1024);
    ASSERT_FALSE(out.ok()) << damaged.size();
    EXPECT_EQ(out.error().cause, Cause::kHistoryMalformed);
  }
  for (const Bytes& damaged : test::bit_flips(compressed)) {
    const auto out = inflate_all(damaged, 1024);
    // Bits of the header that zlib does not look at.
    if (out.ok()) EXPECT_EQ(*out, plain);
  }
  Bytes longer = compressed;
  longer.push_back(0);
  EXPECT_EQ(inflate_all(longer, 1024).error().cause, Cause::kHistoryMalformed);
  EXPECT_EQ(inflate_all(to_bytes("no zlib stream at all"), 1024).error().cause, Cause::kHistoryMalformed);
  EXPECT_EQ(inflate_all({}, 1024).error().cause, Cause::kHistoryMalformed);
}

TEST(InflateStream, StopsABombEarly) {
  const Bytes bomb = test::deflate(Bytes(64 << 20, 0));
  InflateLimits limits;
  limits.largest = 1 << 20;
  EXPECT_EQ(inflate_all(bomb, 65536, limits).error().cause, Cause::kHistoryTooLarge);

  limits = {};
  InflateStream stream(bomb, limits);
  Bytes buffer(65536);
  for (;;) {
    const auto count = stream.read(buffer);
    if (!count.ok()) {
      EXPECT_EQ(count.error().cause, Cause::kHistoryTooLarge);
      break;
    }
    ASSERT_NE(*count, 0U);
  }
  EXPECT_LE(stream.produced(), limits.free + buffer.size());
  EXPECT_FALSE(stream.read(buffer).ok()) << "nothing more comes after an error";
}

TEST(InflateStream, TakesWhatIsJustAsLargeAsItMayBe) {
  InflateLimits limits;
  limits.largest = 5000;
  EXPECT_TRUE(inflate_all(test::deflate(Bytes(5000, 'a')), 512, limits).ok());
  EXPECT_FALSE(inflate_all(test::deflate(Bytes(5001, 'a')), 512, limits).ok());
}

}  // namespace
}  // namespace ponte::protocol::history
