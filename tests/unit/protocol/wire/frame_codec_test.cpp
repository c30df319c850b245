#include "protocol/wire/frame_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "base/hex.h"
#include "support/vectors.h"

namespace ponte::protocol::wire {
namespace {

Bytes hex(std::string_view text) {
  return from_hex(text).value();
}

std::vector<Bytes> take_all(FrameDecoder& decoder) {
  std::vector<Bytes> frames;
  while (auto frame = decoder.take()) frames.push_back(std::move(*frame));
  return frames;
}

/// Frames of many sizes, an empty one among them, and the stream that they make.
struct Stream {
  std::vector<Bytes> frames;
  Bytes bytes;
};

Stream make_stream() {
  Stream stream;
  for (const std::size_t size : {0u, 1u, 3u, 255u, 256u, 65535u, 65536u, 70000u, 2u}) {
    stream.frames.emplace_back(size, static_cast<std::uint8_t>(size));
    append(stream.bytes, encode_frame_bytes(stream.frames.back()).value());
  }
  return stream;
}

TEST(FrameCodec, PutsThreeLengthBytesFirst) {
  EXPECT_EQ(to_hex(*encode_frame_bytes({})), "000000");
  EXPECT_EQ(to_hex(*encode_frame_bytes(hex("abcd"))), "000002abcd");
  EXPECT_EQ(to_hex(ByteView(*encode_frame_bytes(Bytes(0x010203))).first(3)), "010203");
}

TEST(FrameCodec, CarriesTheLargestFrameAndRefusesALarger) {
  const Bytes largest(kMaxFrameSize, 0x61);
  const auto framed = encode_frame_bytes(largest);
  ASSERT_TRUE(framed.ok());
  FrameDecoder decoder;
  decoder.feed(*framed);
  EXPECT_EQ(decoder.take(), largest);

  const auto refused = encode_frame_bytes(Bytes(kMaxFrameSize + 1));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().cause, Cause::kFrameTooLarge);
}

TEST(FrameDecoder, ReadsFramesFedWhole) {
  const Stream stream = make_stream();
  FrameDecoder decoder;
  decoder.feed(stream.bytes);
  EXPECT_EQ(take_all(decoder), stream.frames);
  EXPECT_EQ(decoder.buffered(), 0u);
}

TEST(FrameDecoder, ReadsFramesFedByteByByte) {
  const Stream stream = make_stream();
  FrameDecoder decoder;
  std::vector<Bytes> frames;
  for (const std::uint8_t byte : stream.bytes) {
    decoder.feed(ByteView(&byte, 1));
    for (Bytes& frame : take_all(decoder)) frames.push_back(std::move(frame));
  }
  EXPECT_EQ(frames, stream.frames);
}

TEST(FrameDecoder, ReadsFramesHoweverTheyAreSplit) {
  const Stream stream = make_stream();
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    FrameDecoder decoder;
    std::vector<Bytes> frames;
    ByteView rest = stream.bytes;
    while (!rest.empty()) {
      const std::size_t limit = random() % 2 ? 8 : 100'000;
      const std::size_t size = std::min<std::size_t>(random() % limit, rest.size());
      decoder.feed(rest.first(size));
      rest = rest.subspan(size);
      // Taking one frame, all, or none at a time must not matter.
      if (random() % 3 == 0) continue;
      while (auto frame = decoder.take()) {
        frames.push_back(std::move(*frame));
        if (random() % 4 == 0) break;
      }
    }
    for (Bytes& frame : take_all(decoder)) frames.push_back(std::move(frame));
    EXPECT_EQ(frames, stream.frames) << "seed " << seed;
    EXPECT_EQ(decoder.buffered(), 0u);
  }
}

TEST(FrameDecoder, HoldsNoMemoryOnceDrained) {
  FrameDecoder decoder;
  decoder.feed(make_stream().bytes);
  take_all(decoder);
  EXPECT_EQ(decoder.allocated(), 0u);
}

TEST(FrameDecoder, HoldsLittleMoreThanWhatIsIncomplete) {
  FrameDecoder decoder;
  decoder.feed(concat({make_stream().bytes, hex("0000ff01")}));
  take_all(decoder);
  EXPECT_EQ(decoder.buffered(), 4u);
  EXPECT_LE(decoder.allocated(), 64u);
}

