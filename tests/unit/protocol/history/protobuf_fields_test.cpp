#include "protocol/history/protobuf_fields.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "history.pb.h"

namespace ponte::protocol::history {
namespace {

Bytes hex(const char* text) {
  return from_hex(text).value();
}

TEST(FieldReader, GoesThroughFieldsOfEveryType) {
  const Bytes message =
      hex("08ac02"
          "1203616263"
          "1d01020304"
          "210102030405060708"
          "a00601");
  FieldReader reader(message);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.number(), 1U);
  EXPECT_EQ(reader.header().value, 300U);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(as_text(reader.bytes()), "abc");
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.header().type, WireType::kFixed32);
  EXPECT_EQ(reader.bytes().size(), 4U);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.header().type, WireType::kFixed64);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.number(), 100U);
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.whole());
}

TEST(FieldReader, StopsAtWhatIsNoField) {
  for (const char* text :
       {"08", "0a", "0a02ff", "00", "0b", "0c", "0f", "0d010203", "0901020304050607", "08ffffffffffffffffffff01",
        "ffffffffffffffffffff01", "0affffffffffffffffff01", "f8ffffff1f00", "0affffffff0f"}) {
    const Bytes message = hex(text);
    FieldReader reader(message);
    while (reader.next()) {
    }
    EXPECT_FALSE(reader.whole()) << text;
    EXPECT_FALSE(reader.next()) << text;
  }
}

TEST(FieldReader, ReadsWhatProtobufWrites) {
  proto::WebMessageInfo info;
  info.mutable_key()->set_id("3EB0");
  info.mutable_message()->set_conversation("text");
  info.set_message_timestamp(~std::uint64_t{0});
  const std::string text = info.SerializeAsString();
  EXPECT_EQ(to_hex(*only_field(as_bytes(text), 2)), to_hex(as_bytes(info.message().SerializeAsString())));
  EXPECT_FALSE(only_field(as_bytes(text), 3)) << "a varint";
  EXPECT_FALSE(only_field(as_bytes(text), 17));
  EXPECT_FALSE(only_field(as_bytes(text + text), 2)) << "twice";
  EXPECT_FALSE(only_field(as_bytes(text).first(text.size() - 1), 2)) << "cut off";
}

}  // namespace
}  // namespace ponte::protocol::history
