#include "kernels/simd/isa.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "backends/cpu/features.h"

namespace mica {
namespace {

std::string lacking(const Isa& isa, FunctionRef<bool(std::string_view)> has) {
  std::string list;
  for (const std::string_view feature : isa.needs) {
    if (has(feature)) continue;
    if (!list.empty()) list += ", ";
    list += feature;
  }
  return list;
}

constexpr size_t kNotChosen = SIZE_MAX;
constinit std::atomic<size_t> in_use = kNotChosen;

std::string names(std::span<const Isa> isas) {
  std::string list;
  for (const Isa& isa : isas) {
    if (!list.empty()) list += ", ";
    list += isa.name;
  }
  return list;
}

}  // namespace

std::string lacking(const Isa& isa) {
  return lacking(isa, [](std::string_view feature) { return cpu_has(feature); });
}

IsaChoice choose_isa(std::span<const Isa> isas, FunctionRef<bool(std::string_view)> has, std::string_view cap) {
  IsaChoice choice{};
  int limit = isas.front().rank;
  if (!cap.empty()) {
    const auto named = std::ranges::find(isas, cap, &Isa::name);
    if (named != isas.end()) {
      limit = named->rank;
    } else {
      choice.note = "MICA_ISA=" + std::string(cap) + " is ignored: this build has " + names(isas);
    }
  }
  for (; choice.index + 1 < isas.size(); ++choice.index) {
    const Isa& isa = isas[choice.index];
    if (const std::string missing = lacking(isa, has); !missing.empty()) {
      choice.refusals.push_back("CPU lacks " + missing);
    } else if (isa.rank > limit) {
      choice.refusals.push_back("capped by MICA_ISA=" + std::string(cap));
    } else {
      break;
    }
  }
  return choice;
}

const IsaChoice& isa_choice() {
  static const IsaChoice choice = [] {
    const char* cap = std::getenv("MICA_ISA");
    return choose_isa(
        isas(), [](std::string_view feature) { return cpu_has(feature); }, cap != nullptr ? cap : "");
  }();
  return choice;
}

size_t isa_in_use() {
  if (const size_t index = in_use.load(std::memory_order_relaxed); index != kNotChosen) return index;
  const size_t index = isa_choice().index;
  in_use = index;
  return index;
}

UseIsa::UseIsa(size_t index) : before_(isa_in_use()) {
  in_use = index;
}

UseIsa::~UseIsa() {
  in_use = before_;
}

}  // namespace mica
