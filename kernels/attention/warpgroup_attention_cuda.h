// Launcher of the CUDA kernel of attention by warpgroups, on Hopper GPUs.
#pragma once

#include "backends/cuda/tensor_layout.h"
#include "kernels/attention/attention_cuda.h"

namespace mica::cuda {

inline constexpr int kWarpgroupAttention = 90;  ///< compute capability of the devices that have its instructions
inline constexpr int kWarpgroupQueries = 128;   ///< that a block takes
inline constexpr int kWarpgroupKeys = 128;      ///< of a tile
inline constexpr int kMostWarpgroupWidth = 128;

/// Queries, keys and values as the copy engine takes them.
struct AttentionLayouts {
  TensorLayout q, k, v;
};
constexpr AttentionLayouts attention_layouts(const AttentionCall& call) {
  constexpr int kBoxColumns = 64;
  const auto layout = [&](const void* data, const RowLayout& of, int64_t heads, int64_t rows, int64_t width,
                          int box_rows) {
    const auto step = [&](int64_t count, int64_t given) { return count == 1 ? width : given; };  // of 1 any will do
    const auto* first = static_cast<const uint16_t*>(data) + of.start;
    return TensorLayout{first,
                        width,
                        rows,
                        heads,
                        step(rows, of.row),
                        step(heads, of.head),
                        kBoxColumns,
                        box_rows,
                        call.batch,
                        step(call.batch, of.batch)};
  };
  return {layout(call.q, call.q_layout, call.heads, call.rows, call.width, kWarpgroupQueries),
          layout(call.k, call.k_layout, call.kv_heads, call.keys, call.width, kWarpgroupKeys),
          layout(call.v, call.v_layout, call.kv_heads, call.keys, call.v_width, kWarpgroupKeys)};
}

/// Whether attention by warpgroups is worth it: heads of up to kMostWarpgroupWidth elements, more queries than half a
/// block's, and blocks for at least half of the current device's multiprocessors.
bool suits_warpgroups(const AttentionCall& call);

/// The same as launch_tensor_attention, of queries, keys and values as the maps have them.
void launch_warpgroup_attention(const AttentionCall& call, const TensorMap& q, const TensorMap& k, const TensorMap& v,
                                void* stream);

}  // namespace mica::cuda
