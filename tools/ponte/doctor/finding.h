// One line of what `ponte doctor` says.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace ponte::tool {

enum class Verdict {
  kOk,
  kWarning,  ///< works, or may work, but somebody should look
  kFailed,
  kSkipped,  ///< could not be looked at, for what another line says, or does not apply
};
/// `ok`, `warning`, `failed`, `skipped`.
std::string_view verdict_name(Verdict verdict);

struct Finding {
  std::string id;    ///< stable, for machines
  std::string name;  ///< for people
  Verdict verdict = Verdict::kOk;
  std::string message = {};
  std::string remedy = {};  ///< one thing to do; empty where there is nothing
  nlohmann::json details = nlohmann::json::object();
};

/// With a capital at its beginning and a full stop at its end.
std::string sentence(std::string text);

/// The finding with its verdict.
Finding concluded(Finding finding, Verdict verdict, std::string message, std::string remedy = {});

}  // namespace ponte::tool
