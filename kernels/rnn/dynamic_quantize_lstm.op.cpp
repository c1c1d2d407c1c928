// DynamicQuantizeLSTM, com.microsoft 1:  LSTM with weights W [directions, inputs, 4 hidden] and R [directions, hidden,
// 4 hidden] of 8-bit integers, which scales and zero points, one for each direction or for each of its columns, make
// floats. Other runtimes quantise what the weights are multiplied with as well; Mica computes with floats.
#include <array>

#include "kernels/quant/parameters.h"
#include "kernels/rnn/lstm.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

enum Input : size_t { kW = 1, kR = 2, kLstmInputs = 8, kWScale = 8, kWZero, kRScale, kRZero };

/// As the LSTM wants them: W [directions, 4 hidden, inputs] and R [directions, 4 hidden, hidden].
struct FloatWeights {
  Tensor w, r;
  std::shared_ptr<const PackedRecurrent> packed;
};

Shape transposed(const Tensor& weights) {
  const Shape& shape = weights.shape();
  if (shape.rank() != 3) throw_error(ErrorCode::InvalidArgument, {"weights ", weights, " need rank 3"});
  return {shape[0], shape[2], shape[1]};
}

void dequantize(const Tensor& weights, const Tensor& scale, const Tensor& zero, Tensor& to) {
  const auto [directions, columns, rows] = std::array{to.shape()[0], to.shape()[1], to.shape()[2]};
  const int64_t given = scale.elements();
  if ((given != directions && given != directions * columns) || zero.elements() != given) {
    throw_error(ErrorCode::InvalidArgument,
                {"scale ", scale, " and zero point ", zero, " do not fit weights ", weights});
  }
  const int64_t shared = given == directions ? columns : 1;  // columns that share a scale
  visit_dtype<uint8_t, int8_t>(weights.dtype(),
                               [&, directions = directions, columns = columns, rows = rows]<class T>() {
                                 const T* from = weights.data<T>();
                                 for (int64_t i = 0; i < directions * columns; ++i) {
                                   const int32_t z = zero.data<T>()[i / shared];
                                   const float s = scale.data<float>()[i / shared];
                                   float* row = to.mutable_data<float>() + i * rows;
                                   const T* column = from + i / columns * rows * columns + i % columns;
                                   for (int64_t j = 0; j < rows; ++j)
                                     row[j] = static_cast<float>(column[j * columns] - z) * s;
                                 }
                               });
}

std::shared_ptr<const FloatWeights> prepack(const Lstm&, const ConstantOperands& io) {
  for (const size_t input : {kW, kR, kWScale, kWZero, kRScale, kRZero}) {
    if (io.in(input) == nullptr) return nullptr;
  }
  auto weights = std::make_shared<FloatWeights>(
      FloatWeights{Tensor(DType::F32, transposed(*io.in(kW))), Tensor(DType::F32, transposed(*io.in(kR))), nullptr});
  dequantize(*io.in(kW), *io.in(kWScale), *io.in(kWZero), weights->w);
  dequantize(*io.in(kR), *io.in(kRScale), *io.in(kRZero), weights->r);
  weights->packed = pack_lstm(&weights->w, &weights->r);
  return weights;
}

void infer(const Lstm& op, InferContext& ctx) {
  same_dtype(ctx, kW, kWZero);
  same_dtype(ctx, kR, kRZero);
  std::array<ValueType, kLstmInputs> types;
  std::array<InferContext::Input, kLstmInputs> inputs;
  for (size_t i = 0; i < kLstmInputs; ++i) {
    if (!ctx.has(i)) continue;
    types[i] = ctx.type(i);
    inputs[i].type = &types[i];
    if (i != kW && i != kR) continue;
    types[i].dtype = DType::F32;
    if (types[i].dims && types[i].dims->size() == 3) std::swap((*types[i].dims)[1], (*types[i].dims)[2]);
  }
  std::array<InferContext::Output, 3> outputs;
  InferContext lstm(inputs, outputs, "LSTM");
  infer_recurrent(op, lstm, kLstmGates);
  for (size_t i = 0; i < outputs.size(); ++i) ctx.set(i, outputs[i].type);
}

void run_cpu(const Lstm& op, const Operands& io) {
  const auto floats = [&](size_t input, size_t scale, size_t zero) {
    const Shape shape = transposed(io.in(input));
    Tensor weights = Tensor::view<float>(shape, io.scratch<float>(shape.elements()));
    dequantize(io.in(input), io.in(scale), io.in(zero), weights);
    return weights;
  };
  const FloatWeights* packed = io.packed<FloatWeights>();
  std::array<Datum, kLstmInputs> inputs;
  std::array<Datum, 3> outputs;
  std::array<Datum*, kLstmInputs> given{};
  std::array<Datum*, 3> wanted{};
  for (size_t i = 0; i < kLstmInputs; ++i) {
    if (!io.has(i)) continue;
    if (i != kW && i != kR) inputs[i] = io.in(i);
    given[i] = &inputs[i];
  }
  inputs[kW] = packed != nullptr ? packed->w : floats(kW, kWScale, kWZero);
  inputs[kR] = packed != nullptr ? packed->r : floats(kR, kRScale, kRZero);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!io.wants(i)) continue;
    outputs[i] = io.out(i);
    wanted[i] = &outputs[i];
  }
  run_lstm(op, Operands(given, wanted, packed != nullptr ? packed->packed.get() : nullptr, io.context()));
}

}  // namespace

MICA_OP(DynamicQuantizeLSTM, 1, com_microsoft) {
  return recurrent_attributes<Lstm>()
      .input("X", types::f32)
      .input("W", kByteTypes)
      .input("R", kByteTypes)
      .optional_input("B", types::f32)
      .optional_input("sequence_lens", DTypeSet{DType::I32})
      .optional_input("initial_h", types::f32)
      .optional_input("initial_c", types::f32)
      .optional_input("P", types::f32)
      .input("W_scale", types::f32)
      .input("W_zero_point", kByteTypes)
      .input("R_scale", types::f32)
      .input("R_zero_point", kByteTypes)
      .optional_output("Y")
      .optional_output("Y_h")
      .optional_output("Y_c")
      .attribute("input_forget", &Lstm::input_forget)
      .prepare<prepare_lstm>()
      .infer<infer>()
      .flops<recurrent_flops>()
      .cpu<run_cpu>()
      .prepack<prepack>();
}

}  // namespace mica
