#include "kernels/ml/maps.h"

#include "kernels/shape/moves.h"

namespace mica {

const Tensor& map_keys(const Datum& map) {
  if (map.kind != Datum::Kind::Map || map.items.size() != 2) bad_input("the input is " + map.str() + ", not a map");
  return map.items[0].tensor;
}

Tensor map_values(const Datum& map) {
  const int64_t count = map_keys(map).elements();
  const Datum& values = map.items[1];
  if (values.is_tensor()) {
    if (values.tensor.elements() != count) bad_input("the map has values " + values.str());
    return values.tensor.reshaped({count});
  }
  const DType dtype = values.items.empty() ? DType::F32 : values.items[0].tensor.dtype();
  Tensor result(dtype, {count});
  const ElementMoves& moves = moves_of(dtype);
  for (size_t i = 0; i < values.items.size(); ++i) {
    const Datum& item = values.items[i];
    if (!item.is_tensor() || item.tensor.dtype() != dtype || item.tensor.elements() != 1 || is_sub_byte(dtype)) {
      bad_input("the map has a value " + item.str());
    }
    moves.copy(item.tensor.raw(), 1, moves.at(result.mutable_raw(), static_cast<int64_t>(i)));
  }
  return result;
}

}  // namespace mica
