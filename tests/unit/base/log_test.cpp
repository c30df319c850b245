#include "base/log.h"

#include <gtest/gtest.h>

namespace ponte::log {
namespace {

/// What one message is on standard error.
std::string written(Format format, Level level, std::string_view message, Level lowest = Level::kTrace) {
  configure(lowest, format);
  testing::internal::CaptureStderr();
  write(level, "part", message);
  return testing::internal::GetCapturedStderr();
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

TEST(Log, AMessageIsOneLineWhateverIsInIt) {
  const std::string text = written(Format::kText, Level::kError, "a\nb\rc\x1b[2Jd\x7f \"e\" \\");
  EXPECT_TRUE(ends_with(text, " part: a\\u000ab\\u000dc\\u001b[2Jd\\u007f \"e\" \\\n")) << text;
  const std::string json = written(Format::kJson, Level::kError, "a\nb \"e\" \\");
  EXPECT_TRUE(ends_with(json, R"("component":"part","message":"a\u000ab \"e\" \\"})"
                              "\n"))
      << json;
}

TEST(Log, WhatIsNoUtf8IsReplacedAndTheRestStays) {
  const std::string_view cases[][2] = {
      {"\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80", "\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80"},
      {"\xFF.", "\xEF\xBF\xBD."},
      {"\xC3", "\xEF\xBF\xBD"},
      {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xE0\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD"},
  };
  for (const auto& [given, expected] : cases) {
    const std::string json = written(Format::kJson, Level::kError, given);
    EXPECT_TRUE(ends_with(json, "\"message\":\"" + std::string(expected) + "\"}\n")) << json;
  }
}

TEST(Log, TheLevelDecidesAndMayChange) {
  EXPECT_EQ(written(Format::kText, Level::kInfo, "quiet", Level::kWarn), "");
  EXPECT_NE(written(Format::kText, Level::kWarn, "loud", Level::kWarn), "");
  set_level(Level::kDebug);
  EXPECT_TRUE(enabled(Level::kDebug));
  EXPECT_FALSE(enabled(Level::kTrace));
  set_level(Level::kOff);
  EXPECT_FALSE(enabled(Level::kError));
  configure(Level::kInfo, Format::kText);
}

}  // namespace
}  // namespace ponte::log
