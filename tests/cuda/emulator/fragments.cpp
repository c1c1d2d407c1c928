#include "tests/cuda/emulator/fragments.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstring>

#include "tests/cuda/emulator/emulator.h"

namespace mica::emulator {
namespace {

constexpr int kLanes = 32;
constexpr uint32_t kTf32Bits = 0xffffe000u;

struct Product {
  float* c;
  const uint32_t *a, *b;
  Operand operand;
};

float as_float(uint32_t word) {
  float x;
  std::memcpy(&x, &word, sizeof x);
  return x;
}

float element(uint32_t word, int half, Operand operand) {
  if (operand == Operand::Tf32) return as_float(word & kTf32Bits);
  return decode(static_cast<uint16_t>(half == 0 ? word : word >> 16), operand);
}

// All 32 lanes' fragments as matrices, multiplied, and back.
void multiply(void* const* arguments) {
  const auto lane_of = [&](int lane) -> const Product& { return *static_cast<const Product*>(arguments[lane]); };
  const Operand operand = lane_of(0).operand;
  const int per_word = operand == Operand::Tf32 ? 1 : 2, depth = 8 * per_word;
  float a[16][16], b[16][8];
  for (int lane = 0; lane < kLanes; ++lane) {
    const int g = lane / 4, t = lane % 4;
    for (int half = 0; half < per_word; ++half) {
      const int k = per_word * t + half;
      for (int i = 0; i < 4; ++i) {
        a[g + 8 * (i % 2)][k + depth / 2 * (i / 2)] = element(lane_of(lane).a[i], half, operand);
      }
      for (int i = 0; i < 2; ++i) b[k + depth / 2 * i][g] = element(lane_of(lane).b[i], half, operand);
    }
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + 8 * (i / 2), column = 2 * (lane % 4) + i % 2;
      float sum = 0;
      for (int k = 0; k < depth; ++k) sum += a[row][k] * b[k][column];
      lane_of(lane).c[i] += sum;
    }
  }
}

int32_t byte_of(uint32_t word, int i) {
  return static_cast<int8_t>(word >> 8 * i);
}

struct ByteProduct {
  int32_t* c;
  const uint32_t *a, *b;
};

void multiply_bytes(void* const* arguments) {
  const auto lane_of = [&](int lane) -> const ByteProduct& {
    return *static_cast<const ByteProduct*>(arguments[lane]);
  };
  int32_t a[16][32], b[32][8];
  for (int lane = 0; lane < kLanes; ++lane) {
    const int g = lane / 4, t = lane % 4;
    for (int i = 0; i < 4; ++i) {
      for (int word = 0; word < 4; ++word) {
        a[g + 8 * (word % 2)][4 * t + i + 16 * (word / 2)] = byte_of(lane_of(lane).a[word], i);
      }
      for (int word = 0; word < 2; ++word) b[4 * t + i + 16 * word][g] = byte_of(lane_of(lane).b[word], i);
    }
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + 8 * (i / 2), column = 2 * (lane % 4) + i % 2;
      uint32_t sum = static_cast<uint32_t>(lane_of(lane).c[i]);
      for (int k = 0; k < 32; ++k) sum += static_cast<uint32_t>(a[row][k] * b[k][column]);
      lane_of(lane).c[i] = static_cast<int32_t>(sum);
    }
  }
}

struct Load {
  uint32_t* words;
  const void* row;
  bool transposed;
};

void load(void* const* arguments) {
  const auto lane_of = [&](int lane) -> const Load& { return *static_cast<const Load*>(arguments[lane]); };
  for (int matrix = 0; matrix < 4; ++matrix) {
    uint16_t elements[8][8];
    for (int row = 0; row < 8; ++row) std::memcpy(elements[row], lane_of(8 * matrix + row).row, sizeof elements[row]);
    for (int lane = 0; lane < kLanes; ++lane) {
      const int g = lane / 4, t = lane % 4;
      const bool transposed = lane_of(lane).transposed;
      const uint32_t low = transposed ? elements[2 * t][g] : elements[g][2 * t];
      const uint32_t high = transposed ? elements[2 * t + 1][g] : elements[g][2 * t + 1];
      lane_of(lane).words[matrix] = high << 16 | low;
    }
  }
}

}  // namespace

float decode(uint16_t bits, Operand operand) {
  return operand == Operand::Half ? __half2float(__half(__half_raw{bits}))
                                  : __bfloat162float(__nv_bfloat16(__nv_bfloat16_raw{bits}));
}

void multiply_fragments(float* c, const uint32_t* a, const uint32_t* b, Operand operand) {
  Product product{c, a, b, operand};
  together(&product, multiply);
}

void multiply_byte_fragments(int32_t* c, const uint32_t* a, const uint32_t* b) {
  ByteProduct product{c, a, b};
  together(&product, multiply_bytes);
}

int32_t add_dot(int32_t sum, uint32_t a, uint32_t b) {
  for (int i = 0; i < 4; ++i) {
    sum = static_cast<int32_t>(static_cast<uint32_t>(sum) + static_cast<uint32_t>(byte_of(a, i) * byte_of(b, i)));
  }
  return sum;
}

void load_matrices(uint32_t* words, const void* row, bool transposed) {
  if (reinterpret_cast<uintptr_t>(row) % 16 != 0) die("rows of matrices are aligned to 16 bytes");
  Load request{words, row, transposed};
  together(&request, load);
}

uint32_t round_to_tf32(float x) {
  uint32_t word;
  std::memcpy(&word, &x, sizeof word);
  if ((word & 0x7f800000u) == 0x7f800000u) return word;  // infinite or not a number
  return (word + 0x1000u) & kTf32Bits;
}

}  // namespace mica::emulator
