// A recording that differs from what happens now: both sides are shown, for people.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "base/hex.h"
#include "protocol/wire/node_codec.h"
#include "replay/replay.h"

namespace ponte::replay {
namespace {

using Lines = std::vector<std::string>;

Lines load(const std::string& name) {
  std::ifstream in(std::string(PONTE_TEST_DATA) + "/replay/" + name);
  Lines out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

/// The first line, from `from` on, that begins so.
std::size_t find(const Lines& lines, const std::string& start, std::size_t from = 0) {
  for (std::size_t i = from; i < lines.size(); ++i) {
    if (lines[i].starts_with(start)) return i;
  }
  ADD_FAILURE() << "no line " << start;
  return 0;
}

/// What the replay objects to; empty where nothing.
std::string objection(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  const auto file = VecFile::parse(text);
  if (!file.ok()) return file.error().message;
  const auto summary = run(*file);
  if (summary.ok()) return "";
  EXPECT_EQ(summary.error().cause, Cause::kRecordingDiffers);
  return summary.error().message;
}

std::string hex_of(const protocol::wire::Node& node) {
  return to_hex(protocol::wire::encode_frame(node));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The part of the message that tells what happens now.
std::string now_of(const std::string& message) {
  const auto at = message.find("now:");
  return at == std::string::npos ? "" : message.substr(at);
}

std::string recorded_of(const std::string& message) {
  const auto at = message.find("recorded:");
  return at == std::string::npos ? "" : message.substr(at, message.find("now:") - at);
}

const protocol::wire::Node kOther = protocol::wire::Node("presence").with("type", "unavailable");

/// A recording of each side, and how its lines about the first incoming and outgoing stanza begin.
struct Side {
  const char* name;
  const char* file;
  const char* in;
  const char* out;
  const char* in_shows;
  const char* out_shows;
};

void PrintTo(const Side& side, std::ostream* out) {
  *out << side.name;
}

class Differences : public ::testing::TestWithParam<Side> {};

TEST_P(Differences, AStanzaIsShownFromBothSides) {
  for (const bool outgoing : {false, true}) {
    Lines lines = load(GetParam().file);
    const std::string start = outgoing ? GetParam().out : GetParam().in;
    const std::size_t at = find(lines, start);
    lines[at] = start + hex_of(kOther);
    const std::string message = objection(lines);
    EXPECT_TRUE(contains(message, "line " + std::to_string(at + 1) + ":")) << message;
    EXPECT_TRUE(contains(recorded_of(message), "<presence type=\"unavailable\"")) << message;
    EXPECT_TRUE(contains(now_of(message), outgoing ? GetParam().out_shows : GetParam().in_shows)) << message;
  }
}

TEST_P(Differences, SentBytesAreShownWithTheStanzasInThem) {
  Lines lines = load(GetParam().file);
  const std::size_t at = find(lines, "Out=send", find(lines, GetParam().out));
  lines[at].back() = lines[at].back() == '0' ? '1' : '0';
  const std::string message = objection(lines);
  EXPECT_TRUE(contains(message, "line " + std::to_string(at + 1) + ":")) << message;
  EXPECT_TRUE(contains(recorded_of(message), lines[at].substr(4))) << message;
  EXPECT_TRUE(contains(recorded_of(message), GetParam().out_shows)) << message;
  EXPECT_TRUE(contains(now_of(message), GetParam().out_shows)) << message;
}

TEST_P(Differences, AStanzaThatDidNotComeIsShown) {
  Lines lines = load(GetParam().file);
  const std::size_t at = find(lines, "Out=send", find(lines, GetParam().out));
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(find(lines, GetParam().out)) + 1,
               std::string(GetParam().out) + hex_of(kOther));
  const std::string message = objection(lines);
  EXPECT_TRUE(contains(recorded_of(message), "<presence type=\"unavailable\"")) << message;
  EXPECT_GT(at, 0U);
}

TEST_P(Differences, AnOutputThatWasNotRecordedIsShown) {
  Lines lines = load(GetParam().file);
  const std::size_t at = find(lines, "Out=send", find(lines, GetParam().out));
  const std::string bytes = lines[at].substr(std::string("Out=").size());
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
  EXPECT_TRUE(contains(objection(lines), bytes));
}

TEST_P(Differences, AnOutputThatDoesNotComeIsShown) {
  Lines lines = load(GetParam().file);
  const std::size_t at = find(lines, "Out=send", find(lines, GetParam().out));
  std::size_t end = at;
  while (!lines[end].empty()) ++end;
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(end), "Out=close");
  const std::string message = objection(lines);
  EXPECT_TRUE(contains(message, "line " + std::to_string(end + 1) + ":")) << message;
  EXPECT_TRUE(contains(message, "close")) << message;
}

TEST_P(Differences, MissingOrFurtherDrawsAreNoticed) {
  const Lines original = load(GetParam().file);
  const std::size_t at = find(original, "Random=");
  Lines fewer = original;
  fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at));
  EXPECT_NE(objection(fewer), "");
  Lines more = original;
  more.insert(more.begin() + static_cast<std::ptrdiff_t>(at), "Random=00");
  EXPECT_NE(objection(more), "");
}

INSTANTIATE_TEST_SUITE_P(Sides, Differences,
                         ::testing::Values(Side{"session", "qr_pairing_and_login.vec", "Plain=in ", "Plain=out ",
                                                "<pair-device", "type=\"result\""},
                                           Side{"simulator", "sim_whatsmeow_qr_pairing_and_login.vec", "Plain=in 1 ",
                                                "Plain=out 1 ", "type=\"result\"", "<pair-device"}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Differences, WhatAnAdminCallIsAnsweredIsShown) {
  Lines lines = load("sim_whatsmeow_qr_pairing_and_login.vec");
  const std::size_t at = find(lines, "Answer=1 200 ");
  const std::string was = lines[at];
  lines[at] = "Answer=1 409 text {}";
  const std::string message = objection(lines);
  EXPECT_TRUE(contains(recorded_of(message), lines[at])) << message;
  EXPECT_TRUE(contains(now_of(message), was)) << message;
}

}  // namespace
}  // namespace ponte::replay
