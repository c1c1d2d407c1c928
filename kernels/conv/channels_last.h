// Tensors whose channels are the last axis, [N, spatial..., C], and the dims [N, C, spatial...] that windows are
// described by.
#pragma once

#include "graph/dim.h"
#include "runtime/base/shape.h"

namespace mica {

/// `List` is Dims or Shape, of rank 2 or more.
template <class List>
List channels_first(const List& from) {
  List to = from;
  const size_t rank = static_cast<size_t>(from.end() - from.begin());
  to[1] = from[rank - 1];
  for (size_t i = 2; i < rank; ++i) to[i] = from[i - 1];
  return to;
}
template <class List>
List channels_last(const List& from) {
  List to = from;
  const size_t rank = static_cast<size_t>(from.end() - from.begin());
  to[rank - 1] = from[1];
  for (size_t i = 2; i < rank; ++i) to[i - 1] = from[i];
  return to;
}

}  // namespace mica
