#include "backends/cpu/features.h"

#include <algorithm>
#include <cstdint>
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

struct Row {
  std::string_view name;
  uint32_t leaf, subleaf;
  Register word;
  int bit;
  uint64_t state;  // what the operating system must save
};
constexpr Row kRows[] = {
    {"sse4_1", 1, 0, ECX, 19, kAlways},  {"sse4_2", 1, 0, ECX, 20, kAlways},  {"avx", 1, 0, ECX, 28, kYmm},
    {"f16c", 1, 0, ECX, 29, kYmm},       {"fma", 1, 0, ECX, 12, kYmm},        {"avx2", 7, 0, EBX, 5, kYmm},
    {"avx_vnni", 7, 1, EAX, 4, kYmm},    {"avx512f", 7, 0, EBX, 16, kZmm},    {"avx512dq", 7, 0, EBX, 17, kZmm},
    {"avx512bw", 7, 0, EBX, 30, kZmm},   {"avx512vl", 7, 0, EBX, 31, kZmm},   {"avx512_vnni", 7, 0, ECX, 11, kZmm},
    {"avx512_vbmi", 7, 0, ECX, 1, kZmm}, {"avx512_bf16", 7, 1, EAX, 5, kZmm}, {"avx512_fp16", 7, 0, EDX, 23, kZmm},
    {"gfni", 7, 0, ECX, 8, kYmm},        {"amx_tile", 7, 0, EDX, 24, kTile},  {"amx_int8", 7, 0, EDX, 25, kTile},
    {"amx_bf16", 7, 0, EDX, 22, kTile},
};

uint64_t saved_state() {
  uint32_t r[4] = {};
  if (!__get_cpuid(1, &r[EAX], &r[EBX], &r[ECX], &r[EDX]) || (r[ECX] >> 27 & 1) == 0) return 0;  // no OSXSAVE
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}

std::vector<std::string_view> detect() {
  const uint64_t state = saved_state();
  std::vector<std::string_view> found;
  for (const Row& row : kRows) {
    uint32_t r[4] = {};
    if (!__get_cpuid_count(row.leaf, row.subleaf, &r[EAX], &r[EBX], &r[ECX], &r[EDX])) continue;
    if ((r[row.word] >> row.bit & 1) != 0 && (state & row.state) == row.state) found.push_back(row.name);
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
