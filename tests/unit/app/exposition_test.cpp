#include "app/exposition.h"

#include <gtest/gtest.h>

#include "app/process_figures.h"

namespace ponte::app {
namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Exposition, NamesEachFamilyOnceWithItsType) {
  Exposition out;
  out.gauge("ponte_sessions", "Instances", 2, {{"state", "connected"}});
  out.gauge("ponte_sessions", "Instances", 3, {{"state", "loggedout"}});
  out.counter("ponte_qr_issued_total", "Codes", 7);
  const std::string text = out.text();
  EXPECT_TRUE(has_line(text, "# TYPE ponte_sessions gauge")) << text;
  EXPECT_EQ(text.find("# TYPE ponte_sessions"), text.rfind("# TYPE ponte_sessions"));
  EXPECT_TRUE(has_line(text, "ponte_sessions{state=\"connected\"} 2")) << text;
  EXPECT_TRUE(has_line(text, "ponte_sessions{state=\"loggedout\"} 3")) << text;
  EXPECT_TRUE(has_line(text, "# TYPE ponte_qr_issued_total counter")) << text;
  EXPECT_TRUE(has_line(text, "ponte_qr_issued_total 7")) << text;
}

TEST(Exposition, ShowsAHistogramWithEveryBucket) {
  static constexpr std::array<double, 2> kBounds{0.5, 2};
  Histogram histogram(kBounds);
  histogram.observe(std::chrono::milliseconds(400));
  histogram.observe(std::chrono::seconds(3));
  Exposition out;
  out.histogram("ponte_connect_seconds", "Connect", histogram.snapshot(), {{"method", "qr"}});
  const std::string text = out.text();
  EXPECT_TRUE(has_line(text, "ponte_connect_seconds_bucket{method=\"qr\",le=\"0.5\"} 1")) << text;
  EXPECT_TRUE(has_line(text, "ponte_connect_seconds_bucket{method=\"qr\",le=\"2\"} 1")) << text;
  EXPECT_TRUE(has_line(text, "ponte_connect_seconds_bucket{method=\"qr\",le=\"+Inf\"} 2")) << text;
  EXPECT_TRUE(has_line(text, "ponte_connect_seconds_count{method=\"qr\"} 2")) << text;
  EXPECT_TRUE(has_line(text, "ponte_connect_seconds_sum{method=\"qr\"} 3.4")) << text;
}

TEST(Exposition, ShowsThoseCausesThatCameUp) {
  CauseCounters causes;
  causes.add(Cause::kBanned);
  Exposition out;
  out.causes("ponte_logged_out_total", "Gone", causes, "cause");
  EXPECT_TRUE(has_line(out.text(), "ponte_logged_out_total{cause=\"BANNED\"} 1")) << out.text();
  EXPECT_EQ(out.text().find("LOGGED_OUT"), std::string::npos) << out.text();
}

TEST(ProcessFigures, AreThoseOfThisProcess) {
  const ProcessFigures figures = process_figures();
  EXPECT_GT(figures.resident_bytes, 1u << 20);
  EXPECT_GT(figures.virtual_bytes, figures.resident_bytes);
  EXPECT_GE(figures.threads, 1u);
  EXPECT_GE(figures.open_descriptors, 3u);
  EXPECT_GE(figures.most_descriptors, figures.open_descriptors);
}

}  // namespace
}  // namespace ponte::app
