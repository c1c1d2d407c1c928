#include "runtime/precision.h"

#include <algorithm>
#include <array>

namespace mica {

static constexpr std::array<std::string_view, 4> kNames{"fp32", "bf16", "int8-dynamic", "tf32"};

std::string_view name(Precision precision) {
  return kNames[static_cast<size_t>(precision)];
}

std::optional<Precision> precision_named(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Precision>(found - kNames.begin());
}

std::span<const std::string_view> precision_names() {
  return kNames;
}

}  // namespace mica
