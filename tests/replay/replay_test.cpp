#include "replay/replay.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace ponte::replay {
namespace {

std::vector<std::string> recordings() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(PONTE_TEST_DATA) + "/replay")) {
    if (entry.path().extension() == ".vec") out.push_back(entry.path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string read(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Result<Summary> run_text(const std::string& text) {
  auto file = VecFile::parse(text);
  if (!file.ok()) return file.error();
  return run(*file);
}

class Recordings : public ::testing::TestWithParam<std::string> {};

TEST_P(Recordings, ReplayBitForBit) {
  const auto summary = run_text(read(GetParam()));
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_GT(summary->outputs, 0U);
}

/// An IK hello for a key that the server no longer has: of it, only the ephemeral key becomes part of the fallback.
bool is_declined_hello(const std::string& path, const std::string& line) {
  return path.find("by_fallback") != std::string::npos && line.starts_with("In=bytes 2 57410603");
}

/// Where somebody types a pairing code, each replay derives its keys anew, and that is slow by design: there, every
/// sixth line must do.
std::size_t stride_of(const std::string& recording) {
  const bool has_code = recording.find("request_code") != std::string::npos ||  // ours
                        recording.find("enter-code") != std::string::npos;      // the simulator's
  return has_code ? 6 : 1;
}

/// Each line that carries bytes or a text, damaged in its last character, must be noticed.
TEST_P(Recordings, EveryDamagedLineIsNoticed) {
  const std::string recording = read(GetParam());
  const std::size_t stride = stride_of(recording);
  std::istringstream in(recording);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::size_t damaged = 0;
  std::size_t found = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool carries = lines[i].starts_with("Random=") || lines[i].starts_with("Out=send") ||
                         lines[i].starts_with("In=bytes") || lines[i].starts_with("Plain=") ||
                         lines[i].starts_with("Answer=") || lines[i].starts_with("Violation=");
    if (!carries) continue;
    // A draw of two bytes may only move a timer by less than the recording can show.
    if (lines[i].starts_with("Random=") && lines[i].size() < 39) continue;
    // Bytes that came after the end are not looked at any more.
    const bool ignored = lines[i].starts_with("In=bytes") && (i + 1 == lines.size() || lines[i + 1].empty());
    if (ignored || is_declined_hello(GetParam(), lines[i])) continue;
    if (found++ % stride != 0) continue;
    const std::string original = lines[i];
    lines[i].back() = original.back() == '0' ? '1' : '0';
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    const auto summary = run_text(text);
    EXPECT_FALSE(summary.ok()) << "line " << i + 1 << ": " << original.substr(0, 60);
    if (!summary.ok()) {
      EXPECT_EQ(summary.error().cause, Cause::kRecordingDiffers) << summary.error().message;
    }
    lines[i] = original;
    ++damaged;
  }
  EXPECT_GT(damaged, 0U);
}

INSTANTIATE_TEST_SUITE_P(Standing, Recordings, ::testing::ValuesIn(recordings()), [](const auto& info) {
  std::string name = std::filesystem::path(info.param).stem().string();
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
});

TEST(Replay, RefusesWhatIsNoRecording) {
  for (const char* text : {"", "Version=1", "Version=2\nNow=1 1\nIn=open", "In=open", "Version=1\nNow=1 1\nIn=dance",
                           "Version=1\nNow=x 1\nIn=open", "Version=1\nNow=1 1\nIn=committed ok",
                           "Version=1\nConfig=colour red\nNow=1 1\nIn=open", "Version=1\nNow=1 1\nIn=work 1 1"}) {
    EXPECT_FALSE(run_text(text).ok()) << text;
  }
}

TEST(Replay, RefusesWhatIsNoRecordingOfTheSimulator) {
  const std::string seed(64, '0');
  const std::string head = "Kind=simulator\nVersion=1\nOption=seed " + seed + "\nNow=1 1\n";
  ASSERT_TRUE(run_text(head + "In=open 1").ok());
  const std::vector<std::string> none = {"Kind=simulator",
                                         "Kind=simulator\nVersion=1\nNow=1 1\nIn=open 1",
                                         "Kind=simulator\nVersion=2\nOption=seed " + seed + "\nNow=1 1\nIn=open 1",
                                         "Kind=simulator\nVersion=1\nOption=seed " + seed + "\nIn=open 1",
                                         head,
                                         head + "In=open 2",
                                         head + "In=dance 1",
                                         head + "In=open 1\nIn=dance 1",
                                         head + "In=open 1\nIn=bytes 1",
                                         head + "In=open 1\nIn=bytes 1 zz",
                                         head + "In=bytes 1 00",
                                         head + "In=closed x",
                                         head + "In=admin",
                                         head + "In=admin 1 drop",
                                         head + "In=upgrade",
                                         head + "In=admin 1 drop txt",
                                         head + "In=admin 2 drop text {}",
                                         head + "Colour=red\nIn=open 1",
                                         head + "Config=version 2\nIn=open 1",
                                         head + "Out=send 1 00\nIn=open 1"};
  for (const std::string& text : none) {
    EXPECT_FALSE(run_text(text).ok()) << text;
  }
}

}  // namespace
}  // namespace ponte::replay
