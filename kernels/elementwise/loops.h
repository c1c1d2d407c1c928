// The inner loops of elementwise operators, as functions on untyped memory: who calls one knows the types it is for.
// Files compiled once per instruction set include this: no header of the C++ library here.
#pragma once

#include <stdint.h>

namespace mica {

/// y[i] = f(a[i], b[i]) for i < n. `y` may be `a` or `b`.
using BinaryLoop = void (*)(const void* a, const void* b, void* y, int64_t n);

/// One function of two arguments.
struct BinaryLoops {
  BinaryLoop both;
  BinaryLoop repeat_a;  ///< f(a[0], b[i])
  BinaryLoop repeat_b;  ///< f(a[i], b[0])
};

/// y[i] = c[i] ? a[i] : b[i] for i < n, c of bytes. `y` may be `a` or `b`.
using SelectLoop = void (*)(const uint8_t* c, const void* a, const void* b, void* y, int64_t n);

/// Operands of which every element of a row meets the same element.
struct SelectLoops {
  SelectLoop both;
  SelectLoop repeat_a;
  SelectLoop repeat_b;
  SelectLoop repeat_both;
};

}  // namespace mica
