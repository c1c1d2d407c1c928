// Operators of kernels/shape beyond what the ONNX backend tests cover: symbolic dims, contents, old versions, packed
// elements, empty tensors. Expected values are numpy's, or worked out by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "tests/unit/infer_op.h"
#include "tests/unit/message_of.h"

namespace mica {
namespace {

using Ints = std::vector<int64_t>;
constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();
const Dim kBatch = Dim::symbol("batch");
const Dim kSeq = Dim::symbol("seq");

Tensor vector_of(const Ints& values) {
  return Tensor::of<int64_t>({static_cast<int64_t>(values.size())}, std::span<const int64_t>(values));
}

Tensor iota(const Shape& shape) {
  Tensor tensor(DType::F32, shape);
  for (int64_t i = 0; i < tensor.elements(); ++i) tensor.mutable_data<float>()[i] = static_cast<float>(i);
  return tensor;
}

template <class T>
std::vector<T> values(const Datum& datum) {
  const auto span = datum.tensor.as<T>();
  return {span.begin(), span.end()};
}

// The dims of data[start:end:step] along the only axis.
Dim sliced(const Dim& dim, const Dim& start, const Dim& end, const Dim& step = 1) {
  const auto y = infer_op({"Slice"}, {tensor_input(DType::F32, {dim}), vector_input({start}), vector_input({end}),
                                      vector_input({0}), vector_input({step})});
  return y[0].type.dims->front();
}

TEST(Slice, KnowsSizesAsExpressions) {
  EXPECT_EQ(sliced(kSeq, 0, kInt64Max), kSeq);
  EXPECT_EQ(sliced(kSeq, 0, kSeq), kSeq);
  EXPECT_EQ(sliced(kSeq + 1, -1, kInt64Max), Dim(1));
  EXPECT_EQ(sliced(kSeq, -1, kInt64Max), min(kSeq, 1));
  EXPECT_EQ(sliced(kSeq, 1, kInt64Max), max(kSeq - 1, 0));
  EXPECT_EQ(sliced(kSeq, 0, -1), max(kSeq - 1, 0));
  EXPECT_EQ(sliced(kSeq, 0, 5), min(kSeq, 5));
  EXPECT_EQ(sliced(kSeq, 0, kInt64Max, 2), ceil_div(kSeq, 2));
  EXPECT_EQ(sliced(kSeq, -1, -kInt64Max, -1), kSeq);
  EXPECT_EQ(sliced(kBatch + kSeq, 0, kSeq), kSeq);
}

TEST(Slice, AgreesWithTheElementsItTakes) {
  // Every bound and step of a short axis, symbolically evaluated, against what the kernel takes.
  const Dim d = Dim::symbol("d");
  for (int64_t size = 0; size <= 4; ++size) {
    for (int64_t start = -6; start <= 6; ++start) {
      for (int64_t end = -6; end <= 6; ++end) {
        for (const int64_t step : {1, 2, 3, -1, -2}) {
          const auto y = run_op(
              {"Slice"}, {iota({size}), vector_of({start}), vector_of({end}), vector_of({0}), vector_of({step})});
          std::vector<float> expected;
          const int64_t low = step > 0 ? 0 : -1;
          const auto place = [&](int64_t i) { return std::clamp(i < 0 ? i + size : i, low, low + size); };
          for (int64_t i = place(start); step > 0 ? i < place(end) : i > place(end); i += step) {
            expected.push_back(static_cast<float>(i));
          }
          ASSERT_EQ(values<float>(y[0]), expected) << size << " [" << start << ":" << end << ":" << step << "]";
          const Dim symbolic = sliced(d, start, end, step);
          const auto evaluated = evaluate(symbolic, {{"d", size}});
          if (evaluated) {
            ASSERT_EQ(*evaluated, y[0].tensor.elements())
                << symbolic.str() << " for d = " << size << " [" << start << ":" << end << ":" << step << "]";
          }
        }
      }
    }
  }
}

TEST(Slice, RefusesStepZero) {
  EXPECT_EQ(message_of([] {
              run_op({"Slice"}, {iota({3}), vector_of({0}), vector_of({2}), vector_of({0}), vector_of({0})});
            }),
            "Slice: step is 0");
}

TEST(Slice, TakesExtremeBounds) {
  const int64_t least = std::numeric_limits<int64_t>::min();
  const auto back =
      run_op({"Slice"}, {iota({3}), vector_of({kInt64Max}), vector_of({least}), vector_of({0}), vector_of({least})});
  EXPECT_EQ(values<float>(back[0]), (std::vector<float>{2}));
  const auto old =
      run_op({"Slice", 1, {{"starts", Ints{1}}, {"ends", Ints{kInt64Max}}, {"axes", Ints{-1}}}}, {iota({2, 2})});
  EXPECT_EQ(values<float>(old[0]), (std::vector<float>{1, 3}));
}

TEST(Reshape, SolvesForTheRest) {
  const auto heads =
      infer_op({"Reshape"}, {tensor_input(DType::F32, {kBatch, kSeq, 768}), vector_input({kBatch, -1, 12, 64})});
  EXPECT_EQ(str(*heads[0].type.dims), str({kBatch, kSeq, 12, 64}));
  const auto zeros = infer_op({"Reshape"}, {tensor_input(DType::F32, {kBatch, kSeq, 768}), vector_input({0, 0, -1})});
  EXPECT_EQ(str(*zeros[0].type.dims), str({kBatch, kSeq, 768}));
}

TEST(Reshape, NamesBothShapes) {
  EXPECT_EQ(message_of([] {
              run_op({"Reshape"}, {iota({2, 3}), vector_of({4, 2})});
            }),
            "Reshape: cannot reshape [2,3] to [4,2]: 6 and 8 elements");
  EXPECT_EQ(message_of([] {
              run_op({"Reshape"}, {iota({2, 3}), vector_of({-1, 4})});
            }),
            "Reshape: cannot reshape [2,3] to [1,4] with -1 as a factor");
  EXPECT_EQ(message_of([] {
              run_op({"Reshape"}, {iota({2, 3}), vector_of({-1, -1})});
            }),
            "Reshape: the new shape [-1,-1] has more than one -1");
}

TEST(Reshape, Version1TakesAnAttribute) {
  const auto y = run_op({"Reshape", 1, {{"shape", Ints{3, -1}}}}, {iota({2, 3})});
  EXPECT_EQ(y[0].tensor.shape(), (Shape{3, 2}));
}

TEST(Transpose, PacksSubByteElements) {
  // [[1,2,3],[4,5,6]] as int4, the first element in the low bits.
  const uint8_t packed[] = {0x21, 0x43, 0x65};
  const auto y = run_op({"Transpose"}, {Tensor::over(DType::U4, {2, 3}, packed, nullptr)});
  const uint8_t* bytes = y[0].tensor.data<uint8_t>();
  EXPECT_EQ((std::vector<int>{bytes[0], bytes[1], bytes[2]}), (std::vector<int>{0x41, 0x52, 0x63}));
}

TEST(Transpose, MatricesOfEveryForm) {
  for (const int64_t rows : {1, 2, 3, 4, 5, 16, 33, 3000}) {
    for (const int64_t columns : {1, 2, 3, 4, 7, 18, 64, 2800}) {
      if (rows * columns > 300 * 1000) continue;
      const auto y = run_op({"Transpose", 13, {{"perm", Ints{0, 2, 1}}}}, {iota({2, rows, columns})});
      for (int64_t i = 0; i < 2 * rows * columns; ++i) {
        const int64_t batch = i / (rows * columns), row = i / columns % rows, column = i % columns;
        ASSERT_EQ(y[0].tensor.data<float>()[(batch * columns + column) * rows + row], static_cast<float>(i))
            << rows << " x " << columns;
      }
    }
  }
}

TEST(Transpose, EveryPermutationOfFourAxes) {
  const Shape shape{3, 40, 5, 34};
  const auto strides = shape.strides();
  const Tensor x = iota(shape);
  Ints perm{0, 1, 2, 3};
  do {
    const auto y = run_op({"Transpose", 13, {{"perm", perm}}}, {x});
    const Tensor& t = y[0].tensor;
    int64_t i = 0;
    for (int64_t a = 0; a < t.shape()[0]; ++a)
      for (int64_t b = 0; b < t.shape()[1]; ++b)
        for (int64_t c = 0; c < t.shape()[2]; ++c)
          for (int64_t d = 0; d < t.shape()[3]; ++d, ++i) {
            const int64_t index[] = {a, b, c, d};
            int64_t from = 0;
            for (size_t k = 0; k < 4; ++k) from += index[k] * strides[static_cast<size_t>(perm[k])];
            ASSERT_EQ(t.data<float>()[i], static_cast<float>(from));
          }
  } while (std::next_permutation(perm.begin(), perm.end()));
}

TEST(Transpose, RefusesWhatIsNoPermutation) {
  EXPECT_EQ(message_of([] {
              run_op({"Transpose", 13, {{"perm", Ints{0, 0}}}}, {iota({2, 3})});
            }),
            "attribute \"perm\" is no permutation of the axes: [0,0]");
}

TEST(Shape, ChainsOfContentsStaySymbolic) {
  const auto shape = infer_op({"Shape"}, {tensor_input(DType::F32, {kBatch, kSeq, 64})});
  EXPECT_EQ(str(*shape[0].contents), str({kBatch, kSeq, 64}));
  KnownInput index{ValueType::tensor(DType::I64, Dims{}), Dims{1}};
  const auto one = infer_op({"Gather"}, {{shape[0].type, shape[0].contents}, index});
  EXPECT_EQ(str(*one[0].contents), str({kSeq}));
  EXPECT_EQ(one[0].type.dims->size(), 0u);
  const auto vector = infer_op({"Unsqueeze"}, {{one[0].type, one[0].contents}, vector_input({0})});
  const auto filled = infer_op({"ConstantOfShape"}, {{vector[0].type, vector[0].contents}});
  EXPECT_EQ(str(*filled[0].type.dims), str({kSeq}));
}

TEST(Range, KnowsItsLength) {
  const auto scalar = [](const Dim& dim) { return KnownInput{ValueType::tensor(DType::I64, Dims{}), Dims{dim}}; };
  const auto y = infer_op({"Range"}, {scalar(0), scalar(kSeq), scalar(1)});
  EXPECT_EQ(str(*y[0].type.dims), str({kSeq}));
  const auto shifted = infer_op({"Range"}, {scalar(kBatch), scalar(kBatch + kSeq), scalar(1)});
  EXPECT_EQ(str(*shifted[0].type.dims), str({kSeq}));
  EXPECT_EQ(message_of([&] { infer_op({"Range"}, {scalar(0), scalar(5), scalar(0)}); }), "delta is 0");
}

TEST(Pad, ChainOfTheExporter) {
  // Slice [::-1] and Transpose of pads as PyTorch writes them: contents go through both.
  const Dims pads{1, 2, 3, kSeq};
  const KnownInput rows{ValueType::tensor(DType::I64, Dims{2, 2}), pads};
  const auto back = infer_op(
      {"Slice"}, {rows, vector_input({-1}), vector_input({-kInt64Max}), vector_input({0}), vector_input({-1})});
  EXPECT_EQ(str(*back[0].contents), str({3, kSeq, 1, 2}));
  const auto turned = infer_op({"Transpose"}, {{back[0].type, back[0].contents}});
  EXPECT_EQ(str(*turned[0].contents), str({3, 1, kSeq, 2}));
  const auto padded = infer_op({"Pad"}, {tensor_input(DType::F32, {kBatch, 4}), vector_input(*turned[0].contents)});
  EXPECT_EQ(str(*padded[0].type.dims), str({kBatch + 3 + kSeq, 7}));
}

TEST(Pad, TakesAwayAndReflects) {
  const auto cut = run_op({"Pad"}, {iota({5}), vector_of({-1, 2})});
  EXPECT_EQ(values<float>(cut[0]), (std::vector<float>{1, 2, 3, 4, 0, 0}));
  // numpy.pad([0, 1, 2], (4, 5), "reflect")
  const auto reflected = run_op({"Pad", 19, {{"mode", "reflect"}}}, {iota({3}), vector_of({4, 5})});
  EXPECT_EQ(values<float>(reflected[0]), (std::vector<float>{0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1}));
  const auto old = run_op({"Pad", 2, {{"pads", Ints{1, 0}}, {"value", 7.0f}}}, {iota({2})});
  EXPECT_EQ(values<float>(old[0]), (std::vector<float>{7, 0, 1}));
  EXPECT_EQ(message_of([] {
              run_op({"Pad"}, {iota({2}), vector_of({-2, -1})});
            }),
            "Pad: pads -2 and -1 take more than the 2 elements there are");
  EXPECT_EQ(message_of([] {
              run_op({"Pad", 19, {{"mode", "edge"}}}, {iota({0}), vector_of({1, 0})});
            }),
            "Pad: cannot pad nothing by edge");
}

TEST(Split, LastPartMayBeSmaller) {
  const auto parts = run_op({"Split", 18, {{"num_outputs", int64_t{3}}}, 3}, {iota({7})});
  EXPECT_EQ(values<float>(parts[2]), (std::vector<float>{6}));
  const auto symbolic = infer_op({"Split", 18, {{"num_outputs", int64_t{2}}, {"axis", int64_t{-1}}}, 2},
                                 {tensor_input(DType::F32, {kBatch, kSeq * 2})});
  EXPECT_EQ(str(*symbolic[1].type.dims), str({kBatch, kSeq}));
  EXPECT_EQ(message_of([] {
              run_op({"Split", 13, {}, 2}, {iota({5}), vector_of({2, 2})});
            }),
            "Split: split [2,2] adds up to 4, the axis has 5");
}

TEST(Squeeze, WithoutAxesKeepsUnknownRank) {
  const auto y = infer_op({"Squeeze"}, {tensor_input(DType::F32, {1, kSeq})});
  EXPECT_FALSE(y[0].type.dims);
  EXPECT_EQ(message_of([] {
              run_op({"Squeeze"}, {iota({2, 1}), vector_of({0})});
            }),
            "Squeeze: cannot squeeze axis 0 of [2,1]: its size is not 1");
}

TEST(Shapes, EmptyTensors) {
  EXPECT_EQ(run_op({"Transpose"}, {iota({0, 3})})[0].tensor.shape(), (Shape{3, 0}));
  EXPECT_EQ(run_op({"Tile"}, {iota({2}), vector_of({0})})[0].tensor.shape(), (Shape{0}));
  EXPECT_EQ(run_op({"Expand"}, {iota({1}), vector_of({0, 1})})[0].tensor.shape(), (Shape{0, 1}));
  EXPECT_EQ(run_op({"Gather"}, {iota({2, 0}), vector_of({1})})[0].tensor.shape(), (Shape{1, 0}));
  EXPECT_EQ(run_op({"Concat", 13, {{"axis", int64_t{0}}}}, {iota({0}), iota({2})})[0].tensor.shape(), (Shape{2}));
}

// Known elements are not followed into a tensor whose number of elements overflows, here to 0.
TEST(Shapes, MoreElementsThanThereAreNumbers) {
  const Dim large = int64_t{1} << 32;
  EXPECT_FALSE(infer_op({"Expand"}, {vector_input({5}), vector_input({large, large})})[0].contents);
  EXPECT_FALSE(
      infer_op({"Tile"}, {{ValueType::tensor(DType::I64, Dims{1, 1}), Dims{5}}, vector_input({large, large})})[0]
          .contents);
}

}  // namespace
}  // namespace mica
