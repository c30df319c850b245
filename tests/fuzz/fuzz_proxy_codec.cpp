// What a proxy may answer. The first byte chooses the proxy and in which pieces the input is fed; with 0x80 the input
// is a proxy's URL instead.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/proxy_codec.h"

namespace {

using namespace ponte;
using namespace ponte::net;

constexpr std::string_view kPassword = "secret";

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  bool ok = true;
  bool established = false;
  std::string message;
  std::string output;
};

Outcome run(const Proxy& proxy, const ProxyTarget& target, ByteView input, std::size_t piece) {
  auto codec = ProxyCodec::create(proxy, target);
  require(codec.ok());
  Outcome out;
  out.output = to_text((*codec)->take_output().view());
  require(!out.output.empty());
  while (!input.empty() && out.ok) {
    const bool established = (*codec)->established();
    const ByteView part = input.first(std::min(piece, input.size()));
    const Status status = (*codec)->feed(part);
    input = input.subspan(part.size());
    out.ok = status.ok();
    if (!out.ok) out.message = status.error().message;
    // Nothing comes before we speak to the target.
    require(!established || !out.ok);
    require(proxy.password.view().empty() || out.message.find(kPassword) == std::string::npos);
  }
  out.established = (*codec)->established() && out.ok;
  return out;
}

void run_codec(std::uint8_t choice, ByteView input) {
  Proxy proxy{choice & 1 ? ProxyProtocol::kSocks5 : ProxyProtocol::kHttp, "proxy.example", 3128};
  if (choice & 2) {
    proxy.username = "bob";
    proxy.password = ProxyPassword(kPassword);
  }
  const ProxyTarget target{choice & 4 ? "2001:db8::1" : "web.example", 443};
  const std::size_t piece = (choice >> 3 & 0xF) + 1;
  const Outcome whole = run(proxy, target, input, input.size() + 1);
  const Outcome split = run(proxy, target, input, piece);
  require(whole.ok == split.ok && whole.established == split.established && whole.message == split.message);
  require(whole.output == split.output);
}

void run_url(std::string_view text) {
  const auto proxy = Proxy::parse(text);
  if (!proxy.ok()) {
    require(proxy.error().cause == Cause::kInvalidProxy);
    return;
  }
  require(proxy->check().ok());
  require(ProxyCodec::create(*proxy, {"web.example", 443}).ok());
  auto plain = Proxy::parse(proxy->to_string());
  require(plain.ok());
  plain->username = proxy->username;
  plain->password = proxy->password;
  require(*plain == *proxy);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  if (data[0] & 0x80) {
    run_url(as_text(input));
  } else {
    run_codec(data[0], input);
  }
  return 0;
}
