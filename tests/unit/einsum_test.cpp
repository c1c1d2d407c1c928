// Einsum of two operands, which becomes products of matrices read in place, against the nested loops that three
// operands take: the third is a one.
#include <gtest/gtest.h>

#include "tests/unit/run_op.h"

namespace mica {
namespace {

Tensor numbers(const Shape& shape, int64_t seed) {
  Tensor tensor(DType::F32, shape);
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    tensor.mutable_data<float>()[i] = static_cast<float>((i * 7 + seed) % 11 - 5);  // sums are exact
  }
  return tensor;
}

Tensor einsum(const std::string& equation, const std::vector<Tensor>& inputs) {
  OpCall call{"Einsum", 12};
  call.attributes.emplace("equation", equation);
  return run_op(call, inputs)[0].tensor;
}

struct Case {
  const char *left, *right, *output;
  Shape a, b;
};

TEST(Einsum, PairsAgreeWithNestedLoops) {
  const Case cases[] = {
      {"ij", "jk", "ik", {5, 7}, {7, 19}},
      {"ij", "jk", "ki", {5, 7}, {7, 19}},
      {"ij", "kj", "ik", {5, 7}, {19, 7}},
      {"ji", "jk", "ik", {7, 5}, {7, 19}},
      {"bhqd", "bhkd", "bhqk", {2, 3, 5, 4}, {2, 3, 6, 4}},
      {"bqhd", "bkhd", "bhqk", {2, 5, 3, 4}, {2, 6, 3, 4}},
      {"bhqk", "bkhd", "bqhd", {2, 3, 5, 6}, {2, 6, 3, 4}},
      {"abc", "cbd", "da", {3, 4, 5}, {5, 4, 6}},
      {"abcd", "dcef", "abef", {2, 3, 4, 5}, {5, 4, 2, 3}},
      {"acbd", "cdef", "abef", {2, 4, 3, 5}, {4, 5, 2, 3}},
      {"abij", "abjk", "iakb", {2, 3, 4, 5}, {2, 3, 5, 6}},
      {"i", "i", "", {9}, {9}},
      {"i", "j", "ij", {4}, {5}},
      {"ij", "j", "i", {40, 9}, {9}},
      {"ii", "ij", "j", {5, 5}, {5, 3}},
      {"aij", "ajk", "aik", {1, 3, 4}, {6, 4, 5}},
      {"ij", "jk", "ik", {3, 0}, {0, 4}},
      {"ij", "jk", "ik", {0, 3}, {3, 4}},
  };
  for (const Case& x : cases) {
    const std::string pair = std::string(x.left) + "," + x.right, output = std::string("->") + x.output;
    const Tensor a = numbers(x.a, 1), b = numbers(x.b, 4);
    const Tensor y = einsum(pair + output, {a, b});
    const Tensor wanted = einsum(pair + "," + output, {a, b, Tensor::scalar(1.0f)});
    ASSERT_EQ(y.shape(), wanted.shape()) << pair << output;
    for (int64_t i = 0; i < y.elements(); ++i) {
      ASSERT_EQ(y.data<float>()[i], wanted.data<float>()[i]) << pair << output << " at " << i;
    }
  }
}

}  // namespace
}  // namespace mica
