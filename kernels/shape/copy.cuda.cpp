// Operators that move elements, on CUDA devices.
#include <algorithm>
#include <optional>

#include "kernels/device_kernel.h"
#include "kernels/shape/copies.h"
#include "kernels/shape/copy_cuda.h"
#include "kernels/shape/copy_operand.h"
#include "kernels/shape/shape_input.h"
#include "kernels/shape/trilu.h"

namespace mica {
namespace {

constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
constexpr DTypeSet kWholeBytes = types::any - types::string - types::sub_byte;

// Two axes of at least this many elements are worth tiles.
constexpr int64_t kLeastTile = 8;

using Axis = StridedCopy::Axis;

cuda::Walk<2> walk_over(const StridedCopy& copy, const Axis* without_a = nullptr, const Axis* without_b = nullptr) {
  cuda::Walk<2> walk;
  walk.start = {{copy.from_start(), copy.to_start()}};
  const auto axes = copy.axes();
  for (size_t i = axes.size(); i-- > 0;) {
    if (&axes[i] != without_a && &axes[i] != without_b) walk.add(axes[i].extent, {{axes[i].from, axes[i].to}});
  }
  return walk;
}

}  // namespace

void copy_on_device(const StridedCopy& copy, const Tensor& from, Tensor& to, void* stream) {
  const int64_t width = bit_width(from.dtype()) / 8;
  const auto axes = copy.axes();
  const auto wide = [](const Axis& axis) { return axis.extent >= kLeastTile; };
  const auto source = std::ranges::find_if(axes, [&](const Axis& a) { return a.from == 1 && a.to != 1 && wide(a); });
  const auto target = std::ranges::find_if(axes, [&](const Axis& a) { return a.to == 1 && a.from > 1 && wide(a); });
  if (source == axes.end() || target == axes.end()) {
    return cuda::launch_copy(from.raw(), to.mutable_raw(), width, walk_over(copy), stream);
  }
  const cuda::Transposition call{target->extent, source->extent, target->from, source->to,
                                 walk_over(copy, &*source, &*target)};
  cuda::launch_transpose(from.raw(), to.mutable_raw(), width, call, stream);
}

void copy_on_device(const Tensor& from, Tensor& to, void* stream) {
  cuda::Walk<2> walk;
  walk.add(from.elements(), {{1, 1}});
  cuda::launch_copy(from.raw(), to.mutable_raw(), bit_width(from.dtype()) / 8, walk, stream);
}

namespace {

using CopyOf = StridedCopy (*)(const void* params, const Operands& io);

DeviceKernel copy_kernel(CopyOf copy_of, uint64_t host_inputs = 0) {
  return {"copy",
          [copy_of](const void* params, const DeviceOperands& io) {
            copy_on_device(copy_of(params, io.shapes()), io.in(0), io.out(0), io.stream());
          },
          takes_only(kWholeBytes, 1), host_inputs};
}

void run_split(const void* params, const DeviceOperands& io) {
  split_copies(params, io.shapes(), [&](size_t output, const StridedCopy& copy) {
    copy_on_device(copy, io.in(0), io.out(output), io.stream());
  });
}

void run_concat(const void* params, const DeviceOperands& io) {
  concat_copies(params, io.shapes(), [&](size_t input, const StridedCopy& copy) {
    copy_on_device(copy, io.in(input), io.out(0), io.stream());
  });
}

void run_trilu(const Trilu& op, const DeviceOperands& io) {
  const Tensor& x = io.in(0);
  const Shape& shape = x.shape();
  if (shape.rank() < 2) bad_input("the input must be matrices, not " + x.str());
  const int64_t height = shape[shape.rank() - 2], width = shape.back();
  const int64_t k = io.has(1) ? std::clamp(single_integer(io.in(1), "k"), -height - 1, width + 1) : 0;
  cuda::launch_triangle(x.raw(), io.out(0).mutable_raw(), bit_width(x.dtype()) / 8, x.elements(),
                        {height, width, k, op.upper}, io.stream());
}

}  // namespace

void cuda_kernels_copy(DeviceKernelTable& table) {
  table.add("Transpose", kAllVersions, copy_kernel(transpose_copy));
  table.add("Expand", kAllVersions, copy_kernel(expand_copy, 0b10));
  table.add("Tile", kAllVersions, copy_kernel(tile_copy, 0b110));
  table.add("Slice", kAllVersions, copy_kernel(slice_copy, 0b11110));
  table.add("DepthToSpace", kAllVersions, copy_kernel(depth_to_space_copy));
  table.add("SpaceToDepth", kAllVersions, copy_kernel(space_to_depth_copy));
  table.add("Split", kAllVersions, {"copy", run_split, takes_only(kWholeBytes, 1), 0b10});
  DeviceKernel concat{"copy", run_concat, takes_only(kWholeBytes)};
  concat.keeps_state = true;
  table.add("Concat", kAllVersions, std::move(concat));
  table.add("Trilu", kAllVersions, device_kernel<Trilu>("elements", run_trilu, takes_only(kWholeBytes, 1), 0b10));
}

}  // namespace mica
