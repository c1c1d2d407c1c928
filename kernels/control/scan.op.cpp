// Scan, ai.onnx 8: runs the body once for each slice of its scan inputs. Body: (state..., slices...) -> (state...,
// scanned...). Version 8 does so for each element of a batch, whose sequences lie along axis 1 and may end early; from
// version 9 on there is no batch and each scan input has an axis of its own.
#include <algorithm>

#include "kernels/control/loop_types.h"
#include "kernels/control/scanned.h"
#include "kernels/op.h"
#include "kernels/sequence/values.h"
#include "kernels/shape/shape_input.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

struct Scan {
  int64_t num_scan_inputs = 1;
  std::vector<int64_t> input_axes, output_axes;              ///< empty: 0 for all
  std::vector<int64_t> input_directions, output_directions;  ///< 1: backwards; empty: 0 for all
  bool batched = false;
  size_t states = 0;
};

void prepare(Scan& op, const NodeFacts& facts) {
  const int64_t given = static_cast<int64_t>(facts.inputs) - (op.batched ? 1 : 0);
  const auto fits = [](const std::vector<int64_t>& list, int64_t count) {
    return list.empty() || static_cast<int64_t>(list.size()) == count;
  };
  if (op.num_scan_inputs < 1 || op.num_scan_inputs > given) {
    throw_error(ErrorCode::InvalidModel, {"num_scan_inputs is ", op.num_scan_inputs, " of ", given, " inputs"});
  }
  const int64_t scanned = static_cast<int64_t>(facts.outputs) - (given - op.num_scan_inputs);
  if (scanned < 0 || !fits(op.input_axes, op.num_scan_inputs) || !fits(op.input_directions, op.num_scan_inputs) ||
      !fits(op.output_axes, scanned) || !fits(op.output_directions, scanned)) {
    throw Error(ErrorCode::InvalidModel, "axes or directions do not fit the number of inputs and outputs");
  }
  op.states = static_cast<size_t>(given - op.num_scan_inputs);
}

int64_t pick(const std::vector<int64_t>& list, size_t i) {
  return list.empty() ? 0 : list[i];
}

// The type without the axis, whose size is merged into `length`.
ValueType without_axis(const InferContext& ctx, ValueType type, int64_t axis, std::optional<Dim>& length) {
  if (!type.dims) return type;
  const size_t at = ctx.axis(axis, type.dims->size());
  const Dim size = (*type.dims)[at];
  length = length ? ctx.merge(*length, size, "sizes of what is scanned") : size;
  type.dims->erase(type.dims->begin() + static_cast<ptrdiff_t>(at));
  return type;
}

ValueType with_axis(const InferContext& ctx, ValueType type, int64_t axis, const std::optional<Dim>& length) {
  if (!type.dims) return type;
  const size_t at = ctx.axis(axis, type.dims->size() + 1);
  type.dims->insert(type.dims->begin() + static_cast<ptrdiff_t>(at), length ? *length : ctx.unknown());
  return type;
}

void infer(const Scan& op, InferContext& ctx) {
  const size_t first = op.batched ? 1 : 0;
  std::optional<Dim> batch, length;
  std::vector<ValueType> states, slices;
  for (size_t i = first; i < ctx.inputs(); ++i) {
    const ValueType type = op.batched ? without_axis(ctx, ctx.type(i), 0, batch) : ctx.type(i);
    if (i < first + op.states) {
      states.push_back(type);
    } else {
      slices.push_back(without_axis(ctx, type, pick(op.input_axes, slices.size()), length));
    }
  }
  const LoopTypes types = infer_loop(ctx, {}, std::move(states), slices, 0);
  const auto give = [&](size_t i, const ValueType& type) {
    ctx.set(i, op.batched ? with_axis(ctx, type, 0, batch) : type);
  };
  for (size_t i = 0; i < types.carried.size(); ++i) give(i, types.carried[i]);
  for (size_t i = 0; i < types.scanned.size(); ++i) {
    if (op.states + i >= ctx.outputs()) break;
    give(op.states + i, with_axis(ctx, types.scanned[i], pick(op.output_axes, i), length));
  }
}

// Final states and scan outputs for `length` slices of the scan inputs.
std::vector<Datum> scan(const Scan& op, const Operands& io, std::vector<Datum> states, std::span<const Tensor> inputs,
                        int64_t length) {
  Scanned scanned(io.outputs() - op.states);
  for (int64_t step = 0; step < length; ++step) {
    std::vector<Datum> values = std::move(states);
    for (size_t i = 0; i < inputs.size(); ++i) {
      const size_t axis = normalize_axis(pick(op.input_axes, i), inputs[i].shape().rank());
      const int64_t at = pick(op.input_directions, i) != 0 ? length - 1 - step : step;
      values.emplace_back(part_of(io, inputs[i], axis, at, 1, true));
    }
    values = io.subgraphs().run(0, values);
    if (values.size() < io.outputs()) bad_input("the body has too few outputs");
    scanned.add(std::span(values).subspan(op.states));
    states.assign(values.begin(), values.begin() + static_cast<ptrdiff_t>(op.states));
  }
  std::vector<Datum> results = std::move(states);
  for (size_t k = 0; k < scanned.size(); ++k) {
    const bool reversed = pick(op.output_directions, k) != 0;
    results.emplace_back(scanned.joined(io, k, pick(op.output_axes, k), reversed, op.states + k));
  }
  return results;
}

