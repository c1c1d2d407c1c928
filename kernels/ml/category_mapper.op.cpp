// CategoryMapper, ai.onnx.ml 1: strings become integers, or integers strings, by two lists of equal length; what is in
// neither becomes the default of the output's type. The last one of equal entries counts.
#include <map>

#include "kernels/op.h"

namespace mica {
namespace {

struct CategoryMapper {
  std::vector<int64_t> ints;
  std::vector<std::string> strings;
  int64_t default_int = -1;
  std::string default_string = "_Unused";
  std::map<int64_t, std::string> to_string;
  std::map<std::string, int64_t> to_int;
};

void prepare(CategoryMapper& op, const NodeFacts&) {
  if (op.ints.size() != op.strings.size()) {
    throw Error(ErrorCode::InvalidModel, "cats_int64s and cats_strings have different lengths");
  }
  for (size_t i = 0; i < op.ints.size(); ++i) {
    op.to_string[op.ints[i]] = op.strings[i];
    op.to_int[op.strings[i]] = op.ints[i];
  }
}

void infer(const CategoryMapper&, InferContext& ctx) {
  const DType from = ctx.dtype(0);
  const DType to = from == DType::String ? DType::I64 : from == DType::I64 ? DType::String : DType::Undefined;
  ctx.set(0, to, ctx.type(0).dims);
}

template <class Map, class Value>
void look_up(const Map& map, const Value& otherwise, const Tensor& x, Tensor& y) {
  for (int64_t i = 0; i < x.elements(); ++i) {
    const auto found = map.find(x.data<typename Map::key_type>()[i]);
    y.mutable_data<Value>()[i] = found == map.end() ? otherwise : found->second;
  }
}

void run_cpu(const CategoryMapper& op, const Operands& io) {
  if (io.in(0).dtype() == DType::String) {
    look_up(op.to_int, op.default_int, io.in(0), io.out(0));
  } else {
    look_up(op.to_string, op.default_string, io.in(0), io.out(0));
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
