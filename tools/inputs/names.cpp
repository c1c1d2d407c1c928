#include "tools/inputs/names.h"

#include <algorithm>
#include <cctype>

namespace mica::tools {

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

}  // namespace mica::tools
