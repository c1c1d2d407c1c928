#include "backends/cpu/features.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>

#include <cstring>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace mica {
namespace {

#if defined(__x86_64__)

// Intel SDM volume 2A, CPUID; volume 1, 13.1-13.3, XSAVE state components.
enum Register { EAX, EBX, ECX, EDX };
constexpr uint64_t kAlways = 0;
constexpr uint64_t kYmm = 0x06;      // XCR0: XMM and YMM state
constexpr uint64_t kZmm = 0xe6;      // and opmask, upper halves of ZMM0-15, ZMM16-31
constexpr uint64_t kTile = 0x60000;  // TILECFG and TILEDATA

enum Leaf : uint8_t { Basic, Extended, Extended1 };
struct LeafNumber {
  uint32_t leaf, subleaf;
};
constexpr LeafNumber kLeaves[] = {{1, 0}, {7, 0}, {7, 1}};

struct Row {
  std::string_view name;
  Leaf leaf;
  Register word;
  int bit;
  uint64_t state;  // what the operating system must save
};
constexpr Row kRows[] = {
    {"sse4_1", Basic, ECX, 19, kAlways},
    {"sse4_2", Basic, ECX, 20, kAlways},
    {"avx", Basic, ECX, 28, kYmm},
    {"f16c", Basic, ECX, 29, kYmm},
    {"fma", Basic, ECX, 12, kYmm},
    {"avx2", Extended, EBX, 5, kYmm},
    {"avx_vnni", Extended1, EAX, 4, kYmm},
    {"avx512f", Extended, EBX, 16, kZmm},
    {"avx512dq", Extended, EBX, 17, kZmm},
    {"avx512bw", Extended, EBX, 30, kZmm},
    {"avx512vl", Extended, EBX, 31, kZmm},
    {"avx512_vnni", Extended, ECX, 11, kZmm},
    {"avx512_vbmi", Extended, ECX, 1, kZmm},
    {"avx512_bf16", Extended1, EAX, 5, kZmm},
    {"avx512_fp16", Extended, EDX, 23, kZmm},
    {"gfni", Extended, ECX, 8, kYmm},
    {"amx_tile", Extended, EDX, 24, kTile},
    {"amx_int8", Extended, EDX, 25, kTile},
    {"amx_bf16", Extended, EDX, 22, kTile},
};

// What the operating system saves; `basic` is leaf 1.
uint64_t saved_state(const std::array<uint32_t, 4>& basic) {
  if ((basic[ECX] >> 27 & 1) == 0) return 0;  // no OSXSAVE
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}

// Reads each leaf once: the instruction leaves a virtual machine, which takes microseconds.
std::vector<std::string_view> detect() {
  const uint32_t last = __get_cpuid_max(0, nullptr);
  std::array<std::array<uint32_t, 4>, std::size(kLeaves)> leaves{};
  for (size_t i = 0; i < leaves.size(); ++i) {
    auto& r = leaves[i];
    if (kLeaves[i].leaf <= last) __cpuid_count(kLeaves[i].leaf, kLeaves[i].subleaf, r[EAX], r[EBX], r[ECX], r[EDX]);
  }
  const uint64_t state = saved_state(leaves[Basic]);
  std::vector<std::string_view> found;
  for (const Row& row : kRows) {
    if ((leaves[row.leaf][row.word] >> row.bit & 1) != 0 && (state & row.state) == row.state) found.push_back(row.name);
  }
  return found;
}

#elif defined(__aarch64__) && defined(__linux__)

// Linux, Documentation/arch/arm64/elf_hwcaps.rst
struct Row {
  std::string_view name;
  unsigned long vector;
  int bit;
};
constexpr Row kRows[] = {
    {"asimd", AT_HWCAP, 1}, {"asimdhp", AT_HWCAP, 10}, {"asimddp", AT_HWCAP, 20}, {"sve", AT_HWCAP, 22},
    {"sve2", AT_HWCAP2, 1}, {"i8mm", AT_HWCAP2, 13},   {"bf16", AT_HWCAP2, 14},
};

std::vector<std::string_view> detect() {
  std::vector<std::string_view> found;
  for (const Row& row : kRows) {
    if ((getauxval(row.vector) >> row.bit & 1) != 0) found.push_back(row.name);
  }
  return found;
}

#elif defined(__aarch64__)

std::vector<std::string_view> detect() {
  return {"asimd"};  // part of the architecture
}

#else

std::vector<std::string_view> detect() {
  return {};
}

#endif

const std::vector<std::string_view>& detected() {
  static const std::vector<std::string_view> features = detect();
  return features;
}

}  // namespace

std::span<const std::string_view> cpu_features() {
  return detected();
}

bool cpu_has(std::string_view feature) {
  return std::ranges::find(detected(), feature) != detected().end();
}

std::string cpu_name() {
#if defined(__x86_64__)
  char text[49] = {};
  uint32_t r[4] = {};
  for (uint32_t i = 0; i < 3; ++i) {
    if (!__get_cpuid(0x80000002u + i, &r[EAX], &r[EBX], &r[ECX], &r[EDX])) return {};
    std::memcpy(text + 16 * i, r, sizeof(r));
  }
  std::string name(text);
  const size_t begin = name.find_first_not_of(' ');
  if (begin == std::string::npos) return {};
  return name.substr(begin, name.find_last_not_of(' ') - begin + 1);
#else
  return {};
#endif
}

}  // namespace mica
