// One device of the Signal layer on stdin and stdout, for clients that others wrote (tests/interop/signal.test.mjs).
//
//   signal_driver SEED     keys and randomness from SEED, records in memory
//
// A request is a line of JSON, {"op": ..., ...}; so is its answer, {"error": cause} where it was refused. Bytes are
// hex, public keys raw. Ends with its input.
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/hex.h"
#include "support/signal_store.h"

namespace ponte {
namespace {

using nlohmann::json;

Bytes bytes(const json& value) {
  return from_hex(value.get<std::string>()).value();
}

template <std::size_t N>
ByteArray<N> array(const json& value) {
  const Bytes given = bytes(value);
  if (given.size() != N) throw std::runtime_error("expected " + std::to_string(N) + " bytes");
  return to_array<N>(given);
}

crypto::SignalAddress address(const json& request) {
  return {request.at("name").get<std::string>(), request.at("device").get<std::int32_t>()};
}

crypto::SenderKeyName sender_key_name(const json& request) {
  return {request.at("group").get<std::string>(), address(request)};
}

json refused(const Error& error) {
  return {{"error", cause_name(error.cause)}, {"message", error.message}};
}

template <typename T, typename Answer>
json answer(const Result<T>& result, Answer render) {
  return result.ok() ? render(*result) : refused(result.error());
}

json bundle(test::SignalParty& party, const json& request) {
  std::optional<std::uint32_t> one_time;
  if (request.contains("prekeyId")) one_time = request.at("prekeyId").get<std::uint32_t>();
  const crypto::PrekeyBundle made = party.bundle(one_time);
  json out = {{"registrationId", made.registration_id},
              {"identity", to_hex(made.identity)},
              {"signedPrekeyId", made.signed_prekey_id},
              {"signedPrekey", to_hex(made.signed_prekey)},
              {"signature", to_hex(made.signature)}};
  if (made.one_time) out.update({{"prekeyId", made.one_time->id}, {"prekey", to_hex(made.one_time->key)}});
  return out;
}

json process_bundle(test::SignalParty& party, const json& request) {
  crypto::PrekeyBundle given;
  given.registration_id = request.at("registrationId").get<std::uint32_t>();
  given.identity = array<32>(request.at("identity"));
  given.signed_prekey_id = request.at("signedPrekeyId").get<std::uint32_t>();
  given.signed_prekey = array<32>(request.at("signedPrekey"));
  given.signature = array<64>(request.at("signature"));
  if (request.contains("prekeyId")) {
    given.one_time = {request.at("prekeyId").get<std::uint32_t>(), array<32>(request.at("prekey"))};
  }
  return answer(party.sessions().process_bundle(address(request), given), [](auto) { return json::object(); });
}

json encrypt(test::SignalParty& party, const json& request) {
  return answer(party.sessions().encrypt(address(request), bytes(request.at("plaintext"))),
                [](const crypto::SignalCiphertext& out) -> json {
                  return {{"type", out.type == crypto::SignalMessageType::kPrekey ? "pkmsg" : "msg"},
                          {"bytes", to_hex(out.bytes)}};
                });
}

json decrypt(test::SignalParty& party, const json& request) {
  const auto type =
      request.at("type") == "pkmsg" ? crypto::SignalMessageType::kPrekey : crypto::SignalMessageType::kMessage;
  return answer(
      party.sessions().decrypt(address(request), type, bytes(request.at("bytes"))),
      [](const crypto::SignalPlaintext& out) -> json {
        return {{"plaintext", to_hex(out.bytes)}, {"identityChanged", out.identity == crypto::PeerIdentity::kChanged}};
      });
}

json session(test::SignalParty& party, const json& request) {
  return answer(party.sessions().session(address(request)), [](const auto& info) -> json {
    if (!info) return {{"open", false}};
    return {{"open", true}, {"registrationId", info->remote_registration_id}, {"baseKey", to_hex(info->base_key)}};
  });
}

json run(test::SignalParty& party, const json& request) {
  const auto hex = [](const Bytes& out) -> json { return {{"bytes", to_hex(out)}}; };
  const auto op = request.at("op").get<std::string>();
  if (op == "bundle") return bundle(party, request);
  if (op == "processBundle") return process_bundle(party, request);
  if (op == "encrypt") return encrypt(party, request);
  if (op == "decrypt") return decrypt(party, request);
  if (op == "session") return session(party, request);
  if (op == "hasPrekey") return {{"there", party.store.records.prekeys.contains(request.at("id"))}};
  auto keys = party.sender_keys();
  if (op == "distribution") return answer(keys.distribution(sender_key_name(request)), hex);
  if (op == "processDistribution") {
    const Status status = keys.process(sender_key_name(request), bytes(request.at("bytes")));
    return status.ok() ? json::object() : refused(status.error());
  }
  if (op == "encryptGroup") return answer(keys.encrypt(sender_key_name(request), bytes(request.at("plaintext"))), hex);
  if (op == "decryptGroup") return answer(keys.decrypt(sender_key_name(request), bytes(request.at("bytes"))), hex);
  throw std::runtime_error("no such operation: " + op);
}

int serve(std::uint64_t seed) {
  test::SignalParty party("driver", seed);
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << run(party, json::parse(line)).dump() << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace ponte

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: signal_driver SEED\n";
    return 2;
  }
  return ponte::serve(std::stoull(argv[1]));
}
