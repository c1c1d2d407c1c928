// In what products (MatMul, Gemm and what the optimiser makes of them) and convolutions of floats are computed: those
// with constant weights or, in tf32, all. What a device or CPU has no kernel for is computed as the model says.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mica {

enum class Precision : uint8_t {
  Float32,      ///< "fp32": as the model says
  BFloat16,     ///< "bf16": operands rounded to bfloat16, sums in float, where the CPU has instructions for it
  Int8Dynamic,  ///< "int8-dynamic": weights as int8, a scale a column; rows as uint8, by the range of each
  TensorFloat,  ///< "tf32": operands rounded to 10 bits behind the point, sums in float; on devices that have it
};

std::string_view name(Precision precision);
/// nullopt for an unknown name.
std::optional<Precision> precision_named(std::string_view name);
std::span<const std::string_view> precision_names();

}  // namespace mica
