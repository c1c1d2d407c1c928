// Quantised operators give the same whether their weights are constants, which are packed ahead, or inputs.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/api/model_from_text.h"

namespace mica {
namespace {

struct Case {
  std::string name, graph;  // WEIGHT stands for the constant, or for its name
  DType x_dtype;
  Shape x;
  std::string weight;  // type and shape
};

const std::vector<Case> kCases = {
    {"MatMulInteger", "MatMulInteger(x, WEIGHT, uint8[1] [7], int8[1] [3])", DType::U8, {3, 4, 5}, "int8[5,40]"},
    {"batched MatMulInteger", "MatMulInteger(x, WEIGHT)", DType::U8, {2, 4, 5}, "uint8[2,5,3]"},
    {"QGemm",
     "com.microsoft.QGemm(x, float[] 0.5, uint8[] 7, WEIGHT, float[] 0.25, int8[] 3, _, _, _) {transB=1}",
     DType::U8,
     {4, 5},
     "int8[21,5]"},
    {"DynamicQuantizeMatMul",
     "com.microsoft.DynamicQuantizeMatMul(x, WEIGHT, float[] 0.5, _, _)",
     DType::F32,
     {2, 3, 5},
     "int8[5,7]"},
    {"ConvInteger",
     "ConvInteger(x, WEIGHT, uint8[] 7, int8[] 3) {pads=[1,1,1,1]}",
     DType::U8,
     {1, 2, 5, 4},
     "int8[3,2,3,3]"},
};

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const size_t at = text.find(what);
  return text.replace(at, what.size(), with);
}

// Bytes 1, 3, 5 ... or floats of the same numbers.
Tensor numbers(DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    const uint8_t number = static_cast<uint8_t>(2 * i + 1);
    if (dtype == DType::F32) {
      tensor.mutable_data<float>()[i] = static_cast<float>(number) - 90;
    } else {
      tensor.mutable_data<uint8_t>()[i] = number;
    }
  }
  return tensor;
}

TEST(PackedWeights, GiveTheSameAsInputs) {
  for (const Case& c : kCases) {
    std::string dims = c.x.str();
    const std::string x = std::string(name(c.x_dtype)) + dims;
    const size_t bracket = c.weight.find('[');
    const DType w_dtype = *dtype_from_name(c.weight.substr(0, bracket));
    Shape w_shape;
    for (size_t at = bracket + 1; at < c.weight.size();) {
      size_t length = 0;
      w_shape.push_back(std::stoll(c.weight.substr(at), &length));
      at += length + 1;
    }
    const Tensor w = numbers(w_dtype, w_shape);
    std::string elements = " [";
    for (int64_t i = 0; i < w.elements(); ++i) {
      const uint8_t byte = w.data<uint8_t>()[i];
      elements += (i > 0 ? "," : "") + std::to_string(w_dtype == DType::I8 ? static_cast<int8_t>(byte) : byte);
    }
    const std::string constant = "graph g(x: " + x + ") -> (y) opset 21, com.microsoft 1 {\n  w: " + c.weight + " =" +
                                 elements + "]\n  y = " + replaced(c.graph, "WEIGHT", "w") + "\n}";
    const std::string input = "graph g(x: " + x + ", w: " + c.weight +
                              ") -> (y) opset 21, com.microsoft 1 {\n  y = " + replaced(c.graph, "WEIGHT", "w") + "\n}";
    const Tensor data = numbers(c.x_dtype, c.x);
    Session packed = model_from_text(constant).compile({.threads = 1});
    Session plain = model_from_text(input).compile({.threads = 1});
    const Tensor expected = plain.run({{"x", data}, {"w", w}})["y"].clone();
    for (int run = 0; run < 2; ++run) {
      const Tensor got = packed.run({{"x", data}})["y"];
      ASSERT_EQ(got.shape(), expected.shape()) << c.name;
      EXPECT_EQ(std::memcmp(got.raw(), expected.raw(), expected.bytes()), 0) << c.name;
    }
  }
}

}  // namespace
}  // namespace mica
