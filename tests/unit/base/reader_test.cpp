#include "base/reader.h"

#include <gtest/gtest.h>

#include "base/secret.h"
#include "base/writer.h"

namespace ponte {
namespace {

TEST(Reader, ReadsWhatWriterWrote) {
  Writer writer;
  writer.u8(0xFA);
  writer.big_endian(0x010203, 3);
  writer.bytes(Bytes{9, 8});
  Reader reader(writer.view());
  EXPECT_EQ(reader.u8(), 0xFA);
  EXPECT_EQ(reader.big_endian(3), 0x010203U);
  EXPECT_EQ(to_bytes(*reader.take(2)), (Bytes{9, 8}));
  EXPECT_TRUE(reader.at_end());
}

TEST(Reader, AReadPastTheEndMovesNothing) {
  const Bytes bytes{1, 2};
  Reader reader(bytes);
  EXPECT_FALSE(reader.take(3));
  EXPECT_FALSE(reader.big_endian(4));
  EXPECT_FALSE(reader.take(SIZE_MAX));
  EXPECT_EQ(reader.remaining(), 2U);
  EXPECT_EQ(reader.big_endian(2), 0x0102U);
  EXPECT_FALSE(reader.u8());
  EXPECT_FALSE(reader.peek_u8());
}

TEST(Secret, IsWipedWhereItIsMovedFrom) {
  Secret<4> secret(ByteArray<4>{1, 2, 3, 4});
  const Secret<4> taken = std::move(secret);
  EXPECT_EQ(to_bytes(taken.view()), (Bytes{1, 2, 3, 4}));
  EXPECT_EQ(to_bytes(secret.view()), (Bytes{0, 0, 0, 0}));  // NOLINT(bugprone-use-after-move): that is the point
}

}  // namespace
}  // namespace ponte
