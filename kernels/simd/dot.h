// Sums of products of 8-bit integers and of bfloat16, for the files that are compiled once per instruction set (*.simd.cpp).
//
// Beside each vec_<isa>.h stands a dot_<isa>.h (MICA_DOT_HEADER), which defines, in the same namespace:
//   kDot                     elements along the inner axis that one step multiplies and adds up
//   RowElement               the type in which the elements of a row, unsigned bytes, are kept
//   load_row(p)              Ints that hold kDot elements of a row, in every lane
//   load_columns(p)          Ints that hold kDot signed bytes of a column in each lane, one column after the other
//   dot(sum, row, columns)   sum + row . column for each column, exact until a sum of 32 bits wraps around
//   load_sums(p)             kLanes 32-bit integers
//   interleave(p, stride, n, flip, to)   the first n <= kLanes elements of kDot rows that are `stride` apart, each
//                            exclusive-or `flip`, as load_columns reads them; zeros from column n on
//
// and, for pairs of bfloat16 in the bits of a float, the first of a pair in the lower half:
//   dot_pairs(sum, a, b)     Vec: sum + both products of each lane
//   kNativePairs             whether the CPU has an instruction for it
//
// That of an instruction set which extends another has what the files compiled for it use.
#pragma once

#include "kernels/simd/vec.h"

#include MICA_DOT_HEADER
