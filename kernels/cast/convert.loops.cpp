#include "kernels/cast/convert.h"

#include <algorithm>

#include "backends/cpu/thread_pool.h"
#include "kernels/cast/number.h"
#include "kernels/cast/number_simd.h"
#include "kernels/cast/number_text.h"
#include "kernels/float_conversion.h"
#include "kernels/shape/copy.h"
#include "kernels/shape/elements.h"
#include "runtime/base/concat.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

constexpr int64_t kBlock = 512;  // elements; a multiple of those in a byte

// Calls f with the type that a number of type `dtype` passes through: one that holds all of them exactly.
template <class F>
void visit_exact(DType dtype, F&& f) {
  if (dtype == DType::F64) return f.template operator()<double>();
  if (dtype == DType::U64) return f.template operator()<uint64_t>();
  if (dtype == DType::I64 || dtype == DType::U32) return f.template operator()<int64_t>();
  if (is_int(dtype) || dtype == DType::Bool || (is_sub_byte(dtype) && dtype != DType::F4E2M1)) {
    return f.template operator()<int32_t>();
  }
  return f.template operator()<float>();
}

// The same for a number in a string that is to become a `to`.
template <class F>
void visit_parsed(DType to, F&& f) {
  if (to == DType::F32) return f.template operator()<float>();
  if (to == DType::U64) return f.template operator()<uint64_t>();
  const bool integral = is_int(to) || (is_sub_byte(to) && to != DType::F4E2M1);
  return integral ? f.template operator()<int64_t>() : f.template operator()<double>();
}

// The loop from elements of one type to those of another: a vector loop, or null where there is none.
template <class From, class To>
NumberLoop<From, To> vector_loop() {
  const NumberKernels& k = number_kernels();
  if constexpr (std::is_same_v<From, float> && std::is_same_v<To, int32_t>) return k.f32_to_i32;
  if constexpr (std::is_same_v<From, int32_t> && std::is_same_v<To, float>) return k.i32_to_f32;
  if constexpr (std::is_same_v<From, int64_t> && std::is_same_v<To, float>) return k.i64_to_f32;
  if constexpr (std::is_same_v<From, int64_t> && std::is_same_v<To, int32_t>) return k.i64_to_i32;
  if constexpr (std::is_same_v<From, int32_t> && std::is_same_v<To, int64_t>) return k.i32_to_i64;
  if constexpr (std::is_same_v<From, uint8_t> && std::is_same_v<To, int32_t>) return k.u8_to_i32;
  return nullptr;
}

template <class From, class To>
void convert_numbers(const From* x, To* y, int64_t n) {
  if constexpr (std::is_integral_v<From> && std::is_integral_v<To> && !std::is_same_v<To, bool> &&
                sizeof(From) == sizeof(To)) {
    std::copy_n(x, n, reinterpret_cast<From*>(y));  // the same bits
    return;
  }
  if (const auto loop = vector_loop<From, To>()) return loop(x, y, n);
  for (int64_t i = 0; i < n; ++i) y[i] = convert_number<To>(x[i]);
}

// Codes of a two's complement type `bits` wide.
void read_sub_byte_integers(const Tensor& x, int64_t first, int64_t n, int32_t* block) {
  uint8_t codes[kBlock];
  unpack_elements(x, first, n, codes);
  const bool is_signed = x.dtype() == DType::I4 || x.dtype() == DType::I2;
  const int32_t sign = is_signed ? 1 << (bit_width(x.dtype()) - 1) : 0;
  for (int64_t i = 0; i < n; ++i) block[i] = (codes[i] ^ sign) - sign;
}

void read_narrow_floats(const Tensor& x, int64_t first, int64_t n, float* block) {
  if (const ConvertLoop widen = widening(x.dtype())) return widen(x.data<uint16_t>() + first, block, n);
  if (x.dtype() == DType::F4E2M1) {
    uint8_t codes[kBlock];
    unpack_elements(x, first, n, codes);
    for (int64_t i = 0; i < n; ++i) block[i] = decode_small_float(codes[i], kE2M1);
    return;
  }
  visit_dtype<Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ, Float8E8M0>(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>() + first;
    for (int64_t i = 0; i < n; ++i) block[i] = from[i];
  });
}