int64_t common_length(std::span<const Tensor> inputs, const std::vector<int64_t>& axes) {
  int64_t length = -1;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = inputs[i].shape();
    const int64_t size = shape[normalize_axis(pick(axes, i), shape.rank())];
    if (length >= 0 && size != length) {
      throw_error(ErrorCode::InvalidArgument, {"scan inputs have different sizes: ", inputs[0], " and ", inputs[i]});
    }
    length = size;
  }
  return length;
}

void run_cpu(const Scan& op, const Operands& io) {
  std::vector<Datum> states;
  for (size_t i = 0; i < op.states; ++i) states.push_back(io.datum(i));
  std::vector<Tensor> inputs;
  for (size_t i = op.states; i < io.inputs(); ++i) inputs.push_back(io.in(i));
  const auto results = scan(op, io, std::move(states), inputs, common_length(inputs, op.input_axes));
  for (size_t i = 0; i < io.outputs(); ++i) {
    if (io.wants(i)) io.set(i, owned(results[i]));
  }
}

// Zeros behind the scan outputs of a sequence that ended early, up to `length`.
Tensor padded(const Operands& io, const Tensor& tensor, int64_t length) {
  const int64_t missing = length - tensor.shape()[0];
  if (missing <= 0) return tensor;
  Shape shape = tensor.shape();
  shape[0] = missing;
  Tensor zeros(tensor.dtype(), shape);
  if (zeros.dtype() != DType::String) std::fill_n(static_cast<char*>(zeros.mutable_raw()), zeros.bytes(), char{0});
  const Datum parts[] = {tensor, zeros};
  return join_tensors(io, parts, 0, false);
}

void run_batched(const Scan& op, const Operands& io) {
  std::vector<Tensor> all;
  for (size_t i = 1; i < io.inputs(); ++i) all.push_back(io.in(i));
  const int64_t batch = common_length(all, {});
  std::vector<std::vector<Datum>> results(io.outputs());
  if (io.has(0)) check_integers(io.in(0), batch, "sequence_lens");
  for (int64_t b = 0; b < batch; ++b) {
    std::vector<Datum> states;
    std::vector<Tensor> inputs;
    for (size_t i = 0; i < all.size(); ++i) {
      Tensor part = part_of(io, all[i], 0, b, 1, true);
      if (i < op.states) {
        states.emplace_back(std::move(part));
      } else {
        inputs.push_back(std::move(part));
      }
    }
    const int64_t longest = common_length(inputs, {});
    const int64_t length = io.has(0) ? integer_at(io.in(0), b) : longest;
    if (length < 0 || length > longest) {
      throw_error(ErrorCode::InvalidArgument, {"sequence_lens has ", length, ", beyond the ", longest, " steps"});
    }
    const auto outputs = scan(op, io, std::move(states), inputs, length);
    for (size_t i = 0; i < outputs.size(); ++i) {
      results[i].emplace_back(i < op.states ? outputs[i].tensor : padded(io, outputs[i].tensor, longest));
    }
  }
  for (size_t i = 0; i < io.outputs(); ++i) {
    if (io.wants(i)) io.set(i, join_tensors(io, results[i], 0, true));
  }
}

OpBuilder<Scan> scan_op(bool batched) {
  Scan prototype;
  prototype.batched = batched;
  return op<Scan>(prototype)
      .required("num_scan_inputs", &Scan::num_scan_inputs)
      .subgraph("body")
      .prepare<prepare>()
      .infer<infer>()
      .data_dependent();
}

}  // namespace

MICA_OP(Scan, 9) {
  return scan_op(false)
      .variadic_input("initial_state_and_scan_inputs")
      .variadic_output("final_state_and_scan_outputs")
      .attribute("scan_input_axes", &Scan::input_axes)
      .attribute("scan_output_axes", &Scan::output_axes)
      .attribute("scan_input_directions", &Scan::input_directions)
      .attribute("scan_output_directions", &Scan::output_directions)
      .cpu<run_cpu>();
}

MICA_OP(Scan, 8) {
  return scan_op(true)
      .optional_input("sequence_lens", types::int64)
      .variadic_input("initial_state_and_scan_inputs")
      .variadic_output("final_state_and_scan_outputs")
      .attribute("directions", &Scan::input_directions)
      .cpu<run_batched>();
}

}  // namespace mica
