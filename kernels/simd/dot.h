// Sums of products of 8-bit integers and of bfloat16, for the files that are compiled once per instruction set
// (*.simd.cpp).
//
// Beside each vec_<isa>.h stands a dot_<isa>.h (MICA_DOT_HEADER), which defines, in the same namespace:
//   kDot                     elements along the inner axis that one step multiplies and adds up
//   RowElement               the type in which the elements of a row, unsigned bytes, are kept
//   load_row(p)              Ints that hold kDot elements of a row, in every lane
//   load_columns(p)          Ints that hold kDot signed bytes of a column in each lane, one column after the other
//   dot(sum, row, columns)   sum + row . column for each column, exact until a sum of 32 bits wraps around
//   load_sums(p)             kLanes 32-bit integers
//   to_floats(a)             Vec of such integers, each rounded to nearest even
//   Bytes4                   the bytes of four vectors, one behind the other
//   pack_four(a, b, c, d, zero, is_signed)   Bytes4 of saturate(round(x) + zero) of four Vec, round: to nearest, ties
//   to
//                            even; of uint8 or int8; NaN becomes the lower end
//   quads_of_rows(p, flip, to)   four Ints of kDot rows of 4 * kLanes elements, as lanes_of_rows makes one of kLanes,
//   in
//                            the order of elements that suits: that of quad_lane in kernels/quant/quad_order.h
//   pack_quad(a, b, c, d, zero, is_signed)   as pack_four, of four vectors in that order, which gives bytes in theirs
//   store_part<parts, i>(p, bytes)   part i of 2 or 4; store_half<i>(p, bytes, n) the first n bytes of a half
//   shifted<bits>(a)         each integer, taken as unsigned, shifted to the right
//   a & b                    of Ints
//   low_nibbles(a), low_bytes(a)   Vec of the lowest 4 or 8 bits of each integer
//   dot_bytes(sum, a, b)     sum + the products of the four bytes of each lane: unsigned ones of a, signed ones of b
//   kMostByte                up to which bytes of a the last is exact
//   lanes_of_rows(p, n, flip)   Ints as `row` of dot: lane j holds element j of each of the kDot rows p[0], p[1] ...,
//                            exclusive-or `flip`; lanes from n on hold anything, and their elements are not read
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
