#include "support/vector_cases.h"

#include <stdexcept>

namespace ponte::test {

std::vector<VectorCase> load_cases(const std::string& path) {
  struct Text {
    std::string title;
    std::string lines;
  };
  std::vector<Text> texts;
  const VecFile file = load_vectors(path);
  for (const VecLine& line : file.lines()) {
    if (line.key == "case") {
      texts.push_back({line.value, {}});
    } else if (texts.empty()) {
      throw std::runtime_error(path + ": a line before the first case");
    } else {
      texts.back().lines += line.key + " = " + line.value + "\n";
    }
  }
  if (texts.empty()) throw std::runtime_error(path + ": no case");
  std::vector<VectorCase> cases;
  for (const Text& text : texts) {
    auto lines = VecFile::parse(text.lines);
    if (!lines.ok()) throw std::runtime_error(lines.error().message);
    cases.push_back({text.title, std::move(lines).value()});
  }
  return cases;
}

}  // namespace ponte::test
