// ZipMap, ai.onnx.ml 1: each row of [N,C] or [C] as a map from the C labels to its elements; a sequence of them.
#include "kernels/ml/features.h"
#include "kernels/op.h"

namespace mica {
namespace {

struct ZipMap {
  std::optional<std::vector<int64_t>> ints;
  std::optional<std::vector<std::string>> strings;
  Tensor keys;
};

void prepare(ZipMap& op, const NodeFacts&) {
  if (op.ints && op.ints->empty()) op.ints.reset();
  if (op.strings && op.strings->empty()) op.strings.reset();
  if (op.ints.has_value() == op.strings.has_value()) {
    throw Error(ErrorCode::InvalidModel, "one of classlabels_int64s and classlabels_strings must be given");
  }
  const auto vector_of = [](const auto& list) {
    using T = typename std::decay_t<decltype(list)>::value_type;
    return Tensor::of<T>({static_cast<int64_t>(list.size())}, std::span<const T>(list));
  };
  op.keys = op.ints ? vector_of(*op.ints) : vector_of(*op.strings);
}

void infer(const ZipMap& op, InferContext& ctx) {
  feature_row_count(ctx, 0);
  ctx.set(0, ValueType::sequence(ValueType::map(op.keys.dtype(), ValueType::tensor(DType::F32, Dims{}))));
}

void run_cpu(const ZipMap& op, const Operands& io) {
  const FeatureRows rows(io.in(0));
  if (rows.width != op.keys.elements()) {
    bad_input("there are " + std::to_string(op.keys.elements()) + " labels for the columns of " + io.in(0).str());
  }
  std::vector<Datum> maps;
  for (int64_t row = 0; row < rows.count; ++row) {
    const float* first = io.in(0).data<float>() + row * rows.width;
    Datum map;
    map.kind = Datum::Kind::Map;
    map.items.emplace_back(op.keys);
    map.items.emplace_back(
        Tensor::of<float>({rows.width}, std::span<const float>(first, static_cast<size_t>(rows.width))));
    maps.push_back(std::move(map));
  }
  io.set(0, Datum::sequence(std::move(maps)));
}

}  // namespace

MICA_OP(ZipMap, 1, ai_onnx_ml) {
  return op<ZipMap>()
      .input("X", types::f32)
      .output("Z")
      .attribute("classlabels_int64s", &ZipMap::ints)
      .attribute("classlabels_strings", &ZipMap::strings)
      .prepare<prepare>()
      .infer<infer>()
      .data_dependent()
      .cpu<run_cpu>();
}

}  // namespace mica
