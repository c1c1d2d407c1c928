// Convolution of 8-bit integers where every filter sees one channel, in int32. Elements less their zero points are
// multiplied as floats, which is exact as long as the sums stay below 2^24.
#pragma once

#include "backends/cpu/thread_pool.h"
#include "kernels/conv/conv.h"
#include "kernels/conv/int8_operands.h"

namespace mica {

class Int8Depthwise {
 public:
  /// Whether it is one, along one or two spatial axes, with sums that are exact.
  static bool takes(const ConvGeometry& g);

  Int8Depthwise(const Operands& io, const ConvGeometry& g, const Int8ConvOperands& operands);

  /// Calls store(image, filter, position, count, sums) for all outputs, on all threads.
  template <class Store>
  void run(ThreadPool& threads, Store&& store) const;

 private:
  /// What one thread works in.
  struct Buffers {
    float* rows;     ///< of a channel, widened and padded: `band_inputs_` of `pitch_` elements
    uint8_t* bytes;  ///< of a row that are at the same place of the stride
    float* sums;     ///< of `band_` rows of outputs
    int32_t* integers;
  };

  Buffers buffers(int64_t worker) const;
  int64_t input_rows(int64_t outputs) const { return (outputs - 1) * v_.stride + (v_.kernel - 1) * v_.dilation + 1; }
  /// Widens the rows that `count` rows of outputs from `first` on see.
  void load(int64_t plane, int64_t first, int64_t count, const Buffers& to) const;
  void load_row(const uint8_t* x, float* to, uint8_t* bytes) const;
  void multiply(int64_t filter, int64_t count, const Buffers& own) const;

  const ConvGeometry& g_;
  WindowAxis v_, h_;
  const uint8_t* x_;
  bool x_signed_;
  float x_zero_;
  int64_t phase_;  ///< columns of a row of which the place has the same rest by the stride, behind which the others lie
  int64_t pitch_;  ///< elements of a widened row
  int64_t band_, band_inputs_, workers_;
  const float* weights_;
  const int64_t* offsets_;  ///< of the taps, in widened rows
  const int32_t* bias_;
  int64_t outputs_;  ///< of a band, and room behind them
  float* rows_;
  uint8_t* bytes_;
  float* sums_;
  int32_t* integers_;
};

template <class Store>
void Int8Depthwise::run(ThreadPool& threads, Store&& store) const {
  const int64_t planes = g_.batch * g_.groups;
  threads.parallel_for(workers_, 1, [&](int64_t begin, int64_t end) {
    for (int64_t worker = begin; worker < end; ++worker) {
      const Buffers own = buffers(worker);
      for (int64_t plane = planes * worker / workers_; plane < planes * (worker + 1) / workers_; ++plane) {
        for (int64_t row = 0; row < v_.output; row += band_) {
          const int64_t count = std::min(band_, v_.output - row);
          load(plane, row, count, own);
          for (int64_t f = 0; f < g_.filters; ++f) {
            const int64_t filter = plane % g_.groups * g_.filters + f;
            multiply(filter, count, own);
            store(plane / g_.groups, filter, row * h_.output, count * h_.output, own.integers);
          }
        }
      }
    }
  });
}

}  // namespace mica
