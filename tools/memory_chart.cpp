#include "tools/memory_chart.h"

#include <fmt/core.h>

#include <algorithm>

#include "tools/print.h"

namespace mica::tools {

std::string memory_chart(const Plan& plan, const PlanLayout& layout, size_t columns) {
  const size_t steps = std::max<size_t>(plan.steps().size(), 1);
  const size_t width = std::min(steps, columns);
  using enum Table::Align;
  Table table(
      {{"offset", Right}, {"size", Right}, {"steps"}, {fmt::format("0{:>{}}", steps - 1, width - 1)}, {"values"}});
  for (const ArenaBuffer& buffer : layout.buffers) {
    const size_t begin = buffer.first * width / steps;
    const size_t end = std::min<size_t>(buffer.last, steps - 1) * width / steps + 1;
    std::string bar;
    for (size_t i = 0; i < width; ++i) bar += i >= begin && i < end ? "#" : ".";
    std::string names;
    for (const uint32_t member : plan.slots()[buffer.slot].members) {
      names += (names.empty() ? "" : ", ") + plan.slots()[member].name;
    }
    table.add({std::to_string(buffer.offset), std::to_string(buffer.bytes),
               fmt::format("{}-{}", buffer.first, buffer.last), bar, names});
  }
  return table.str();
}

}  // namespace mica::tools
