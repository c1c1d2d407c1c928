// Moving elements: along walks, through tiles in shared memory where source and target have different innermost axes.
#include "kernels/cuda/element.cuh"
#include "kernels/shape/copy_cuda.h"

namespace mica::cuda {
namespace {

constexpr int kTile = 32;
constexpr int kTileRows = 8;  // that a block moves at a time

template <class T>
__global__ void copy_kernel(const T* from, T* to, Walk<2> walk) {
  for (int64_t i = first_element(); i < walk.elements; i += element_stride()) {
    const auto at = walk.at(i);
    to[at.of[1]] = from[at.of[0]];
  }
}

// A block of 32 x 8 threads takes one tile after the other.
template <class T>
__global__ void transpose_kernel(const T* from, T* to, Transposition call) {
  __shared__ T tile[kTile][kTile + 1];  // a column of padding keeps columns in different banks
  const int64_t across = blocks_for(call.columns, kTile), down = blocks_for(call.rows, kTile);
  const int x = threadIdx.x % kTile, y = threadIdx.x / kTile;
  for (int64_t i = blockIdx.x; i < across * down * call.walk.elements; i += gridDim.x) {
    const auto matrix = call.walk.at(i / (across * down));
    const int64_t row0 = i % (across * down) / across * kTile, column0 = i % across * kTile;
    for (int j = y; j < kTile; j += kTileRows) {
      if (row0 + j < call.rows && column0 + x < call.columns) {
        tile[j][x] = from[matrix.of[0] + (row0 + j) * call.row_step + column0 + x];
      }
    }
    __syncthreads();
    for (int j = y; j < kTile; j += kTileRows) {
      if (row0 + x < call.rows && column0 + j < call.columns) {
        to[matrix.of[1] + (column0 + j) * call.column_step + row0 + x] = tile[x][j];
      }
    }
    __syncthreads();
  }
}

template <class T>
__global__ void fill_kernel(T* to, T value, int64_t count) {
  for (int64_t i = first_element(); i < count; i += element_stride()) to[i] = value;
}

template <class T>
__global__ void triangle_kernel(const T* from, T* to, int64_t count, Triangle triangle) {
  for (int64_t i = first_element(); i < count; i += element_stride()) {
    const int64_t column = i % triangle.width, row = i / triangle.width % triangle.height;
    const bool kept = triangle.upper ? column >= row + triangle.k : column <= row + triangle.k;
    to[i] = kept ? from[i] : T{};
  }
}

}  // namespace

void launch_copy(const void* from, void* to, int64_t width, const Walk<2>& walk, void* stream) {
  if (walk.elements == 0) return;
  visit_width(width, [&]<class T>() {
    launch(copy_kernel<T>, over_elements(walk.elements), stream, static_cast<const T*>(from), static_cast<T*>(to),
           walk);
  });
}

void launch_transpose(const void* from, void* to, int64_t width, const Transposition& call, void* stream) {
  const int64_t tiles = blocks_for(call.columns, kTile) * blocks_for(call.rows, kTile) * call.walk.elements;
  if (tiles == 0) return;
  const Grid grid{static_cast<unsigned>(tiles < kMostBlocks ? tiles : kMostBlocks), 1, 1, kTile * kTileRows};
  visit_width(width, [&]<class T>() {
    launch(transpose_kernel<T>, grid, stream, static_cast<const T*>(from), static_cast<T*>(to), call);
  });
}

void launch_fill(void* to, int64_t width, uint64_t bits, int64_t count, void* stream) {
  if (count == 0) return;
  visit_width(width, [&]<class T>() {
    if constexpr (sizeof(T) <= sizeof bits) {
      launch(fill_kernel<T>, over_elements(count), stream, static_cast<T*>(to), static_cast<T>(bits), count);
    }
  });
}

void launch_triangle(const void* from, void* to, int64_t element_width, int64_t count, const Triangle& triangle,
                     void* stream) {
  if (count == 0) return;
  visit_width(element_width, [&]<class T>() {
    launch(triangle_kernel<T>, over_elements(count), stream, static_cast<const T*>(from), static_cast<T*>(to), count,
           triangle);
  });
}

}  // namespace mica::cuda
