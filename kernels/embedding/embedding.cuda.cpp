// GatherAdd and EmbedLayerNormalization on CUDA devices.
#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/embedding/embed_layer_norm.h"
#include "kernels/embedding/embedding_cuda.h"
#include "kernels/norm/norm_cuda.h"
#include "kernels/op.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

void run_gather_add(const NoParams&, const DeviceOperands& io) {
  const Tensor &x = io.in(0), &table = io.in(1), &indices = io.in(2);
  const int64_t picks = indices.elements();
  if (table.shape().rank() != 2 || x.shape().rank() == 0 || x.shape().back() != table.shape()[1]) {
    bad_input("rows of " + x.str() + " and of the table " + table.str() + " differ");
  }
  const auto [rows, width] = x.shape().split_at(-1);
  if (rows == 0 || width == 0) return;
  if (picks == 0 || rows % picks != 0) bad_input("indices " + indices.str() + " do not fit " + x.str());
  cuda::RowSumCall call{number_of(x.dtype()), x.raw(), io.out(0).mutable_raw(), rows, width, {}, io.fault()};
  call.tables[0] = {table.raw(), table.shape()[0], indices.raw(), number_of(indices.dtype()), picks, true};
  launch_row_sum(call, io.stream());
}

void run_embed_norm(const EmbedLayerNorm& op, const DeviceOperands& io) {
  using Op = EmbedLayerNorm;
  check_embedding(io.shapes());
  const Shape& ids = io.in(Op::kIds).shape();
  const int64_t tokens = ids.elements(), width = io.in(Op::kWords).shape()[1];
  void* sum = io.out(io.wants(Op::kSum) ? Op::kSum : Op::kOutput).mutable_raw();
  const cuda::Number number = number_of(io.in(Op::kWords).dtype());
  cuda::RowSumCall call{number, nullptr, sum, tokens, width, {}, io.fault()};
  const auto picks = [&](Op::Input table, size_t index, int64_t count) -> cuda::RowPicks {
    check_lookup(io.in(table), io.in(index), count, width);
    return {io.data(table), io.in(table).shape()[0], io.data(index), number_of(io.in(index).dtype()), count};
  };
  call.tables[0] = picks(Op::kWords, Op::kIds, tokens);
  if (io.has(Op::kPositionIds)) {
    const bool each = io.in(Op::kPositionIds).elements() == tokens;
    call.tables[1] = picks(Op::kPositions, Op::kPositionIds, each ? tokens : ids[1]);
  } else {
    const Tensor& positions = io.in(Op::kPositions);
    if (positions.shape().rank() != 2 || positions.shape()[1] != width || positions.shape()[0] < ids[1]) {
      bad_input("embedding " + positions.str() + " does not fit tokens " + ids.str());
    }
    call.tables[1] = {positions.raw(), positions.shape()[0], nullptr, cuda::Number::I64, ids[1]};
  }
  if (io.has(Op::kSegmentIds)) call.tables[2] = picks(Op::kSegments, Op::kSegmentIds, tokens);
  launch_row_sum(call, io.stream());
  cuda::launch_norm({number, sum, io.out(Op::kOutput).mutable_raw(), tokens, width, io.data(Op::kGamma),
                     io.data(Op::kBeta), op.epsilon, false},
                    io.stream());
  if (!io.wants(Op::kMaskIndex)) return;
  if (io.has(Op::kMask)) check_integers(io.in(Op::kMask), tokens, "mask");
  cuda::launch_count_ones(io.data(Op::kMask), io.out(Op::kMaskIndex).mutable_raw(), ids[0], ids[1], io.stream());
}

}  // namespace

void cuda_kernels_embedding(DeviceKernelTable& table) {
  table.add("GatherAdd", 1, device_kernel<NoParams>("rows", run_gather_add), "mica");
  table.add("EmbedLayerNormalization", 1, device_kernel<EmbedLayerNorm>("rows", run_embed_norm), "com.microsoft");
}

}  // namespace mica
