#include "simulator/code_text.h"

namespace ponte::simulator {
namespace {

constexpr std::string_view kAlphabet = "123456789ABCDEFGHJKLMNPQRSTVWXYZ";
constexpr std::size_t kSymbols = 8;

}  // namespace

std::string code_text(const ByteArray<5>& bits) {
  std::uint64_t value = 0;
  for (std::uint8_t byte : bits) value = value << 8 | byte;
  std::string out;
  for (std::size_t i = 0; i < kSymbols; ++i) {
    if (i == kSymbols / 2) out.push_back('-');
    out.push_back(kAlphabet[value >> (35 - 5 * i) & 31]);
  }
  return out;
}

std::string normalized_code(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '-') continue;
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (kAlphabet.find(c) == std::string_view::npos) return {};
    out.push_back(c);
  }
  return out.size() == kSymbols ? out : std::string();
}

}  // namespace ponte::simulator
