// A whole session with a hostile server: a real handshake, then stanzas, answers to what was asked, raw bytes, time,
// commands of the owner and commits as the input says.
#include <cstdlib>

#include "base/reader.h"
#include "protocol/noise/channel.h"
#include "protocol/session/session.h"
#include "protocol/wire/node_codec.h"
#include "support/faulty_store.h"
#include "support/noise_responder.h"
#include "support/session_fixtures.h"
#include "support/virtual_clock.h"

namespace {

using namespace ponte;
using namespace ponte::protocol;

constexpr char kOwner[] = "fuzz";

struct Line {
  test::VirtualClock clock{{Mono(Seconds(1000)), test::ChainBuilder::inside()}};
  test::FaultyStore store;
  test::SeededRandom random{1};
  SessionConfig config = test::vector_config();
  test::NoiseResponder server;
  std::optional<noise::Channel> channel;
  std::optional<Session> session;
  std::string last_iq = "1";  ///< id of the iq that the session sent last

  explicit Line(bool linked) {
    config.root_key = server.chain.root.public_key;
    if (linked) {
      store::Transaction transaction(store, kOwner);
      store::put_credentials(transaction, test::vector_credentials());
      store::Account account;
      account.jid = "551199887766:33@s.whatsapp.net";
      account.signed_device_identity = {1};
      store::put_account(transaction, account);
      store.commit(transaction.take(), [](const Status&) {});
    }
    session.emplace(config, store, kOwner, random);
    session->on_channel_open({}, clock.now());
    handshake();
  }

  /// What the session wants, but for what it sends; the messages sent, without frame lengths.
  std::vector<Bytes> drain() {
    std::vector<Bytes> sent;
    while (auto output = session->poll_output()) {
      if (auto* bytes = std::get_if<SendBytes>(&*output)) {
        if (channel) remember(bytes->bytes);
        sent.push_back(std::move(bytes->bytes));
      } else if (auto* commit = std::get_if<Commit>(&*output)) {
        store.commit(std::move(commit->batch), [this](const Status& status) { session->on_committed(status); });
      } else if (auto* work = std::get_if<StartWork>(&*output)) {
        const bool code = std::holds_alternative<DeriveCodeKey>(work->request);
        session->on_work_done(work->id, work->epoch, Bytes(code ? 32 : 64 * 3, 7), clock.now());
      }
    }
    return sent;
  }

  void handshake() {
    const std::vector<Bytes> sent = drain();
    if (sent.empty()) return;
    ByteView hello(sent.front());
    // wire: pairing.md 1.2: "ED", two bytes, a length of three, so much routing info
    if (hello[0] == 'E') hello = hello.subspan(7 + (std::size_t{hello[4]} << 16 | hello[5] << 8 | hello[6]));
    const auto answer = server.answer(hello.subspan(4 + 3), server.chain.bytes()).SerializeAsString();
    session->on_bytes(*wire::encode_frame_bytes(as_bytes(answer)), clock.now());
    const Bytes finish = drain().front();
    (void)server.read_finish(ByteView(finish).subspan(3));
    channel.emplace(server.state->split(), noise::Channel::Role::kServer);
  }
  /// Another socket in place of the one that is open. What was sealed for that one would be no hello.
  void reopen() {
    channel.reset();
    session->on_channel_dropped();
    if (!session->at_rest() || session->poll_output()) std::abort();
    OpenOptions options;
    options.resumption = Resumption::kForbidden;
    session->on_channel_open(options, clock.now());
    handshake();
  }

  void stanza(ByteView plaintext) {
    if (!channel) return;
    session->on_bytes(*wire::encode_frame_bytes(*channel->encrypt(plaintext)), clock.now());
    drain();
  }
  void remember(ByteView message) {
    const auto plaintext = channel->decrypt(message.subspan(3));
    if (!plaintext.ok()) std::abort();
    const auto node = wire::decode_frame(*plaintext);
    if (!node.ok()) std::abort();
    if (node->tag == "iq" && node->attribute("type") != "result") last_iq = node->attribute("id").value_or("1");
  }
  /// A stanza under the id of what was asked last.
  void answer(ByteView plaintext) {
    auto node = wire::decode_frame(plaintext);
    if (!node.ok()) return stanza(plaintext);
    std::erase_if(node->attributes, [](const auto& attribute) { return attribute.first == "id"; });
    node->with("id", last_iq);
    stanza(wire::encode_frame(*node));
  }
  void run(Command command) {
    session->run(std::move(command), clock.now());
    drain();
  }
  void pass_time() {
    const auto due = session->next_deadline();
    if (!due) return;
    clock.advance_to(*due);
    session->on_deadline(clock.now());
    drain();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader reader({data, size});
  const auto flags = reader.u8();
  if (!flags) return 0;
  Line line((*flags & 1) != 0);
  const auto rest = [&reader](std::size_t most) {
    return reader.take(std::min<std::size_t>(most, reader.remaining())).value();
  };
  while (const auto operation = reader.u8()) {
    if (*operation == 248) {
      line.reopen();
    } else if (*operation == 249) {
      line.answer(rest(reader.big_endian(2).value_or(0)));
    } else if (*operation == 250) {
      line.run(command::RequestPairingCode{"5511999999999", "ABCD1234"});
    } else if (*operation == 251) {
      const Bytes assertion = to_bytes(rest(16));
      line.run(command::SubmitAssertion{assertion, to_text(assertion)});
    } else if (*operation == 252) {
      line.run(command::ConfirmPasskey{});
    } else if (*operation == 255) {
      line.pass_time();
    } else if (*operation == 254) {
      line.store.fail_commit(1);
    } else if (*operation == 253) {
      line.session->on_bytes(rest(8), line.clock.now());
      line.drain();
    } else {
      const auto length = reader.big_endian(2);
      if (!length) break;
      line.stanza(rest(*length));
    }
  }
  // Whatever came: an ended session asks for nothing more, and one that goes on says until when.
  if (line.session->phase() == Phase::kClosed && line.session->next_deadline()) std::abort();
  return 0;
}
