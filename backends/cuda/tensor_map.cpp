#include "backends/cuda/tensor_map.h"

#include <cuda.h>
#include <cuda_runtime_api.h>

#include <cstring>

namespace mica {
namespace {

using Encode = decltype(&cuTensorMapEncodeTiled);

// The driver is loaded by the runtime, which is asked for its function.
Encode find_encode() {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult found;
  constexpr unsigned kSince = 12000;  // the version of CUDA that introduced it
  const cudaError_t result =
      cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, kSince, cudaEnableDefault, &found);
  if (result != cudaSuccess || found != cudaDriverEntryPointSuccess) return nullptr;
  return reinterpret_cast<Encode>(function);
}

}  // namespace

std::optional<cuda::TensorMap> make_tensor_map(const cuda::TensorLayout& layout) {
  static const Encode encode = find_encode();
  if (encode == nullptr || !cuda::is_mappable(layout)) return std::nullopt;
  constexpr unsigned kMostRank = 4;
  const unsigned rank = layout.stacks == 0 ? kMostRank - 1 : kMostRank;
  const cuuint64_t dims[kMostRank] = {static_cast<cuuint64_t>(layout.columns), static_cast<cuuint64_t>(layout.rows),
                                      static_cast<cuuint64_t>(layout.matrices), static_cast<cuuint64_t>(layout.stacks)};
  const cuuint64_t steps[kMostRank - 1] = {static_cast<cuuint64_t>(layout.row_step) * 2,
                                           static_cast<cuuint64_t>(layout.matrix_step) * 2,
                                           static_cast<cuuint64_t>(layout.stack_step) * 2};
  const cuuint32_t box[kMostRank] = {static_cast<cuuint32_t>(layout.box_columns),
                                     static_cast<cuuint32_t>(layout.box_rows), 1, 1};
  const cuuint32_t every[kMostRank] = {1, 1, 1, 1};
  CUtensorMap made;
  // Elements are moved, not computed with: any type of 16 bits will do.
  const CUresult result = encode(&made, CU_TENSOR_MAP_DATA_TYPE_UINT16, rank, const_cast<void*>(layout.data), dims,
                                 steps, box, every, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                                 CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result != CUDA_SUCCESS) return std::nullopt;
  cuda::TensorMap map;
  static_assert(sizeof map == sizeof made);
  std::memcpy(map.words, &made, sizeof map);
  return map;
}

}  // namespace mica
