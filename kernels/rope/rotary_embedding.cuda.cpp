// RotaryEmbedding on CUDA devices.
#include "kernels/rope/rotary_embedding.h"

#include "kernels/attention/device_heads.h"
#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"

namespace mica {
namespace {

void run(const RotaryEmbedding& op, const DeviceOperands& io) {
  if (io.out(0).elements() == 0) return;
  const RotaryOperands r = rotary_operands(op, io.shapes());
  const cuda::RowLayout layout = row_layout(r.layout);
  cuda::HeadRowsCall call;
  call.number = number_of(io.in(0).dtype());
  call.batch = r.dims.batch;
  call.parts[call.count++] = {io.data(0),  io.out(0).mutable_raw(), layout, layout, r.dims.heads, r.dims.rows,
                              r.dims.width};
  call.parts[0].rotates = true;
  cuda::RotaryTables& tables = call.rotary;
  tables.cos = r.cos->raw();
  tables.sin = r.sin->raw();
  tables.rows = r.table_rows;
  tables.width = r.width;
  tables.interleaved = op.interleaved;
  const bool picked = r.ids != nullptr && r.ids->shape().rank() != 1;  // a row for each; else they follow one another
  if (r.ids != nullptr) {
    tables.ids = r.ids->raw();
    tables.id_number = number_of(r.ids->dtype());
  }
  if (picked) {
    tables.id_batch = r.dims.rows;
    tables.id_row = 1;
  } else {
    tables.row_step = 1;
    if (r.ids == nullptr && r.table_rows != r.dims.rows) tables.batch_step = r.dims.rows;
  }
  call.fault = io.fault();
  launch_head_rows(call, io.stream());
}

}  // namespace

void cuda_kernels_rotary_embedding(DeviceKernelTable& table) {
  constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
  const DeviceKernel kernel = device_kernel<RotaryEmbedding>("rows", run);
  table.add("RotaryEmbedding", kAllVersions, kernel);
  table.add("RotaryEmbedding", kAllVersions, kernel, "com.microsoft");
}

}  // namespace mica
