// CategoryMapper, ai.onnx.ml 1: strings become integers, or integers strings, by two lists of equal length; what is in
// neither becomes the default of the output's type. The last one of equal entries counts.
#include "kernels/ml/sorted_keys.h"
#include "kernels/op.h"

namespace mica {
namespace {

struct CategoryMapper {
  std::vector<int64_t> ints;
  std::vector<std::string> strings;
  int64_t default_int = -1;
  std::string default_string = "_Unused";
  SortedNumbers sorted_ints;
  SortedStrings sorted_strings;
};

void prepare(CategoryMapper& op, const NodeFacts&) {
  if (op.ints.size() != op.strings.size()) {
    throw Error(ErrorCode::InvalidModel, "cats_int64s and cats_strings have different lengths");
  }
  op.sorted_ints = sorted_integers(op.ints);
  op.sorted_strings = SortedStrings(op.strings);
}

void infer(const CategoryMapper&, InferContext& ctx) {
  const DType from = ctx.dtype(0);
  const DType to = from == DType::String ? DType::I64 : from == DType::I64 ? DType::String : DType::Undefined;
  ctx.set(0, to, ctx.type(0).dims);
}

void run_cpu(const CategoryMapper& op, const Operands& io) {
  const Tensor& x = io.in(0);
  Tensor& y = io.out(0);
  for (int64_t i = 0; i < x.elements(); ++i) {
    if (x.dtype() == DType::String) {
      const int64_t place = op.sorted_strings.find(x.data<std::string>()[i]);
      y.mutable_data<int64_t>()[i] = place < 0 ? op.default_int : op.ints[static_cast<size_t>(place)];
    } else {
      const int64_t place = find_integer(op.sorted_ints, x.data<int64_t>()[i]);
      y.mutable_data<std::string>()[i] = place < 0 ? op.default_string : op.strings[static_cast<size_t>(place)];
    }
  }
}

}  // namespace

MICA_OP(CategoryMapper, 1, ai_onnx_ml) {
  return op<CategoryMapper>()
      .input("X", types::string | types::int64)
      .output("Y")
      .attribute("cats_int64s", &CategoryMapper::ints)
      .attribute("cats_strings", &CategoryMapper::strings)
      .attribute("default_int64", &CategoryMapper::default_int)
      .attribute("default_string", &CategoryMapper::default_string)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
