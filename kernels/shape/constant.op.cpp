// Constant, ai.onnx 1: the tensor that an attribute gives. From version 12 on numbers and strings can stand for it.
#include "kernels/op.h"
#include "kernels/shape/copy.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

struct Constant {
  std::optional<Tensor> value, sparse_value;
  std::optional<float> value_float;
  std::optional<int64_t> value_int;
  std::optional<std::string> value_string;
  std::optional<std::vector<float>> value_floats;
  std::optional<std::vector<int64_t>> value_ints;
  std::optional<std::vector<std::string>> value_strings;
};

template <class T>
Tensor vector_of(const std::vector<T>& values) {
  return Tensor::of<T>({static_cast<int64_t>(values.size())}, std::span<const T>(values));
}

void prepare(Constant& op, const NodeFacts&) {
  std::vector<Tensor> given;
  if (op.value) given.push_back(*op.value);
  if (op.sparse_value) given.push_back(*op.sparse_value);
  if (op.value_float) given.push_back(Tensor::scalar(*op.value_float));
  if (op.value_int) given.push_back(Tensor::scalar(*op.value_int));
  if (op.value_string) given.push_back(Tensor::scalar(*op.value_string));
  if (op.value_floats) given.push_back(vector_of(*op.value_floats));
  if (op.value_ints) given.push_back(vector_of(*op.value_ints));
  if (op.value_strings) given.push_back(vector_of(*op.value_strings));
  if (given.size() != 1 || !given[0].defined()) {
    throw Error(ErrorCode::InvalidModel,
                "must have one attribute that gives the value, not " + std::to_string(given.size()));
  }
  op.value = given[0];
}

void infer(const Constant& op, InferContext& ctx) {
  ctx.set(0, op.value->dtype(), to_dims(op.value->shape()));
  if (auto contents = contents_of(*op.value)) ctx.set_contents(0, std::move(*contents));
}

void run_cpu(const Constant& op, const Operands& io) {
  copy_elements(*op.value, io.out(0));
}

OpBuilder<Constant> constant() {
  return op<Constant>()
      .output("output")
      .attribute("value", &Constant::value)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(Constant, 12) {
  return constant()
      .attribute("sparse_value", &Constant::sparse_value)
      .attribute("value_float", &Constant::value_float)
      .attribute("value_int", &Constant::value_int)
      .attribute("value_string", &Constant::value_string)
      .attribute("value_floats", &Constant::value_floats)
      .attribute("value_ints", &Constant::value_ints)
      .attribute("value_strings", &Constant::value_strings);
}

MICA_OP(Constant, 11) {
  return constant().attribute("sparse_value", &Constant::sparse_value);
}

MICA_OP(Constant, 1) {
  return constant();
}

}  // namespace mica
