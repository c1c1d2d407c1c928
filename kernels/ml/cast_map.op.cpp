// CastMap, ai.onnx.ml 1: the values of a map with integer keys as a tensor [1, n]: in the order of the keys (DENSE), or
// each in the place of its key among max_map, with zeros or empty strings between (SPARSE).
#include <algorithm>
#include <charconv>
#include <cmath>

#include "kernels/ml/maps.h"
#include "kernels/op.h"
#include "kernels/reduce/stable_order.h"

namespace mica {
namespace {

struct CastMap {
  std::string cast_to = "TO_FLOAT", form = "DENSE";
  int64_t max_map = 1;
  DType dtype = DType::F32;
  bool sparse = false;
};

void prepare(CastMap& op, const NodeFacts&) {
  op.sparse = op.form == "SPARSE";
  op.dtype = op.cast_to == "TO_STRING" ? DType::String : op.cast_to == "TO_INT64" ? DType::I64 : DType::F32;
  if ((!op.sparse && op.form != "DENSE") || (op.dtype == DType::F32 && op.cast_to != "TO_FLOAT")) {
    throw Error(ErrorCode::InvalidModel, "map_form \"" + op.form + "\" or cast_to \"" + op.cast_to + "\" is unknown");
  }
  if (op.sparse && op.max_map < 1) throw Error(ErrorCode::InvalidModel, "max_map is " + std::to_string(op.max_map));
}

void infer(const CastMap& op, InferContext& ctx) {
  ctx.set(0, op.dtype, Dims{1, op.sparse ? Dim(op.max_map) : ctx.unknown()});
}

template <class To, class From>
To convert(const From& value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (std::is_same_v<To, std::string>) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof(text), value).ptr};
  } else if constexpr (std::is_same_v<From, std::string>) {
    To result{};
    const char* end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, result);
    if (error != std::errc() || rest != end) bad_input("\"" + value + "\" is not a number");
    return result;
  } else {
    if (!(std::abs(value) < 0x1p63f)) bad_input("a value is out of the range of int64");
    return static_cast<To>(value);
  }
}

void run_cpu(const CastMap& op, const Operands& io) {
  const Tensor& keys = map_keys(io.datum(0));
  const Tensor values = map_values(io.datum(0));
  if (keys.dtype() != DType::I64) bad_input("the keys of the map are " + keys.str());
  const int64_t count = keys.elements();
  const int64_t* key = keys.data<int64_t>();
  const auto order = stable_order(count, [key](int64_t a, int64_t b) { return key[a] < key[b]; });
  Tensor& y = io.allocate(0, op.dtype, {1, op.sparse ? op.max_map : count});
  visit_dtype<float, int64_t, std::string>(op.dtype, [&]<class To>() {
    if (op.sparse) std::fill_n(y.mutable_data<To>(), op.max_map, To{});
    const bool known = visit_dtype<float, std::string>(values.dtype(), [&]<class From>() {
      for (int64_t i = 0; i < count; ++i) {
        const int64_t from = order[static_cast<size_t>(i)], place = op.sparse ? key[from] : i;
        if (place < 0 || place >= y.elements()) bad_input("key " + std::to_string(place) + " is out of range");
        y.mutable_data<To>()[place] = convert<To>(values.data<From>()[from]);
      }
    });
    if (!known) bad_input("the values of the map are " + values.str());
  });
}

}  // namespace

MICA_OP(CastMap, 1, ai_onnx_ml) {
  return op<CastMap>()
      .input("X")
      .output("Y")
      .attribute("cast_to", &CastMap::cast_to)
      .attribute("map_form", &CastMap::form)
      .attribute("max_map", &CastMap::max_map)
      .prepare<prepare>()
      .infer<infer>()
      .data_dependent()
      .cpu<run_cpu>();
}

}  // namespace mica
