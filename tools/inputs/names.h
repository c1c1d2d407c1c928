// Guesses from the names that exporters give.
#pragma once

#include <string>
#include <string_view>

namespace mica::tools {

std::string lower_case(std::string_view text);

/// Whether the name has the word, which is in lower case, in it.
inline bool has_word(std::string_view name, std::string_view word) {
  return lower_case(name).find(word) != std::string::npos;
}

}  // namespace mica::tools