TEST(FrameDecoder, MakesNoRoomForALengthThatHasNotArrived) {
  FrameDecoder decoder;
  decoder.feed(hex("ffffff"));
  EXPECT_FALSE(decoder.take().has_value());
  EXPECT_LE(decoder.allocated(), 64u);
}

TEST(FrameDecoder, WaitsForACutFrame) {
  const Bytes whole = encode_frame_bytes(hex("0102030405")).value();
  for (const Bytes& cut : test::truncations(whole)) {
    FrameDecoder decoder;
    decoder.feed(cut);
    EXPECT_FALSE(decoder.take().has_value());
    EXPECT_EQ(decoder.buffered(), cut.size());
    decoder.feed(ByteView(whole).subspan(cut.size()));
    EXPECT_EQ(decoder.take(), hex("0102030405"));
  }
}

TEST(FrameDecoder, ReadsAnEmptyFrameAsAFrame) {
  FrameDecoder decoder;
  decoder.feed(hex("000000"));
  EXPECT_EQ(decoder.take(), Bytes{});
  EXPECT_EQ(decoder.take(), std::nullopt);
}

TEST(FrameDecoder, ReadsDamagedLengthsAsOtherFramesOrNone) {
  const Bytes whole = encode_frame_bytes(hex("0102030405")).value();
  for (std::size_t bit = 0; bit < 24; ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    FrameDecoder decoder;
    decoder.feed(flipped);
    EXPECT_NE(decoder.take(), hex("0102030405")) << bit;
  }
}

TEST(StreamPrologue, IsFourBytesWithoutRoutingInfo) {
  EXPECT_EQ(to_hex(stream_prologue()), "57410603");
}

TEST(StreamPrologue, PutsTheRoutingBlockFirst) {
  EXPECT_EQ(to_hex(stream_prologue(hex("aabbcc"))), "45440001000003aabbcc57410603");
}

TEST(StreamPrologue, LeavesOversizedRoutingInfoOut) {
  EXPECT_EQ(stream_prologue(Bytes(kMaxFrameSize)).size(), kMaxFrameSize + 11);
  EXPECT_EQ(to_hex(stream_prologue(Bytes(kMaxFrameSize + 1))), "57410603");
}

TEST(PrologueDecoder, FindsThePrologueHoweverItIsSplit) {
  for (const Bytes& routing : {Bytes{}, hex("aabbcc"), Bytes(300, 0x41)}) {
    const Bytes whole = concat({stream_prologue(routing), hex("000001ff")});
    for (std::size_t step = 1; step <= whole.size(); ++step) {
      PrologueDecoder decoder;
      Bytes after;
      bool found = false;
      for (std::size_t at = 0; at < whole.size(); at += step) {
        const ByteView part = ByteView(whole).subspan(at, std::min(step, whole.size() - at));
        if (found) {
          append(after, part);
          continue;
        }
        auto result = decoder.feed(part);
        ASSERT_TRUE(result.ok()) << result.error().message;
        if (!result->has_value()) continue;
        found = true;
        EXPECT_EQ((*result)->routing_info, routing);
        after = (*result)->rest;
      }
      EXPECT_TRUE(found);
      EXPECT_EQ(to_hex(after), "000001ff");
    }
  }
}

TEST(PrologueDecoder, WaitsForACutPrologue) {
  for (const Bytes& cut : test::truncations(stream_prologue(hex("aabbcc")))) {
    PrologueDecoder decoder;
    const auto result = decoder.feed(cut);
    ASSERT_TRUE(result.ok());
    EXPECT_FALSE(result->has_value());
  }
}

TEST(PrologueDecoder, RejectsOtherBytesAsSoonAsTheyCome) {
  for (const char* bytes :
       {"00", "47455420", "5742", "57410503", "57410602", "454401", "4544000100000057410602", "45440001000001aa00"}) {
    PrologueDecoder decoder;
    const auto result = decoder.feed(hex(bytes));
    ASSERT_FALSE(result.ok()) << bytes;
    EXPECT_EQ(result.error().code, Errc::kMalformed);
    EXPECT_EQ(result.error().cause, Cause::kFrameMalformed);
  }
}

}  // namespace
}  // namespace ponte::protocol::wire