// Elements `first` to `first + n` of x as numbers of type C: in place, or in `block`.
template <class C>
const C* read(const Tensor& x, int64_t first, int64_t n, bool in_place, C* block) {
  if (x.dtype() == dtype_of<C>) {
    if (!in_place) return x.data<C>() + first;
    std::copy_n(x.data<C>() + first, n, block);
  } else if (x.dtype() == DType::String) {
    if constexpr (!std::is_same_v<C, int32_t>) {
      const std::string* from = x.data<std::string>() + first;
      for (int64_t i = 0; i < n; ++i) block[i] = parse_number<C>(from[i]);
    }
  } else if constexpr (std::is_same_v<C, float>) {
    read_narrow_floats(x, first, n, block);
  } else if constexpr (std::is_same_v<C, int32_t>) {
    if (const ConvertElements widen = widening_to_int32(x.dtype())) {
      widen(static_cast<const std::byte*>(x.raw()) + first * bit_width(x.dtype()) / 8, block, n);
    } else if (x.dtype() == DType::Bool) {
      const uint8_t* from = x.data<uint8_t>() + first;  // a file can hold others than 0 and 1
      for (int64_t i = 0; i < n; ++i) block[i] = from[i] != 0 ? 1 : 0;
    } else {
      read_sub_byte_integers(x, first, n, block);
    }
  } else if constexpr (std::is_same_v<C, int64_t>) {
    convert_numbers(x.data<uint32_t>() + first, block, n);
  }
  return block;
}

void write_narrow_floats(const float* x, int64_t n, const ConvertOptions& options, Tensor& y, int64_t first) {
  if (const ConvertLoop narrow = narrowing(y.dtype())) return narrow(x, y.mutable_data<uint16_t>() + first, n);
  switch (y.dtype()) {
    case DType::F8E8M0:
      for (int64_t i = 0; i < n; ++i) {
        y.mutable_data<uint8_t>()[first + i] = encode_power_of_two(x[i], options.rounding, options.saturate);
      }
      return;
    case DType::F4E2M1: {
      uint8_t codes[kBlock];
      for (int64_t i = 0; i < n; ++i) codes[i] = encode_small_float(x[i], kE2M1, true);
      return pack_elements(codes, first, n, y);
    }
    default:
      visit_dtype<Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ>(y.dtype(), [&]<class T>() {
        for (int64_t i = 0; i < n; ++i) y.mutable_data<T>()[first + i] = T(x[i], options.saturate);
      });
  }
}

// The lower bits of 32-bit numbers into elements of an integer type of at most 32 bits.
void write_narrow_integers(const int32_t* x, int64_t n, Tensor& y, int64_t first) {
  switch (bit_width(y.dtype())) {
    case 32:
      std::copy_n(x, n, y.mutable_data<int32_t>() + first);
      return;
    case 16:
      return convert_numbers(x, y.mutable_data<int16_t>() + first, n);
    case 8:
      return convert_numbers(x, y.mutable_data<int8_t>() + first, n);
    default: {
      uint8_t codes[kBlock];
      convert_numbers(x, codes, n);
      pack_elements(codes, first, n, y);
    }
  }
}

// Numbers of type C into elements of an integer type, those narrower than C and 32 bits by way of these: what is cut
// off then would have been cut off anyway.
template <class C>
void write_integers(const C* x, int64_t n, Tensor& y, int64_t first) {
  const DType dtype = y.dtype();
  if (dtype == DType::I64 || (std::is_integral_v<C> && dtype == DType::U64)) {
    return convert_numbers(x, y.mutable_data<int64_t>() + first, n);
  }
  if constexpr (std::is_floating_point_v<C>) {
    if (dtype == DType::U64) return convert_numbers(x, y.mutable_data<uint64_t>() + first, n);
    if (dtype == DType::U32) {
      int64_t block[kBlock];
      convert_numbers(x, block, n);
      return convert_numbers(block, y.mutable_data<int32_t>() + first, n);
    }
  }
  int32_t block[kBlock];
  const int32_t* low = block;
  if constexpr (std::is_same_v<C, int32_t>) {
    low = x;
  } else {
    using From = std::conditional_t<std::is_same_v<C, uint64_t>, int64_t, C>;
    const bool direct = bit_width(dtype) == 32;
    convert_numbers(reinterpret_cast<const From*>(x), direct ? y.mutable_data<int32_t>() + first : block, n);
    if (direct) return;
  }
  write_narrow_integers(low, n, y, first);
}

