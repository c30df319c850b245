// The text of the simulator's recordings.
#include "simulator/recording.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/vec.h"
#include "simulator/recorder.h"
#include "simulator/sim_server.h"
#include "support/scripted_random.h"

namespace ponte::simulator::recording {
namespace {

TEST(SimulatorRecording, OptionsComeBackAsTheyWere) {
  Options options;
  options.seed = Seed{1, 2, 3};
  options.first_ref_ttl = Milliseconds(61);
  options.ref_ttl = Milliseconds(62);
  options.ref_grace = Milliseconds(63);
  options.ref_count = 64;
  options.handshake_timeout = Milliseconds(65);
  options.pairing_timeout = Milliseconds(66);
  options.restart_close_delay = Milliseconds(67);
  options.ping_interval = Milliseconds(68);
  options.idle_timeout = Milliseconds(69);
  options.minimum_revision = 4'000'000'000;
  options.sample_notification = false;
  Options back;
  const auto values = render_options(options);
  for (const std::string& value : values) ASSERT_TRUE(parse_option(value, back).ok()) << value;
  EXPECT_EQ(render_options(back), values);
  EXPECT_EQ(back.seed, options.seed);
  EXPECT_EQ(back.minimum_revision, 4'000'000'000);
  EXPECT_FALSE(back.sample_notification);
}

TEST(SimulatorRecording, RefusesOptionsThatAreNone) {
  Options options;
  for (const char* value : {"", "colour 3", "ref_ttl", "ref_ttl ", "ref_ttl x", "ref_ttl 3x", "ref_ttl -3",
                            "ref_ttl 99999999999", "seed", "seed zz", "seed 00"}) {
    const Status status = parse_option(value, options);
    EXPECT_FALSE(status.ok()) << value;
    EXPECT_EQ(status.error().code, Errc::kMalformed) << value;
  }
}

TEST(SimulatorRecording, AnyTextFitsOnALine) {
  std::string every;
  for (int c = 0; c < 256; ++c) every.push_back(static_cast<char>(c));
  for (const std::string& text : {std::string(), std::string("{\"qr\": \"2@a=b\"}"), std::string(" led by a space"),
                                  std::string("ended by one "), std::string("two\nlines"), every}) {
    const std::string value = render_text(text);
    EXPECT_EQ(value.find('\n'), std::string::npos);
    const auto file = VecFile::parse("Answer=" + value + "\n");
    ASSERT_TRUE(file.ok());
    const auto back = parse_text(file->lines()[0].value);
    ASSERT_TRUE(back.ok()) << value;
    EXPECT_EQ(*back, text);
  }
  for (const char* value : {"", "txt a", "hex 0", "hex zz", "text"}) EXPECT_FALSE(parse_text(value).ok()) << value;
}

TEST(SimulatorRecorder, NotesCallsThatActAndWhatTheyAreAnswered) {
  test::SeededRandom random{1};
  auto text = std::make_unique<std::ostringstream>();
  std::ostringstream& written = *text;
  Options options;
  options.seed = Seed{};
  Recorder recorder(std::move(text), options, random);
  SimServer server(options, recorder);
  written.str("");
  const Now now{Mono(Milliseconds(5)), Wall(Milliseconds(7))};
  unsigned answers = 0;
  const auto ask = [&](const AdminRequest& request) {
    Reply<AdminResponse> reply([&answers](const auto&) { ++answers; });
    handle_admin(server, request, now, recorder.admin(request, now, std::move(reply)));
  };
  ask({"GET", "/admin/state", ""});
  EXPECT_EQ(written.str(), "");
  ask({"POST", "/admin/drop", "{}"});
  EXPECT_EQ(written.str(), "\nNow=5 7\nIn=admin 1 drop text {}\nAnswer=1 200 text {\"connections\":0}\n");
  recorder.end();
  ask({"POST", "/admin/drop", "{}"});
  EXPECT_EQ(written.str().find("admin 2"), std::string::npos);
  EXPECT_EQ(answers, 3U);
}

TEST(SimulatorRecorder, SaysWhereItCannotWrite) {
  test::SeededRandom random{1};
  const auto opened = Recorder::open("/nowhere/at/all", {}, {}, random);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Errc::kUnavailable);
}

}  // namespace
}  // namespace ponte::simulator::recording
