// Einsum, ai.onnx 12: for each index of the output labels, the sum over all other labels of the product of the
// operands. Operands' axes of size 1 broadcast. Two operands become a permuted product of stacks of matrices; any other
// number is summed by nested loops.
#include <algorithm>

#include "kernels/matmul/einsum_pair.h"
#include "kernels/op.h"
#include "kernels/wide_operands.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

struct Einsum {
  std::string equation;
  EinsumEquation parsed;
};

void prepare(Einsum& op, const NodeFacts& facts) {
  op.parsed = parse_einsum(op.equation);
  if (op.parsed.inputs.size() != facts.inputs) {
    throw_error(ErrorCode::InvalidModel, {"equation \"", op.equation, "\" has ", op.parsed.inputs.size(), " terms for ",
                                          facts.inputs, " inputs"});
  }
}

void infer(const Einsum& op, InferContext& ctx) {
  const auto& terms = op.parsed.inputs;
  std::array<std::optional<Dim>, EinsumAxes::kLabels> sizes;
  size_t ellipsis = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    same_dtype(ctx, 0, i);
    if (ctx.dims(i) == nullptr) return ctx.set(0, ctx.dtype(0));
    const Dims& dims = *ctx.dims(i);
    const EinsumAxes axes = einsum_axes(terms[i], dims.size());
    ellipsis = std::max(ellipsis, ellipsis_rank(terms[i], dims.size()));
    for (size_t d = 0; d < dims.size(); ++d) {
      auto& size = sizes[static_cast<size_t>(axes.label[d])];
      size = size ? ctx.broadcast({*size}, {dims[d]})[0] : dims[d];
    }
  }
  Dims dims;
  for (const int label : op.parsed.output) {
    if (label != EinsumEquation::kEllipsis) {
      dims.push_back(*sizes[static_cast<size_t>(label)]);
      continue;
    }
    for (size_t i = ellipsis; i-- > 0;) dims.push_back(*sizes[static_cast<size_t>(EinsumAxes::kEllipsisLabel) + i]);
  }
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

EinsumProblem problem_of(const Einsum& op, const Operands& io) {
  EinsumProblem p;
  p.sizes.fill(1);
  if (io.inputs() > p.strides.size()) bad_input("more than 16 operands");
  size_t ellipsis = 0;
  for (size_t i = 0; i < io.inputs(); ++i) {
    const Shape& shape = io.in(i).shape();
    const EinsumAxes axes = einsum_axes(op.parsed.inputs[i], shape.rank());
    ellipsis = std::max(ellipsis, ellipsis_rank(op.parsed.inputs[i], shape.rank()));
    const auto strides = shape.strides();
    for (size_t d = 0; d < shape.rank(); ++d) {
      const auto label = static_cast<size_t>(axes.label[d]);
      int64_t& size = p.sizes[label];
      if (size != shape[d] && size != 1 && shape[d] != 1) {
        throw_error(ErrorCode::InvalidArgument,
                    {"sizes of a label of \"", op.equation, "\" differ: ", size, " and ", shape[d]});
      }
      if (size == 1) size = shape[d];
      p.used[label] = p.has[i][label] = true;
      if (shape[d] != 1) p.strides[i][label] += strides[d];
    }
  }
  int64_t stride = 1;
  const auto place = [&](int label) {
    p.in_output[static_cast<size_t>(label)] = true;
    p.output_strides[static_cast<size_t>(label)] = stride;
    stride *= p.sizes[static_cast<size_t>(label)];
  };
  for (size_t i = op.parsed.output.size(); i-- > 0;) {
    const int label = op.parsed.output[i];
    if (label != EinsumEquation::kEllipsis) {
      place(label);
      continue;
    }
    for (size_t e = 0; e < ellipsis; ++e) place(EinsumAxes::kEllipsisLabel + static_cast<int>(e));
  }
  if (stride != io.out(0).elements()) throw_error(ErrorCode::InvalidArgument, {"the output has ", io.out(0).shape()});
  return p;
}

template <class T>
void sum_products(const Operands& io, const EinsumProblem& p, const T* const* sources, T* y) {
  const size_t operands = io.inputs();
  const EinsumLoops outer = p.output_loops(), inner = p.summed_loops();
  io.threads().parallel_for(io.out(0).elements(), 64, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      std::array<const T*, 16> at{};
      for (size_t i = 0; i < operands; ++i) at[i] = sources[i] + outer.offset(o, p.sizes, p.strides[i]);
      Sum<T> sum = 0;
      for (int64_t s = 0; s < inner.iterations; ++s) {
        Sum<T> term = 1;
        for (size_t i = 0; i < operands; ++i) {
          term *= static_cast<Sum<T>>(at[i][inner.offset(s, p.sizes, p.strides[i])]);
        }
        sum += term;
      }
      y[o] = static_cast<T>(sum);
    }
  });
}

void run_cpu(const Einsum& op, const Operands& io) {
  const EinsumProblem p = problem_of(op, io);
  const auto pair = io.inputs() == 2 ? einsum_pair(p) : std::nullopt;
  Tensor& y = io.out(0);
  const auto compute = [&]<class T>(const auto& source, T* to) {
    std::array<const T*, EinsumProblem::kMostOperands> sources{};
    for (size_t i = 0; i < io.inputs(); ++i) sources[i] = source(io.in(i));
    pair ? multiply_einsum_pair(io, p, *pair, sources.data(), to) : sum_products(io, p, sources.data(), to);
  };
  if (is_float(y.dtype())) {
    return visit_wide(y.dtype(), [&]<class T>() {
      const WideOutput<T> out(io, y);
      compute([&](const Tensor& x) { return widen<T>(io, x); }, out.data());
      out.store();
    });
  }
  // Sums and products of signed and unsigned integers have the same bits.
  const auto compute_integers = [&]<class T>() {
    compute([](const Tensor& x) { return x.data<T>(); }, y.mutable_data<T>());
  };
  switch (bit_width(y.dtype())) {
    case 8:
      return compute_integers.template operator()<uint8_t>();
    case 16:
      return compute_integers.template operator()<uint16_t>();
    case 32:
      return compute_integers.template operator()<uint32_t>();
    default:
      return compute_integers.template operator()<uint64_t>();
  }
}

}  // namespace

MICA_OP(Einsum, 12) {
  return op<Einsum>()
      .variadic_input("Inputs", types::numeric)
      .output("Output")
      .required("equation", &Einsum::equation)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
