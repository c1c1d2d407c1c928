// DepthToSpace, ai.onnx 1, and SpaceToDepth, ai.onnx 1: move blocks of b x b pixels between the channels and the plane.
// As transpositions, with H and W of the smaller plane:
//   DepthToSpace DCR  [N, b, b, C, H, W] -> [N, C, H, b, W, b]    (before version 11 the only mode)
//   DepthToSpace CRD  [N, C, b, b, H, W] -> [N, C, H, b, W, b]
//   SpaceToDepth      [N, C, H, b, W, b] -> [N, b, b, C, H, W]
#include "kernels/op.h"
#include "kernels/shape/copies.h"

namespace mica {
namespace {

struct Blocks {
  int64_t blocksize = 1;
  std::string mode = "DCR";
};

void prepare(Blocks& op, const NodeFacts&) {
  if (op.blocksize < 1 || op.blocksize > 1 << 20) {
    throw Error(ErrorCode::InvalidModel, "attribute \"blocksize\" is " + std::to_string(op.blocksize));
  }
  if (op.mode != "DCR" && op.mode != "CRD") {
    throw Error(ErrorCode::InvalidModel, "attribute \"mode\" is \"" + op.mode + "\", not DCR or CRD");
  }
}

Dim divided(const InferContext& ctx, const Dim& dim, int64_t by) {
  if (dim.is_constant() && dim.value() % by != 0) {
    ctx.fail("size " + dim.str() + " is not a multiple of " + std::to_string(by));
  }
  return floor_div(dim, by);
}

template <bool to_space>
void infer_blocks(const Blocks& op, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  const int64_t b = op.blocksize;
  if (dims == nullptr) {
    return ctx.set(0, ctx.dtype(0), Dims{ctx.unknown(), ctx.unknown(), ctx.unknown(), ctx.unknown()});
  }
  if (dims->size() != 4) ctx.fail("the input must be [N,C,H,W], not " + str(*dims));
  const Dims& d = *dims;
  if (to_space) return ctx.set(0, ctx.dtype(0), Dims{d[0], divided(ctx, d[1], b * b), d[2] * b, d[3] * b});
  ctx.set(0, ctx.dtype(0), Dims{d[0], d[1] * (b * b), divided(ctx, d[2], b), divided(ctx, d[3], b)});
}

template <bool to_space>
StridedCopy block_copy(const Blocks& op, const Operands& io) {
  const Tensor& small = to_space ? io.out(0) : io.in(0);  // the one with few channels
  const Tensor& large = to_space ? io.in(0) : io.out(0);
  const Shape& shape = small.shape();
  if (shape.rank() != 4 || large.shape().rank() != 4) bad_input("the input must be [N,C,H,W]");
  const int64_t b = op.blocksize;
  const int64_t c = shape[1];
  const int64_t h = large.shape()[2];
  const int64_t w = large.shape()[3];
  if (large.shape() != Shape{shape[0], c * b * b, h, w} || shape[2] != h * b || shape[3] != w * b) {
    bad_input("cannot move blocks of " + io.in(0).str() + " to " + io.out(0).str());
  }
  // Extents of N, C, block row, block column, H, W with the strides in both tensors.
  const bool depth_first = op.mode == "DCR";
  const int64_t plane = h * w;
  const int64_t channel = depth_first ? plane : b * b * plane;
  const int64_t block_row = (depth_first ? c : 1) * b * plane;
  const int64_t block_column = (depth_first ? c : 1) * plane;
  const StridedCopy::Axis axes[] = {
      {shape[0], c * b * b * plane, c * b * b * plane},
      {c, channel, b * b * plane},
      {h, w, b * b * w},
      {b, block_row, b * w},
      {w, 1, b},
      {b, block_column, 1},
  };
  constexpr size_t kSmallOrder[] = {0, 1, 2, 3, 4, 5};  // walks the target outermost first
  constexpr size_t kLargeOrder[] = {0, 3, 5, 1, 2, 4};
  StridedCopy copy;
  for (const size_t k : to_space ? kSmallOrder : kLargeOrder) {
    const auto& axis = axes[k];
    copy.add(axis.extent, to_space ? axis.from : axis.to, to_space ? axis.to : axis.from);
  }
  return copy;
}

template <bool to_space>
void run_blocks(const Blocks& op, const Operands& io) {
  block_copy<to_space>(op, io).run(io, io.in(0), io.out(0));
}

template <bool to_space>
OpBuilder<Blocks> blocks() {
  return op<Blocks>()
      .input("input", types::any)
      .output("output")
      .required("blocksize", &Blocks::blocksize)
      .prepare<prepare>()
      .template infer<infer_blocks<to_space>>()
      .template cpu<run_blocks<to_space>>();
}

}  // namespace

StridedCopy depth_to_space_copy(const void* params, const Operands& io) {
  return block_copy<true>(*static_cast<const Blocks*>(params), io);
}

StridedCopy space_to_depth_copy(const void* params, const Operands& io) {
  return block_copy<false>(*static_cast<const Blocks*>(params), io);
}

MICA_OP(DepthToSpace, 11) {
  return blocks<true>().attribute("mode", &Blocks::mode);
}

MICA_OP(DepthToSpace, 1) {
  return blocks<true>();
}

MICA_OP(SpaceToDepth, 1) {
  return blocks<false>();
}

}  // namespace mica
