// /v1/instances/:instance/qr.svg, .png and .txt over a real socket.
#include "api/qr_image.h"
#include "unit/api/api_support.h"

namespace ponte::api::test {
namespace {

class QrPictures : public ApiTest {
 protected:
  void SetUp() override {
    instances.add("sales");
    instances.add("support");
    start();
  }
  static constexpr const char* kForms[] = {"svg", "png", "txt"};
};

TEST_F(QrPictures, ShowTheCodeThatIsOut) {
  instances.qr = "2@" + std::string(200, 'k');
  const Answer svg = call("GET", "/v1/instances/sales/qr.svg", "token: token-sales\r\n");
  EXPECT_EQ(svg.status, 200);
  EXPECT_EQ(svg.header("content-type"), "image/svg+xml");
  EXPECT_EQ(svg.body, *qr_svg(*instances.qr));
  const Answer png = call("GET", "/v1/instances/sales/qr.png");
  EXPECT_EQ(png.header("content-type"), "image/png");
  EXPECT_EQ(png.body, as_text(*qr_png(*instances.qr)));
  const Answer text = call("GET", "/v1/instances/sales/qr.txt");
  EXPECT_EQ(text.header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(text.body, *qr_blocks(*instances.qr));
  for (const Answer& each : {svg, png, text}) EXPECT_EQ(each.header("cache-control"), "no-store");
}

TEST_F(QrPictures, AreNotAvailableWhereNoCodeIsOut) {
  for (const char* form : kForms) {
    const Answer answer = call("GET", std::string("/v1/instances/sales/qr.") + form);
    EXPECT_EQ(answer.status, 404) << form;
    EXPECT_EQ(answer.message(), "QR code not available");
    EXPECT_EQ(answer.code(), "QR_NOT_AVAILABLE");
    EXPECT_EQ(answer.header("content-type"), "application/json");
  }
  EXPECT_EQ(instances.waiting_count(), 0u) << "none of them began an attempt";
}

TEST_F(QrPictures, AreForTheTokensOfTheInstance) {
  instances.qr = "2@a";
  for (const char* form : kForms) {
    const std::string path = std::string("/v1/instances/sales/qr.") + form;
    EXPECT_EQ(call("GET", path, "").status, 401) << form;
    EXPECT_EQ(call("GET", path, "token: token-support\r\n").status, 401) << form;
    EXPECT_EQ(call("GET", std::string("/v1/instances/nobody/qr.") + form).message(), "Instance not found") << form;
    EXPECT_EQ(call("GET", std::string("/v1/instances//qr.") + form).message(), "Instance name is required") << form;
    EXPECT_EQ(call("POST", path).status, 405) << form;
  }
  EXPECT_EQ(call("GET", "/v1/instances/sales/qr.gif").status, 404);
}

TEST_F(QrPictures, HeadAnswersWithoutThePicture) {
  instances.qr = "2@a";
  for (const char* form : kForms) {
    const std::string path = std::string("/v1/instances/sales/qr.") + form;
    Client client(port);
    client.send(request_text("HEAD", path, kAccount) + request_text("GET", "/health"));
    const Answer head = client.read_answer(true);
    EXPECT_EQ(head.status, 200) << form;
    EXPECT_EQ(head.header("content-length"), std::to_string(call("GET", path).body.size())) << form;
    EXPECT_EQ(client.read_answer().json()["service"], "Ponte") << form;
  }
}

TEST_F(QrPictures, ATextThatNoQrHoldsIsAnError) {
  instances.qr = std::string(3000, 'x');
  for (const char* form : kForms) {
    EXPECT_GE(call("GET", std::string("/v1/instances/sales/qr.") + form).status, 400) << form;
  }
}

}  // namespace
}  // namespace ponte::api::test