// Numbers of type C into elements `first` to `first + n` of y.
template <class C>
void write(const C* x, int64_t n, const ConvertOptions& options, Tensor& y, int64_t first) {
  if (is_int(y.dtype()) || (is_sub_byte(y.dtype()) && y.dtype() != DType::F4E2M1)) {
    return write_integers(x, n, y, first);
  }
  switch (y.dtype()) {
    case DType::String:
      for (int64_t i = 0; i < n; ++i) y.mutable_data<std::string>()[first + i] = number_text(x[i]);
      return;
    case DType::F32:
      return convert_numbers(x, y.mutable_data<float>() + first, n);
    case DType::F64:
      return convert_numbers(x, y.mutable_data<double>() + first, n);
    case DType::Bool:
      return convert_numbers(x, y.mutable_data<bool>() + first, n);
    default:
      break;
  }
  if constexpr (std::is_same_v<C, float>) {
    write_narrow_floats(x, n, options, y, first);
  } else {
    alignas(64) float rounded[kBlock];
    for (int64_t i = 0; i < n; ++i) rounded[i] = round_to_odd(x[i]);
    write_narrow_floats(rounded, n, options, y, first);
  }
}

template <class From, class To>
void convert_block(const void* from, void* to, int64_t n) {
  To* y = static_cast<To*>(to);
  if constexpr (std::is_same_v<From, bool>) {
    const auto* x = static_cast<const uint8_t*>(from);  // a file can hold others than 0 and 1
    for (int64_t i = 0; i < n; ++i) y[i] = static_cast<To>(x[i] != 0);
  } else if constexpr (std::is_same_v<From, To>) {
    if (from != to) std::copy_n(static_cast<const From*>(from), n, y);
  } else {
    convert_numbers(static_cast<const From*>(from), y, n);
  }
}

// Floats rounded to a narrow type.
template <ConvertLoop HalfKernels::*narrow, ConvertLoop HalfKernels::*widen>
void round_block(const void* x, void* y, int64_t n) {
  uint16_t block[kBlock];
  for (int64_t first = 0; first < n; first += kBlock) {
    const int64_t count = std::min(kBlock, n - first);
    (half_kernels().*narrow)(static_cast<const float*>(x) + first, block, count);
    (half_kernels().*widen)(block, static_cast<float*>(y) + first, count);
  }
}

}  // namespace

ConvertElements element_conversion(DType from, DType to) {
  ConvertElements loop = nullptr;
  visit_dtype<float, int32_t, int64_t, bool>(from, [&]<class From>() {
    visit_dtype<float, int32_t, int64_t, bool>(to, [&]<class To>() { loop = convert_block<From, To>; });
  });
  if (from == DType::F32 && to == DType::F16) loop = round_block<&HalfKernels::narrow_f16, &HalfKernels::widen_f16>;
  if (from == DType::F32 && to == DType::BF16) loop = round_block<&HalfKernels::narrow_bf16, &HalfKernels::widen_bf16>;
  return loop;
}

ConvertElements widening_to_int32(DType from) {
  ConvertElements loop = nullptr;
  visit_dtype<int8_t, int16_t, uint8_t, uint16_t>(from, [&]<class From>() {
    loop = [](const void* x, void* y, int64_t n) {
      convert_numbers(static_cast<const From*>(x), static_cast<int32_t*>(y), n);
    };
  });
  return loop;
}

void convert_elements(ThreadPool& threads, const Tensor& x, Tensor& y, const ConvertOptions& options) {
  if (x.dtype() == y.dtype()) return copy_elements(x, y);
  if (x.elements() != y.elements() || !kConvertible.contains(x.dtype()) || !kConvertible.contains(y.dtype())) {
    throw_error(ErrorCode::InvalidArgument, {"cannot convert ", x, " to ", y});
  }
  const bool in_place = x.raw() == y.raw();
  const auto convert = [&]<class C>() {
    const bool strings = x.dtype() == DType::String || y.dtype() == DType::String;
    threads.parallel_for(x.elements(), strings ? kBlock : 32 * kBlock, [&](int64_t begin, int64_t end) {
      alignas(64) C block[kBlock];
      for (int64_t first = begin; first < end; first += kBlock) {
        const int64_t n = std::min(kBlock, end - first);
        write(read(x, first, n, in_place, block), n, options, y, first);
      }
    });
  };
  if (x.dtype() == DType::String) return visit_parsed(y.dtype(), convert);
  visit_exact(x.dtype(), convert);
}

}  // namespace mica
