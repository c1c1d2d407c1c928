// What the CPU at hand can do.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace mica {

/// Features that this CPU has and that the operating system lets programs use (an AVX-512 CPU under a system that does
/// not save its registers has no "avx512f"). Names as in Linux's /proc/cpuinfo: "avx2", "fma", "avx512_bf16", and on
/// Arm "asimd", "asimddp", "i8mm". Asked once; the names are static.
std::span<const std::string_view> cpu_features();

/// Whether `feature` is in `cpu_features()`. False for a name that is not known.
bool cpu_has(std::string_view feature);

/// "AMD EPYC 9654 96-Core Processor"; empty when the CPU does not say.
std::string cpu_name();

}  // namespace mica
