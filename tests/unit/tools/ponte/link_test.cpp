#include <gtest/gtest.h>

#include "ponte/common/cause_words.h"
#include "ponte/common/phone_number.h"
#include "ponte/common/terminal.h"
#include "ponte/common/text.h"
#include "ponte/link/link_progress.h"
#include "ponte/link/link_screen.h"

namespace ponte::tool {
namespace {

using Json = nlohmann::json;
using Stage = LinkView::Stage;

constexpr Mono kNow{Milliseconds(1'000'000)};
constexpr const char* kQr =
    "https://wa.me/settings/linked_devices#2@REFREFREFREFREFREFREFREFREFREF,"
    "D6poTtKIZ7l/TSpt5d+M6XTnbrcBjjoiocTPJnhXDyA=,e0tOkLu+f+RMRloiB31gjuNYl9MZcvly838HSSyw9z8=,"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,1";

Answer answer(Json body, int status = 200) {
  return {status, std::move(body), {}};
}
Answer look(std::uint64_t sequence, const std::string& state, Json reason = nullptr, Json jid = nullptr) {
  return answer({{"instance", {{"numberJid", jid}, {"connection", {{"state", state}}}}},
                 {"state", {{"sequence", sequence}, {"reason", reason}}}});
}
Answer qr(const std::string& text, int seconds) {
  return answer({{"status", "qr"}, {"qrCode", text}, {"expiresIn", seconds}});
}
Answer code(const std::string& text, int seconds) {
  return answer({{"status", "pairing_code"}, {"pairingCode", text}, {"expiresIn", seconds}});
}
Answer refused(int status, const std::string& code) {
  return answer({{"success", false}, {"error", {{"code", code}, {"message", "words"}, {"details", "details"}}}},
                status);
}
Json reason(const std::string& code, Json retry_at = nullptr) {
  return {{"code", code}, {"message", "words of " + code}, {"retryAt", std::move(retry_at)}};
}

/// An attempt that shows a code.
LinkProgress shown(LinkProgress::Method method = LinkProgress::Method::kQr) {
  LinkProgress progress(method);
  progress.on_first_look(look(5, "disconnected"));
  progress.connect_begins();
  progress.on_connect(method == LinkProgress::Method::kQr ? qr(kQr, 60) : code("ABCD-1234", 180), kNow);
  return progress;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

TEST(LinkProgress, ShowsTheCodeThatConnectGives) {
  const LinkProgress progress = shown();
  EXPECT_EQ(progress.view().stage, Stage::kQr);
  EXPECT_EQ(progress.view().code, kQr);
  EXPECT_EQ(progress.view().expires_at, kNow + Seconds(60));
  EXPECT_EQ(progress.sequence(), 5U);
}

TEST(LinkProgress, AsksForTheNextCodeWhenSomethingChanged) {
  LinkProgress progress = shown();
  progress.on_state(look(5, "connecting"));
  EXPECT_FALSE(progress.take_wish_for_code()) << "nothing happened";
  progress.on_state(look(6, "connecting"));
  EXPECT_TRUE(progress.take_wish_for_code());
  EXPECT_FALSE(progress.take_wish_for_code()) << "once";
  progress.connect_begins();
  progress.on_connect(qr("other", 20), kNow);
  EXPECT_EQ(progress.view().code, "other");
}

TEST(LinkProgress, GoesFromTheScanToTheLink) {
  LinkProgress progress = shown();
  progress.on_state(look(7, "connecting", nullptr, "5511912345678@s.whatsapp.net"));
  EXPECT_EQ(progress.view().stage, Stage::kLoggingIn);
  EXPECT_FALSE(progress.take_wish_for_code());
  progress.on_connect(qr("late", 20), kNow);
  EXPECT_EQ(progress.view().stage, Stage::kLoggingIn) << "a code that comes late is not shown";
  progress.on_state(look(8, "connected", nullptr, "5511912345678@s.whatsapp.net"));
  EXPECT_TRUE(progress.over());
  EXPECT_EQ(progress.view().number, "5511912345678");
}

TEST(LinkProgress, IsOverAtOnceWhereTheAccountIsConnected) {
  LinkProgress progress(LinkProgress::Method::kQr);
  progress.on_first_look(look(5, "connected", nullptr, "5511912345678@s.whatsapp.net"));
  EXPECT_EQ(progress.view().stage, Stage::kLinked);
  EXPECT_TRUE(progress.view().was_linked);
}

TEST(LinkProgress, FailsWithTheCauseOfConnect) {
  LinkProgress progress(LinkProgress::Method::kQr);
  progress.on_first_look(look(5, "disconnected"));
  progress.connect_begins();
  progress.on_connect(refused(500, "NAME_NOT_RESOLVED"), kNow);
  EXPECT_EQ(progress.view().stage, Stage::kFailed);
  EXPECT_EQ(progress.view().cause, "NAME_NOT_RESOLVED");
  EXPECT_EQ(progress.view().details, "details");
}

TEST(LinkProgress, LooksTwiceBeforeTheEndOfTheCodesCounts) {
  LinkProgress progress = shown();
  progress.on_state(look(6, "disconnected", reason("QR_EXPIRED")));
  EXPECT_FALSE(progress.over());
  EXPECT_TRUE(progress.take_doubt());
  progress.on_state(look(6, "disconnected", reason("QR_EXPIRED")));
  EXPECT_EQ(progress.view().stage, Stage::kFailed);
  EXPECT_EQ(progress.view().cause, "QR_EXPIRED");
}

TEST(LinkProgress, ACodeThatEndsHasAReasonWhileTheAttemptGoesOn) {
  LinkProgress progress = shown(LinkProgress::Method::kCode);
  progress.on_state(look(6, "connecting", reason("PAIRING_CODE_EXPIRED")));
  EXPECT_EQ(progress.view().stage, Stage::kFailed);
  EXPECT_EQ(progress.view().cause, "PAIRING_CODE_EXPIRED");
}

TEST(LinkProgress, WaitsWherePonteTriesAgainAfterTheScan) {
  LinkProgress progress = shown();
  const Json down = reason("NETWORK_TIMEOUT", "2026-01-01T00:00:00Z");
  for (int i = 0; i < 2; ++i) progress.on_state(look(6, "disconnected", down, "5511912345678@s.whatsapp.net"));
  EXPECT_EQ(progress.view().stage, Stage::kWaiting);
  EXPECT_EQ(progress.view().retry_at, "2026-01-01T00:00:00Z");
  EXPECT_FALSE(progress.over());
}

TEST(LinkProgress, FollowsAPasskey) {
  LinkProgress progress = shown();
  progress.on_state(look(6, "passkey_required"));
  EXPECT_EQ(progress.view().stage, Stage::kPasskey);
  EXPECT_TRUE(progress.take_wish_for_passkey());
  progress.on_passkey(answer({{"passkey", {{"stage", "confirm"}, {"code", "WXYZ-1234"}}}}));
  EXPECT_EQ(progress.view().passkey_stage, "confirm");
  EXPECT_EQ(progress.view().code, "WXYZ-1234");
  progress.on_state(look(7, "connecting"));
  EXPECT_EQ(progress.view().stage, Stage::kLoggingIn);
}

TEST(LinkProgress, ADemandForAPasskeyIsNoFailureOfConnect) {
  LinkProgress progress(LinkProgress::Method::kQr);
  progress.on_first_look(look(5, "passkey_required"));
  progress.connect_begins();
  progress.on_connect(refused(500, "PASSKEY_REQUIRED"), kNow);
  EXPECT_FALSE(progress.over());
  EXPECT_TRUE(progress.take_doubt());
}

TEST(LinkProgress, EnduresARestartOfPontedButNotItsEnd) {
  LinkProgress progress = shown();
  const Error gone{Errc::kUnavailable, Cause::kHttpFailed, "refused"};
  progress.on_state(gone);
  EXPECT_TRUE(progress.lost());
  progress.on_state(look(6, "connecting"));
  EXPECT_FALSE(progress.lost());
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(progress.over());
    progress.on_state(gone);
  }
  EXPECT_EQ(progress.view().cause, kPontedUnreachable);
}

TEST(LinkProgress, AConnectThatWasNotAnsweredIsCalledAgainOncePontedIsThere) {
  LinkProgress progress(LinkProgress::Method::kQr);
  progress.on_first_look(look(5, "disconnected"));
  progress.connect_begins();
  progress.on_connect(Error{Errc::kTimedOut, Cause::kNetworkTimeout, "no answer"}, kNow);
  EXPECT_FALSE(progress.over());
  EXPECT_TRUE(progress.take_doubt());
  progress.on_state(Error{Errc::kUnavailable, Cause::kHttpFailed, "refused"});
  EXPECT_FALSE(progress.take_wish_for_code()) << "while it is not there";
  progress.on_state(look(5, "connecting"));
  EXPECT_TRUE(progress.take_wish_for_code());
}

TEST(LinkProgress, TakesNothingFromAnswersOfAnotherShape) {
  for (const Json& body : {Json(), Json::array(), Json("text"), Json{{"state", 1}, {"instance", "x"}},
                           Json{{"state", {{"sequence", -1}}}, {"instance", {{"connection", 5}}}}}) {
    LinkProgress progress = shown();
    progress.on_state(answer(body));
    progress.on_connect(answer(body), kNow);
    progress.on_passkey(answer(body));
    EXPECT_NE(progress.view().stage, Stage::kLinked) << body.dump();
  }
  EXPECT_EQ(failure_of(answer(Json::value_t::discarded))->cause, kNotPonted);
  EXPECT_EQ(failure_of(refused(401, "INVALID_TOKEN"))->cause, "INVALID_TOKEN");
  EXPECT_FALSE(failure_of(answer(Json::object())));
}

class LinkScreenTest : public testing::Test {
 protected:
  static std::vector<std::string> draw(const LinkView& view, TerminalSize size, Mono now = kNow) {
    return draw_link({"sales", "http://127.0.0.1:8080", true}, view, size, now);
  }
};

TEST_F(LinkScreenTest, NoLineIsWiderOrHigherThanTheWindow) {
  std::vector<LinkView> views(8);
  for (std::size_t i = 0; i < views.size(); ++i) {
    views[i].stage = static_cast<Stage>(i);
    views[i].code = i == 1 ? kQr : "ABCD-1234";
    views[i].cause = "NAME_NOT_RESOLVED";
    views[i].details = std::string(300, 'x');
  }
  for (const LinkView& view : views) {
    for (const std::size_t columns : {1U, 2U, 3U, 20U, 64U, 65U, 80U, 200U}) {
      for (const std::size_t rows : {1U, 5U, 24U, 35U, 36U, 60U}) {
        const auto lines = draw(view, {columns, rows});
        EXPECT_LT(lines.size(), std::max<std::size_t>(rows, 2)) << columns << "x" << rows;
        for (const auto& line : lines) {
          EXPECT_LE(columns_of(line), std::max<std::size_t>(columns, 13)) << line;
        }
      }
      for (const auto& line : link_result({"sales", "http://127.0.0.1:8080", true}, view, columns)) {
        EXPECT_LE(columns_of(line), std::max<std::size_t>(columns, 30)) << line;
      }
    }
  }
}

TEST_F(LinkScreenTest, TheQrCodeHasColoursOfItsOwnInEachRow) {
  const auto rows = qr_rows(kQr);
  ASSERT_TRUE(rows.ok());
  for (const auto& row : *rows) {
    EXPECT_TRUE(row.starts_with("\x1b[38;5;231;4")) << row;
    EXPECT_TRUE(row.ends_with("\x1b[0m")) << row;
    EXPECT_EQ(columns_of(row), columns_of(rows->front()));
  }
  EXPECT_NE(rows->front().find("48;5;16m"), std::string::npos);
  EXPECT_NE(rows->back().find(";49m"), std::string::npos) << "nothing is drawn below the quiet zone";
}

TEST_F(LinkScreenTest, ShowsTheCodeWholeOrNotAtAll) {
  const LinkView view = shown().view();
  const auto rows = qr_rows(kQr);
  ASSERT_TRUE(rows.ok());
  const std::size_t columns = columns_of(rows->front());
  const auto has_code = [&](TerminalSize size) {
    const auto lines = draw(view, size);
    return std::search(lines.begin(), lines.end(), rows->begin(), rows->end()) != lines.end();
  };
  EXPECT_TRUE(has_code({columns, rows->size() + 20}));
  EXPECT_TRUE(has_code({columns, rows->size() + 2})) << "with the state's line alone";
  EXPECT_FALSE(has_code({columns, rows->size() + 1}));
  EXPECT_FALSE(has_code({columns - 1, rows->size() + 20}));
  const std::string small = joined(draw(view, {80, 24}));
  for (const char* part : {"too small", "80 columns", "qr.png", "/links", "--number"}) {
    EXPECT_NE(small.find(part), std::string::npos) << part << "\n" << small;
  }
}

TEST_F(LinkScreenTest, CountsDownInTheLastLine) {
  const LinkView view = shown().view();
  EXPECT_NE(draw(view, {100, 60}).back().find(" 60 s."), std::string::npos);
  EXPECT_NE(draw(view, {100, 60}, kNow + Milliseconds(41'500)).back().find(" 19 s."), std::string::npos);
  EXPECT_NE(draw(view, {100, 60}, kNow + Seconds(70)).back().find("Waiting for the next code."), std::string::npos);
  const auto one = draw(view, {100, 60});
  const auto next = draw(view, {100, 60}, kNow + Seconds(1));
  ASSERT_EQ(one.size(), next.size());
  for (std::size_t i = 0; i + 1 < one.size(); ++i) EXPECT_EQ(one[i], next[i]);
  const LinkView typed = shown(LinkProgress::Method::kCode).view();
  EXPECT_NE(draw(typed, {100, 60}, kNow + Seconds(55)).back().find(" 2:05 left."), std::string::npos);
}

TEST_F(LinkScreenTest, ResultsHaveCauseAndRemedy) {
  LinkView view;
  view.stage = Stage::kFailed;
  view.cause = "PROXY_AUTH_FAILED";
  view.details = "the proxy wants others";
  const std::string text = joined(link_result({"sales", "http://127.0.0.1:8080", false}, view, 80));
  for (const char* part : {"Not linked. The proxy", "PROXY_AUTH_FAILED: the proxy wants others", "Remedy:"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  view.stage = Stage::kLinked;
  view.number = "5511912345678";
  EXPECT_EQ(joined(link_result({"sales", "u", false}, view, 80)), "  Linked as +55 11 91234-5678.\n");
}

TEST_F(LinkScreenTest, PlainTextHasNoEscapes) {
  for (const auto method : {LinkProgress::Method::kQr, LinkProgress::Method::kCode}) {
    const LinkView view = shown(method).view();
    const std::string text = plain_link({"sales", "http://127.0.0.1:8080", false}, view, kNow);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_NE(text.find("\n" + view.code + "\n"), std::string::npos) << text;
  }
}

TEST(CauseWords, EveryCodeOfTheContractHasWordsOfItsOwn) {
  const CauseWords unknown = words_of_cause("NO_SUCH_CODE", "sales");
  EXPECT_FALSE(unknown.what.empty());
  for (const char* code :
       {"CONNECT_TIMEOUT",   "NAME_NOT_RESOLVED",  "CONNECTION_REFUSED",  "NETWORK_FAILED",     "NETWORK_TIMEOUT",
        "CONNECTION_CLOSED", "TLS_FAILED",         "TLS_UNTRUSTED",       "WEBSOCKET_REFUSED",  "PROXY_UNREACHABLE",
        "PROXY_AUTH_FAILED", "PROXY_REFUSED",      "PROXY_NOT_ALLOWED",   "CERTIFICATE_ISSUER", "DECRYPTION_FAILED",
        "HANDSHAKE_TIMEOUT", "CLIENT_OUTDATED",    "CLIENT_REFUSED",      "SERVER_ERROR",       "PAIRING_BAD_REQUEST",
        "PAIRING_REFUSED",   "PAIRING_THROTTLED",  "PAIRING_UNAVAILABLE", "QR_EXPIRED",         "PAIRING_CODE_EXPIRED",
        "SUPERSEDED",        "TEMPORARILY_BANNED", "LOGGED_OUT",          "INSTANCE_DELETED",   "SHUTTING_DOWN",
        "INVALID_TOKEN",     "RATE_LIMITED"}) {
    const CauseWords words = words_of_cause(code, "sales");
    EXPECT_NE(words.what, unknown.what) << code;
    EXPECT_TRUE(words.what.ends_with('.') && words.remedy.ends_with('.')) << code;
    EXPECT_EQ((words.what + words.remedy).find("NAME"), std::string::npos) << code;
  }
}

TEST(PhoneNumber, IsShownInGroups) {
  EXPECT_EQ(display_number("5511912345678"), "+55 11 91234-5678");
  EXPECT_EQ(display_number("551132345678"), "+55 11 3234-5678");
  EXPECT_EQ(display_number("12025550123"), "+1 202 555 0123");
  EXPECT_EQ(display_number("351912345678"), "+351 912 345 678");
  EXPECT_EQ(display_number("123"), "+123");
}

TEST(PhoneNumber, IsMaskedButForTheEnds) {
  EXPECT_EQ(masked_number("5511912345678"), "+55*********78");
  EXPECT_EQ(masked_number("123456"), "+******");
  EXPECT_EQ(digits_of_jid("5511912345678:3@s.whatsapp.net"), "5511912345678");
  EXPECT_EQ(digits_of_jid("name@x"), "");
  EXPECT_EQ(digits_of_jid(""), "");
}

TEST(Text, WrapsAtBlanksAndBreaksWhatIsLonger) {
  EXPECT_EQ(wrapped("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrapped("abcdefgh", 3), (std::vector<std::string>{"abc", "def", "gh"}));
  EXPECT_EQ(wrapped("", 3), (std::vector<std::string>{""}));
  EXPECT_EQ(wrapped("\u00e9\u00e9\u00e9\u00e9", 3), (std::vector<std::string>{"\u00e9\u00e9\u00e9", "\u00e9"}));
  EXPECT_EQ(columns_of("\x1b[1m\u2588\u2580\x1b[0m"), 2U);
}

TEST(Text, WhatAPeerWroteSteersNoTerminal) {
  EXPECT_EQ(printable("a\x1b[2Jb\tc\r\x7f\nd\u009be\u00e9"), "a?[2Jb?c??\nd?e\u00e9");
  LinkView view;
  view.stage = Stage::kFailed;
  view.cause = "PROXY_REFUSED";
  view.details = "403 \x1b[2J\nsecond";
  const std::string text = joined(link_result({"sales", "u", false}, view, 80));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("403 ?[2J second"), std::string::npos) << text;
}

TEST(Terminal, RewritesOnlyWhatDiffers) {
  EXPECT_EQ(replacement({"a", "b"}, {"a", "c"}), "\x1b[1A\rc\x1b[K\r\x1b[1B");
  EXPECT_EQ(replacement({"a"}, {"a"}), "");
  EXPECT_EQ(replacement({}, {"a"}), "\r\x1b[Ja\r\n");
  EXPECT_EQ(replacement({"a", "b"}, {}), "\x1b[2A\r\x1b[J");
}

}  // namespace
}  // namespace ponte::tool
