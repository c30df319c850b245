// What a server may send: the upgrade answer, then frames. The first byte chooses whether a good answer
// comes before the input and in which pieces it is fed.
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/web_socket.h"
#include "net/web_socket_codec.h"

namespace {

using namespace ponte;
using namespace ponte::net;

struct CountingSink final : WebSocketSink {
  void on_codec_output(ByteView bytes) override {
    if (opened == 0) request += as_text(bytes);
  }
  void on_codec_open() override {
    if (opened++ > 0) std::abort();
    if (codec) (void)codec->send(Bytes{1, 2, 3});
  }
  void on_codec_message(Bytes message) override {
    if (opened == 0 || message.size() > limit) std::abort();
    if (codec && message.size() == 1) (void)codec->close();
  }
  std::string request;
  std::size_t limit = 0;
  int opened = 0;
  WebSocketCodec* codec = nullptr;
};

// RFC 6455 4.2.2.
std::string good_answer(const std::string& request) {
  static const std::string kHeader = "Sec-WebSocket-Key: ";
  const auto start = request.find(kHeader) + kHeader.size();
  const std::string joined = request.substr(start, 24) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH], accept[64];
  SHA1(reinterpret_cast<const unsigned char*>(joined.data()), joined.size(), digest);
  EVP_EncodeBlock(accept, digest, sizeof digest);
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         std::string(reinterpret_cast<char*>(accept)) + "\r\n\r\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static WebSocketCodecFactory factory;
  if (size == 0) return 0;
  const std::uint8_t choice = data[0];
  ByteView input(data + 1, size - 1);
  WebSocketOptions options{{true, "web.whatsapp.com", 443, "/"}, {}};
  options.max_message_size = 4096;
  CountingSink sink;
  sink.limit = options.max_message_size;
  auto codec = factory.create(options, sink);
  if (!codec.ok() || !(*codec)->start().ok()) std::abort();
  sink.codec = codec->get();
  if (choice & 1 && !(*codec)->feed(as_bytes(good_answer(sink.request))).ok()) std::abort();
  const std::size_t piece = choice >> 1 == 0 ? input.size() + 1 : choice >> 1;
  while (!input.empty()) {
    const ByteView part = input.first(std::min(piece, input.size()));
    if (!(*codec)->feed(part).ok()) break;
    input = input.subspan(part.size());
  }
  return 0;
}
